"""Convolutions over one, two or three axes of the clip."""

from __future__ import annotations

from typing import Any

from costmodel.importers.call import Call, learned
from costmodel.importers.dimensions import axes_at, must_be_whole
from costmodel.importers.layout import HEIGHT, WIDTH
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.rules.sliding import ORDER, Sliding, answer, as_written, slid
from costmodel.importers.value import Value
from costmodel.ops import Conv, ConvTranspose


@rule("conv1d.default", "conv2d.default", "conv3d.default")
@rule("conv1d.padding", "conv2d.padding", "conv3d.padding")
def convolution(call: Call) -> Value:
    """A convolution, in whatever order the axes under its kernel stand."""
    weight, bias = call.constant("weight"), call.constant("bias")
    assert weight is not None
    kernel = weight.shape[2:]
    count = len(kernel)
    stride, dilation = call.numbers("stride", count), call.numbers("dilation", count)
    padding = _padding(call, kernel, dilation)
    sliding = Sliding(kernel, stride, padding, dilation)
    value, sliding, joined = _parted(_on_channels(call, call.value("input"), count), sliding)
    count = len(sliding.kernel)
    value, axes, fields = slid(call, value, sliding)
    op = Conv(
        channels=weight.shape[0],
        groups=call.given["groups"],
        bias=bias is not None,
        **_causal(fields),
    )
    # Ours has time ahead of height ahead of width; two axes of one dimension have one size of the kernel.
    own = [axis for place, axis in enumerate(axes) if joined is None or place != joined + 1]
    order = (0, 1, *(2 + own.index(axis) for axis in ORDER if axis in own))
    tensors = {"weight": learned(weight, order), "bias": learned(bias)}
    weights = {name: each for name, each in tensors.items() if each is not None}
    channels_at = len(value.dims) - count - 1
    found = answer(value, call, call.add(op, value, weights=weights), axes, channels_at)
    if joined is None:
        return found
    place = channels_at + 1 + joined
    dims = found.dims
    return found.viewed((*dims[:place], (*dims[place], *dims[place + 1]), *dims[place + 2 :]))


def _parted(value: Value, sliding: Sliding) -> tuple[Value, Sliding, int | None]:
    """Height and width apart where they are one dimension that a window takes position by position.

    The place of that dimension under the window is told too; None where there is none.
    """
    count = len(sliding.kernel)
    ahead = len(value.dims) - count
    for place in range(count):
        dim = value.dims[ahead + place]
        window = sliding.kernel[place], sliding.stride[place], sliding.padding[place]
        if [atom.axis for atom in dim] != [HEIGHT, WIDTH] or window != (1, 1, (0, 0)):
            continue
        parts = (*value.dims[: ahead + place], dim[:1], dim[1:], *value.dims[ahead + place + 1 :])
        given = (sliding.kernel, sliding.stride, sliding.padding, sliding.dilation)
        twice = ((*each[: place + 1], *each[place:]) for each in given)
        return value.viewed(parts), Sliding(*twice), place
    return value, sliding, None


@rule("conv_transpose2d.input", "conv_transpose3d.input")
def transposed(call: Call) -> Value:
    """A transposed convolution."""
    weight, bias = call.constant("weight"), call.constant("bias")
    assert weight is not None
    count = len(weight.shape) - 2
    value = _on_channels(call, call.value("input"), count)
    value = call.settled(value)
    rank = len(value.dims)
    axes = axes_at(value, range(rank - count, rank))
    if axes != ORDER[3 - count :]:
        raise Refusal(f"slides over {', '.join(axes)}, expected {', '.join(ORDER[3 - count :])}")
    must_be_whole(value, range(rank - count - 1))
    fields: dict[str, Any] = {}
    for name, one in (("stride", 1), ("padding", 0), ("output_padding", 0), ("dilation", 1)):
        fields[name] = (*(one,) * (3 - count), *call.numbers(name, count))
    fields["kernel"] = (*(1,) * (3 - count), *weight.shape[2:])
    groups = call.given["groups"]
    op = ConvTranspose(
        channels=weight.shape[1] * groups,
        groups=groups,
        bias=bias is not None,
        **fields,
    )
    tensors = {"weight": learned(weight), "bias": learned(bias)}
    weights = {name: each for name, each in tensors.items() if each is not None}
    return answer(value, call, call.add(op, value, weights=weights), axes, len(value.dims) - count - 1)


def _on_channels(call: Call, value: Value, count: int) -> Value:
    return call.channels_at(value, len(value.dims) - count - 1)


def _padding(call: Call, kernel: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Padding ahead and behind on each axis."""
    given = call.given["padding"]
    if given == "valid":
        return ((0, 0),) * len(kernel)
    if given == "same":
        spans = (gap * (size - 1) for gap, size in zip(dilation, kernel, strict=True))
        return tuple((span // 2, span - span // 2) for span in spans)
    return tuple((each, each) for each in call.numbers("padding", len(kernel)))


def _causal(fields: dict[str, Any]) -> dict[str, Any]:
    """A window that is padded ahead in time alone, as a person says it."""
    span = fields["dilation"][0] * (fields["kernel"][0] - 1)
    if not span or fields["padding"][0] != (span, 0):
        return as_written(fields)
    # Of a causal layer the padding in time is not read: the usual one lets the others go unsaid.
    usual = fields["kernel"][0] // 2 * fields["dilation"][0]
    return as_written(fields | {"padding": (usual, *fields["padding"][1:])}) | {"causal": True}
