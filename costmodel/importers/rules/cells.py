"""Recurrent cells that a loop runs on one frame after the other."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from torch import fx

from costmodel.importers.call import Call, learned
from costmodel.importers.dimensions import must_be_whole
from costmodel.importers.layout import TIME
from costmodel.importers.learned import Learned, filled
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.rules.joins import is_zeros
from costmodel.importers.rules.recurrent import OURS
from costmodel.importers.value import Constant, Found, Memory, Number, Span, Value
from costmodel.ops import Gru, Lstm, Recurrent

THEIRS = ("w_ih", "w_hh", "b_ih", "b_hh")
LAYER = "run nn.LSTM or nn.GRU on all frames, from zeros"


@rule("lstm_cell.default")
def lstm_cell(call: Call) -> tuple[Found, ...]:
    """A long short-term memory, frame by frame: what it answers to this one, and its memory."""
    states = call.many("hx")
    value = _cell(call, Lstm, states, call.node.args[1][0])  # type: ignore[index]
    return value, Memory(value.edge, value.box[TIME].start)


@rule("gru_cell.default")
def gru_cell(call: Call) -> Found:
    """A gated recurrent unit, frame by frame."""
    return _cell(call, Gru, [call.found("hx")], call.node.args[1])


def _cell(call: Call, kind: type[Recurrent], states: list[Found | Number | None], before: object) -> Value:
    """What a cell answers to one frame: the layer runs once, on all of them.

    Args:
        call: the cell's.
        kind: the layer.
        states: those that it starts from.
        before: the node of the first of them.
    """
    value = call.value("input")
    if not value.is_each or len(value.dims) != 2:
        raise Refusal("runs on something else than the frames of a clip, one by one", LAYER)
    must_be_whole(value, [0])
    value = call.settled(call.channels_at(value, 1))
    found = {ours: call.constant(theirs) for ours, theirs in zip(OURS, THEIRS, strict=True)}
    rows = _rows(found["weight_ih"])
    weights = {name: learned(each) or _zeros(rows) for name, each in found.items()}
    made = call.with_channels(kind(channels=rows // kind.gates), value, 1, weights)
    frame = made.box[TIME].start
    if not (_starts(states) if frame == 0 else _goes_on(states, made.edge, frame - 1)):
        raise Refusal("starts from another state than what it left at the frame before", LAYER)
    # Of a loop that hands on its state alone the answer to the last frame counts, as of a layer.
    is_last = frame == made.whole(TIME) - 1
    return replace(made, is_each=not is_last or (frame > 0 and _is_read_besides(before)))


def _rows(weight: Constant | None) -> int:
    assert weight is not None
    return weight.shape[0]


@cache  # the cells of all frames have one bias, and so are one layer
def _zeros(rows: int) -> Learned:
    return filled((rows,), 0.0)


def _starts(states: list[Found | Number | None]) -> bool:
    return all(isinstance(each, Constant) and is_zeros(each) for each in states)


def _goes_on(states: list[Found | Number | None], edge: str, frame: int) -> bool:
    """Whether states are what the same layer left at a frame."""
    answer, *memory = states
    return (
        isinstance(answer, Value)
        and (answer.edge, answer.box[TIME]) == (edge, Span(frame, 1))
        and all(each == Memory(edge, frame) for each in memory)
    )


def _is_read_besides(before: object) -> bool:
    """Whether more than the next cell reads what one answered to the frame before."""
    assert isinstance(before, fx.Node)
    return len(before.users) > 1
