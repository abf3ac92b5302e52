"""Convolutions and pools over windows, and their padding."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from costmodel.importers.onnx.given import Given
from costmodel.importers.onnx.operators.base import operator
from costmodel.importers.refusal import Refusal

CONV: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED: dict[int, Callable[..., Tensor]] = {2: F.conv_transpose2d, 3: F.conv_transpose3d}
MAX_POOL: dict[int, Callable[..., Tensor]] = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVG_POOL: dict[int, Callable[..., Tensor]] = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


@operator("Conv")
def conv(given: Given) -> Tensor:
    """A convolution over one, two or three axes."""
    value, weight = given.tensor(), given.tensor(1)
    count = weight.dim() - 2
    given.changes_nothing("kernel_shape")  # told by the weight
    stride, dilation = given.wholes("strides", [1] * count), given.wholes("dilations", [1] * count)
    pads = _pads(given, value, weight.shape[2:], stride, dilation)
    value, padding = _even(value, pads)
    return CONV[count](value, weight, given.maybe(2), stride, padding, dilation, given.whole("group", 1))


@operator("ConvTranspose")
def conv_transpose(given: Given) -> Tensor:
    """A transposed convolution."""
    value, weight = given.tensor(), given.tensor(1)
    count = weight.dim() - 2
    given.changes_nothing("kernel_shape")
    given.must_be("auto_pad", "NOTSET", "VALID")
    given.must_be("output_shape", None)
    pads = given.wholes("pads", [0] * 2 * count)
    if pads[:count] != pads[count:] or count not in TRANSPOSED:
        raise Refusal(f"cuts {pads} off", "cut as much ahead as behind, in two or three axes")
    return TRANSPOSED[count](
        value,
        weight,
        given.maybe(2),
        given.wholes("strides", [1] * count),
        pads[:count],
        given.wholes("output_padding", [0] * count),
        given.whole("group", 1),
        given.wholes("dilations", [1] * count),
    )


@operator("MaxPool")
def max_pool(given: Given) -> Tensor:
    """A maximum over windows."""
    given.must_be("storage_order", 0)
    value, kernel, stride, pads = _window(given)
    count = len(kernel)
    dilation = given.wholes("dilations", [1] * count)
    ceils = bool(given.whole("ceil_mode", 0))
    # More padding than torch's own pool takes is put around it, as that pool would.
    value, padding = _even(value, pads, kernel, -math.inf)
    return MAX_POOL[count](value, kernel, stride, padding, dilation, ceil_mode=ceils)


@operator("AveragePool")
def avg_pool(given: Given) -> Tensor:
    """An average over windows."""
    value, kernel, stride, pads = _window(given)
    count = len(kernel)
    counts = bool(given.whole("count_include_pad", 0)) or not any(pads)
    given.must_be("dilations", None, (1,) * count, [1] * count)
    ceils = bool(given.whole("ceil_mode", 0))
    if pads[:count] != pads[count:] and (ceils or not counts):
        raise Refusal(f"pads {pads}, more on one side than on the other", "pad the same on both sides")
    value, padding = _even(value, pads, kernel if counts else ())
    return AVG_POOL[count](value, kernel, stride, padding, ceil_mode=ceils, count_include_pad=counts)


def _window(given: Given) -> tuple[Tensor, list[int], list[int], list[int]]:
    value, kernel = given.tensor(), given.wholes("kernel_shape")
    stride = given.wholes("strides", [1] * len(kernel))
    dilation = given.wholes("dilations", [1] * len(kernel))
    return value, kernel, stride, _pads(given, value, kernel, stride, dilation)


def _pads(
    given: Given, value: Tensor, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> list[int]:
    """Padding as ONNX lists it: ahead on each axis, then behind on each."""
    count, word = len(kernel), given.text("auto_pad", "NOTSET")
    if word not in ("SAME_UPPER", "SAME_LOWER"):
        return given.wholes("pads", [0] * 2 * count)
    ahead, behind = [], []
    for size, window, step, gap in zip(value.shape[-count:], kernel, stride, dilation, strict=True):
        missing = max(0, (-(-int(size) // step) - 1) * step + gap * (window - 1) + 1 - int(size))
        less, more = missing // 2, missing - missing // 2
        ahead.append(less if word == "SAME_UPPER" else more)
        behind.append(more if word == "SAME_UPPER" else less)
    return ahead + behind


def _even(
    value: Tensor, pads: Sequence[int], kernel: Sequence[int] = (), filled: float = 0.0
) -> tuple[Tensor, list[int]]:
    """A tensor padded where torch's layer does not do so itself, and the padding that is left."""
    count = len(pads) // 2
    ahead, behind = list(pads[:count]), list(pads[count:])
    # A pool of torch's pads by half its window at most.
    if ahead == behind and all(pad <= size // 2 for pad, size in zip(ahead, kernel, strict=False)):
        return value, ahead
    listed = [pad for pair in reversed(list(zip(ahead, behind, strict=True))) for pad in pair]
    return F.pad(value, listed, value=filled), [0] * count


@operator("GlobalAveragePool")
def global_average(given: Given) -> Tensor:
    """The mean of each map or clip."""
    value = given.tensor()
    return value.mean(list(range(2, value.dim())), keepdim=True)


@operator("GlobalMaxPool")
def global_maximum(given: Given) -> Tensor:
    """The maximum of each map or clip."""
    value = given.tensor()
    return value.amax(list(range(2, value.dim())), keepdim=True)
