"""Attention to the positions of frames, as ONNX operators (batch, heads, channels, positions)."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from costmodel.emit.onnx.entry import Place, writes_frame
from costmodel.ops import Attention


@writes_frame(Attention)
def _attention(place: Place, query: str, key: str, value: str) -> str:
    return attend(place, query, [key], [value])


def attend(
    place: Place, query: str, keys: Sequence[str], values: Sequence[str], there: Sequence[str] = ()
) -> str:
    """The answer to the positions of one frame from those of several, of which some may not be `there`."""
    tape, (q, k, v) = place.tape, place.inputs
    heads, channels = int(place.op.heads), int(q.channels) // int(place.op.heads)
    positions = int(k.height * k.width)
    queries = tape.reshape(query, tape.batch, heads, channels, int(q.height * q.width))
    seen = tape.concat([tape.reshape(key, tape.batch, heads, channels, positions) for key in keys], 3)
    shape = (tape.batch, heads, int(v.channels) // heads, positions)
    answers = tape.concat([tape.reshape(value, *shape) for value in values], 3)
    pairs = tape.op("MatMul", tape.op("Transpose", queries, perm=[0, 1, 3, 2]), seen)
    shares = _shares(place, pairs, channels, positions, there)
    # no product by a transposed matrix in ONNX: the transpose is written out
    found = tape.op("MatMul", answers, tape.op("Transpose", shares, perm=[0, 1, 3, 2]))
    return _as_map(place, found)


def _shares(place: Place, pairs: str, channels: int, positions: int, there: Sequence[str]) -> str:
    tape = place.tape
    if place.op.softmax:
        pairs = tape.op("Mul", pairs, tape.number(channels**-0.5))
        if there:
            pairs = tape.op("Where", _held(place, there, positions), pairs, tape.number(-inf))
        return tape.op("Softmax", pairs, axis=3)
    if not there:
        return tape.op("Mul", pairs, tape.number(1 / positions))
    held = tape.op("Where", _held(place, there, positions), pairs, tape.number(0.0))
    counted = tape.op("Mul", tape.op("Sum", *there), tape.number(float(positions)))
    return tape.op("Div", held, counted)


def _held(place: Place, there: Sequence[str], positions: int) -> str:
    """For each position of the frames, whether its frame is there; a frame that is has a 1."""
    tape = place.tape
    ones = tape.filled((1, 1, 1, positions), 1.0)
    spread = tape.concat([tape.op("Mul", each, ones) for each in there], 3)
    return tape.op("Greater", spread, tape.number(0.5))


def _as_map(place: Place, x: str) -> str:
    out = place.out
    return place.tape.reshape(x, place.tape.batch, int(out.channels), int(out.height), int(out.width))
