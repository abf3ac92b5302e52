"""Norms."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from costmodel.importers.call import Call, learned
from costmodel.importers.dimensions import must_be_whole
from costmodel.importers.layout import TIME
from costmodel.importers.learned import Weights, filled
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.value import Value
from costmodel.ops import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RmsNorm


@rule("batch_norm.default", "_native_batch_norm_legit_no_training.default")
def batch_norm(call: Call) -> Value | tuple[Value, ...]:
    """A batch norm with running statistics."""
    given = call.given
    if given.get("training"):
        raise Refusal("takes its statistics from the batch", "call eval() on the network")
    given.changes_nothing("momentum", "cudnn_enabled")  # of training, and of speed
    value = _with_channels(call, call.value("input"), 1)
    if call.given["running_mean"] is None:
        raise Refusal("has no running statistics", "give the batch norm track_running_stats=True")
    shape = (value.size("channels"),)
    weights = dict(_affine(call, shape))
    for name in ("running_mean", "running_var"):
        found = learned(call.constant(name))
        assert found is not None
        weights[name] = found
    found_eps = Fraction(str(given["eps"]))
    answer = call.each_value(BatchNorm(eps=found_eps), value, weights=weights)
    return (answer,) if "momentum" in given and "training" not in given else answer


@rule("layer_norm.default")
def layer_norm(call: Call) -> Value:
    """A norm over the channels at each position."""
    value = call.value("input")
    shape = call.numbers("normalized_shape", 1)
    call.given.changes_nothing("cudnn_enable")
    if len(shape) != 1:
        raise Refusal(f"normalises over {len(shape)} dimensions", "normalise over the channels alone")
    value = _with_channels(call, value, len(value.dims) - 1)
    weights = dict(_affine(call, shape)) if call.given["weight"] is not None else {}
    op = LayerNorm(eps=call.share("eps"), affine=bool(weights))
    return call.each_value(op, value, weights=weights)


@rule("rms_norm.default")
def rms_norm(call: Call) -> Value:
    """A norm by the root mean square over the channels at each position."""
    value = call.value("input")
    shape = call.numbers("normalized_shape", 1)
    if len(shape) != 1 or call.given["eps"] is None:
        raise Refusal("normalises over several dimensions, or has no eps of its own", "give it an eps")
    value = _with_channels(call, value, len(value.dims) - 1)
    weight = learned(call.constant("weight")) or filled(shape, 1.0)
    return call.each_value(RmsNorm(eps=call.share("eps")), value, weights={"weight": weight})


@rule("group_norm.default")
def group_norm(call: Call) -> Value:
    """A norm over groups of channels, of each frame or of the whole clip."""
    value = _with_channels(call, call.value("input"), 1)
    call.given.changes_nothing("cudnn_enabled")
    weights = dict(_affine(call, (value.size("channels"),))) if call.given["weight"] is not None else {}
    op = GroupNorm(
        groups=call.given["num_groups"], over=_over(value), eps=call.share("eps"), affine=bool(weights)
    )
    return call.each_value(op, value, weights=weights)


@rule("instance_norm.default")
def instance_norm(call: Call) -> Value:
    """A norm of each channel over the map."""
    value = _with_channels(call, call.value("input"), 1)
    if not call.given["use_input_stats"]:
        raise Refusal("normalises by running statistics", "use a batch norm")
    call.given.changes_nothing("running_mean", "running_var", "momentum", "cudnn_enabled")
    weights = dict(_affine(call, (value.size("channels"),))) if call.given["weight"] is not None else {}
    op = InstanceNorm(over=_over(value), eps=call.share("eps"), affine=bool(weights))
    return call.each_value(op, value, weights=weights)


def _with_channels(call: Call, value: Value, index: int) -> Value:
    value = call.settled(call.channels_at(value, index))
    must_be_whole(value, [each for each in range(len(value.dims)) if each != index])
    return value


def _over(value: Value) -> Literal["frame", "clip"]:
    """Whether each frame has statistics of its own: it is an item of the batch."""
    inside = {atom.axis for dim in value.dims[2:] for atom in dim}
    missing = [axis for axis in ("height", "width") if value.size(axis) > 1 and axis not in inside]
    if missing:
        raise Refusal(f"leaves {' and '.join(missing)} out of its mean")
    return "clip" if TIME in inside else "frame"


def _affine(call: Call, shape: tuple[int, ...]) -> Weights:
    """Scale and shift; ones and zeros where the module has none and ours has."""
    weight, bias = call.constant("weight"), call.constant("bias")
    return {
        "weight": learned(weight) or filled(shape, 1.0),
        "bias": learned(bias) or filled(shape, 0.0),
    }
