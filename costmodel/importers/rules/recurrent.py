"""Recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from costmodel.importers.call import Call, learned
from costmodel.importers.dimensions import must_be_whole, whole_axis
from costmodel.importers.layout import TIME, Dims
from costmodel.importers.learned import filled
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.rules.joins import is_zeros
from costmodel.importers.value import Constant, Found, Span, Value
from costmodel.ops import Gru, Lstm, Recurrent

OURS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@rule("lstm.input")
def lstm(call: Call) -> tuple[Found, ...]:
    """A long short-term memory: what it answers to every frame, and its last states."""
    return _recurrent(call, Lstm)


@rule("gru.input")
def gru(call: Call) -> tuple[Found, ...]:
    """A gated recurrent unit: what it answers to every frame, and its last state."""
    return _recurrent(call, Gru)


def _recurrent(call: Call, kind: type[Recurrent]) -> tuple[Found, ...]:
    call.must_be("bidirectional", False, "a stream has no frames to come: read forwards alone")
    _must_start_empty(call)
    call.given.changes_nothing("dropout", "train")  # drawn in training alone
    value = call.value("input")
    rank = len(value.dims)
    batch, time = (0, 1) if call.given["batch_first"] else (1, 0)
    if rank != 3 or whole_axis(value, value.dims[time], time) not in (TIME, ""):
        raise Refusal("runs over something else than the clip's frames", "give it (batch, frames, channels)")
    must_be_whole(value, [batch])
    value = call.settled(call.channels_at(value, 2))
    tensors = call.many("params")
    layers, has_biases = int(call.given["num_layers"]), bool(call.given["has_biases"])
    count = 4 if has_biases else 2
    if len(tensors) != layers * count:
        raise Refusal("projects its state (proj_size)", "project it by a linear layer behind it")
    lasts = []
    for layer in range(layers):
        value = _layer(call, kind, value, tensors[layer * count : (layer + 1) * count])
        lasts.append(replace(value.cut(TIME, Span(value.size(TIME) - 1, 1)), dims=_without(value, time)))
    return value, tuple(lasts), ()


def _layer(call: Call, kind: type[Recurrent], value: Value, tensors: Sequence[object]) -> Value:
    found = [each for each in tensors if isinstance(each, Constant)]
    rows = found[0].shape[0]
    weights = {name: learned(each) for name, each in zip(OURS, found, strict=False)}
    filled_in = {name: weights.get(name) or filled((rows,), 0.0) for name in OURS}
    return call.with_channels(kind(channels=rows // kind.gates), value, 2, filled_in)


def _must_start_empty(call: Call) -> None:
    """Demands zeros for the state ahead of the first frame."""
    given = call.given["hx"]
    states = call.many("hx") if isinstance(given, list | tuple) else [call.found("hx")]
    if not all(isinstance(each, Constant) and is_zeros(each) for each in states):
        raise Refusal("starts from a state of its own", "start from zeros: leave the state out")


def _without(value: Value, index: int) -> Dims:
    return (*value.dims[:index], *value.dims[index + 1 :])
