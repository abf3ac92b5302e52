"""Recurrent layers as ONNX operators on frames: what is kept after one, of which the first is the answer."""

from __future__ import annotations

from collections.abc import Callable

from costmodel.emit.modules.registry import Registry
from costmodel.emit.onnx.entry import Place
from costmodel.emit.onnx.tape import Tape
from costmodel.ops import ConvGru, ConvLstm, Gru, Lstm, Op

Kept = tuple[str, ...]
WriteRecurrent = Callable[[Place, str, Kept], Kept]
RECURRENT: Registry[WriteRecurrent] = Registry("ONNX operators of rank 4")


def _writes(op: type[Op]) -> Callable[[WriteRecurrent], WriteRecurrent]:
    def register(write: WriteRecurrent) -> WriteRecurrent:
        RECURRENT.add((op,), write)
        return write

    return register


def _linear(place: Place, x: str, which: str) -> str:
    """One of the two matrix products, as a convolution of 1 x 1."""
    layer = place.layer
    weight = place.learned(f"weight_{which}", *getattr(layer, f"weight_{which}").shape, 1, 1)
    return place.tape.op("Conv", x, weight, place.learned(f"bias_{which}"), kernel_shape=[1, 1])


def _convolve(place: Place, x: str, which: str, first: int = 0, last: int | None = None) -> str:
    """A convolution that keeps the size of the map, by some of the weights."""
    tape, weight = place.tape, getattr(place.layer, f"weight_{which}")
    sides = list(weight.shape[2:])
    name = f"{place.name}.weight_{which}" + (f".{first}" if first or last else "")
    given = [x, tape.learned(name, weight[first:last])]
    if which == "ih" and place.layer.bias is not None:
        given.append(place.learned("bias"))
    return tape.op("Conv", *given, kernel_shape=sides, pads=[side // 2 for side in sides] * 2)


def _parts(place: Place, x: str, count: int) -> list[str]:
    channels = place.layer.channels
    return [place.tape.channels(x, number * channels, channels) for number in range(count)]


def _sigmoid(tape: Tape, x: str) -> str:
    return tape.op("Sigmoid", x)


def _cell(tape: Tape, take: str, forget: str, new: str, cell: str) -> str:
    """F C + i g."""
    held = tape.op("Mul", _sigmoid(tape, forget), cell)
    return tape.op("Add", held, tape.op("Mul", _sigmoid(tape, take), tape.op("Tanh", new)))


def _answer(tape: Tape, answer: str, cell: str) -> str:
    return tape.op("Mul", _sigmoid(tape, answer), tape.op("Tanh", cell))


@_writes(Lstm)
def _lstm(place: Place, frame: str, kept: Kept) -> Kept:
    tape, (hidden, cell) = place.tape, kept
    gates = tape.op("Add", _linear(place, frame, "ih"), _linear(place, hidden, "hh"))
    take, forget, new, answer = _parts(place, gates, 4)
    cell = _cell(tape, take, forget, new, cell)
    return _answer(tape, answer, cell), cell


@_writes(Gru)
def _gru(place: Place, frame: str, kept: Kept) -> Kept:
    tape, (hidden,) = place.tape, kept
    one, two = (_parts(place, _linear(place, x, which), 3) for x, which in ((frame, "ih"), (hidden, "hh")))
    reset, update = (_sigmoid(tape, tape.op("Add", one[gate], two[gate])) for gate in (0, 1))
    new = tape.op("Tanh", tape.op("Add", one[2], tape.op("Mul", reset, two[2])))
    # (1 - z) n + z h, with one product.
    return (tape.op("Add", new, tape.op("Mul", update, tape.op("Sub", hidden, new))),)


@_writes(ConvLstm)
def _conv_lstm(place: Place, frame: str, kept: Kept) -> Kept:
    tape, (hidden, cell) = place.tape, kept
    gates = tape.op("Add", _convolve(place, frame, "ih"), _convolve(place, hidden, "hh"))
    take, forget, new, answer = _parts(place, gates, 4)
    if place.layer.peepholes is None:
        cell = _cell(tape, take, forget, new, cell)
        return _answer(tape, answer, cell), cell
    take, forget = (_seen(place, gate, number, cell) for number, gate in enumerate((take, forget)))
    cell = _cell(tape, take, forget, new, cell)
    return _answer(tape, _seen(place, answer, 2, cell), cell), cell


def _seen(place: Place, gate: str, number: int, cell: str) -> str:
    """A gate that sees the cell through a peephole."""
    values = place.tape.learned(
        f"{place.name}.peepholes.{number}", place.layer.peepholes[number : number + 1]
    )
    return place.tape.op("Add", gate, place.tape.op("Mul", values, cell))


@_writes(ConvGru)
def _conv_gru(place: Place, frame: str, kept: Kept) -> Kept:
    tape, (hidden,), channels = place.tape, kept, place.layer.channels
    gates, both = _convolve(place, frame, "ih"), 2 * channels
    # r and z see what is kept, n only what the reset leaves of it.
    seen = tape.op("Add", tape.channels(gates, 0, both), _convolve(place, hidden, "hh", 0, both))
    reset, update = _parts(place, _sigmoid(tape, seen), 2)
    left = _convolve(place, tape.op("Mul", reset, hidden), "hh", both)
    new = tape.op("Tanh", tape.op("Add", tape.channels(gates, both, channels), left))
    # (1 - z) h + z n, with one product.
    return (tape.op("Add", hidden, tape.op("Mul", update, tape.op("Sub", new, hidden))),)
