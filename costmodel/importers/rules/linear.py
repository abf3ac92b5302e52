"""Linear layers."""

from __future__ import annotations

from costmodel.importers.call import Call, learned
from costmodel.importers.dimensions import must_be_positions
from costmodel.importers.layout import CHANNELS, HEIGHT, TIME, WIDTH, Atom, dim_of, merged
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.value import Value
from costmodel.ops import Flatten, Linear


@rule("linear.default")
def linear(call: Call) -> Value:
    """A linear layer on the channels, or on all positions and channels of a clip joined."""
    weight, bias = call.constant("weight"), call.constant("bias")
    assert weight is not None
    value = on_last(call, call.value("input"))
    tensors = {"weight": learned(weight), "bias": learned(bias)}
    weights = {name: each for name, each in tensors.items() if each is not None}
    op = Linear(channels=weight.shape[0], bias=bias is not None)
    return call.with_channels(op, value, len(value.dims) - 1, weights)


def on_last(call: Call, value: Value) -> Value:
    """The value with its channels, whole, in the last dimension, flattened where that holds more."""
    last = len(value.dims) - 1
    dim = value.dims[last]
    if dim == _all_of(value) and len({atom.axis for atom in dim}) > 1:
        return _flattened(call, call.settled(value), last)
    value = call.settled(call.channels_at(value, last))
    must_be_positions(value, range(last))
    return value


def _all_of(value: Value) -> tuple[Atom, ...]:
    axes = (CHANNELS, TIME, HEIGHT, WIDTH)
    return merged(atom for axis in axes for atom in dim_of(axis, value.size(axis)))


def _flattened(call: Call, value: Value, index: int) -> Value:
    if value.is_each:
        raise Refusal("flattens frames that a loop took out of the clip", "fold time into the batch instead")
    edge = call.add(Flatten(), value, is_own=False)
    made = call.builder.value(edge, ())
    dims = (*value.dims[:index], dim_of(CHANNELS, made.size(CHANNELS)))
    return call.builder.value(edge, dims)
