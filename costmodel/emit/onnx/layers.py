"""Convolutions, linear layers, pools and norms as ONNX operators on frames."""

from __future__ import annotations

from math import inf, prod

import torch

from costmodel.emit.onnx.entry import Place, Window, writes_frame, writes_window
from costmodel.ops import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AvgPool,
    BatchNorm,
    Conv,
    ConvTranspose,
    Flatten,
    GlobalPool,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    Linear,
    MaxPool,
    RmsNorm,
    Subsample,
)

Pads = tuple[tuple[int, int], tuple[int, int]]


def _conv(place: Place, frame: str, tap: int) -> str:
    layer = place.layer
    (_, *pads), (time, *kernel) = layer.pads, layer.kernel
    name = f"{place.name}.weight" if time == 1 else f"{place.name}.weight.{tap}"
    given = [frame, place.tape.learned(name, layer.weight[:, :, tap])]
    # The last tap closes a window, so that each output gets the bias once.
    if layer.bias is not None and tap == time - 1:
        given.append(place.learned("bias"))
    return place.tape.op(
        "Conv",
        *given,
        kernel_shape=kernel,
        strides=list(layer.stride[1:]),
        dilations=list(layer.dilation[1:]),
        pads=_onnx_pads(pads),
        group=layer.groups,
    )


writes_window(Conv, window=Window(_conv))


def _onnx_pads(pads: Pads) -> list[int]:
    (top, bottom), (left, right) = pads
    return [top, left, bottom, right]


@writes_frame(ConvTranspose)
def _conv_transpose(place: Place, frame: str) -> str:
    layer = place.layer
    given = [frame, place.tape.learned(f"{place.name}.weight", layer.weight[:, :, 0])]
    if layer.bias is not None:
        given.append(place.learned("bias"))
    return place.tape.op(
        "ConvTranspose",
        *given,
        kernel_shape=list(layer.weight.shape[3:]),
        strides=list(layer.stride[1:]),
        dilations=list(layer.dilation[1:]),
        pads=_onnx_pads(tuple((pad, pad) for pad in layer.padding[1:])),  # type: ignore[arg-type]
        output_padding=list(layer.output_padding[1:]),
        group=layer.groups,
    )


@writes_frame(Linear)
def _linear(place: Place, frame: str) -> str:
    # A convolution of 1 x 1 is the same product at every position, and keeps the rank.
    given = [frame, place.learned("weight", *place.layer.weight.shape, 1, 1)]
    if place.layer.bias is not None:
        given.append(place.learned("bias"))
    return place.tape.op("Conv", *given, kernel_shape=[1, 1])


@writes_frame(Flatten)
def _flatten(place: Place, frame: str) -> str:
    return place.tape.reshape(frame, place.tape.batch, int(place.out.channels), 1, 1)


def _covers(place: Place) -> bool:
    """Whether a pool's window is the whole map."""
    (x,), (_, *pads) = place.inputs, place.layer.pads
    return place.layer.kernel[1:] == (int(x.height), int(x.width)) and not any(map(any, pads))


def _avg_pool(place: Place, frame: str, tap: int) -> str:
    tape, layer = place.tape, place.layer
    pooled = _mean_in_space(place, frame)
    if not layer.is_even:
        shares = layer.in_space
        pooled = tape.op("Mul", pooled, tape.learned(f"{place.name}.in_space", shares[None, None]))
    # Each tap is its share of the mean already, so that an open window is a plain sum.
    return tape.op("Mul", pooled, tape.number(1 / layer.kernel[0])) if layer.kernel[0] > 1 else pooled


def _mean_in_space(place: Place, frame: str) -> str:
    tape, layer = place.tape, place.layer
    _, *kernel = layer.kernel
    (_, *pads), (_, *stride), (_, *dilation) = layer.pads, layer.stride, layer.dilation
    if kernel == [1, 1] and not any(map(any, pads)):
        return tape.strided(frame, *stride)
    if _covers(place):
        return tape.mean(frame, 2, 3)
    if prod(dilation) > 1:
        # ONNX Runtime's average has no gaps between its taps; a convolution by equal shares has.
        channels = int(place.inputs[0].channels)
        shares = torch.full((channels, 1, *kernel), 1 / prod(kernel))
        given = frame, tape.learned(f"{place.name}.shares", shares)
        options = {"dilations": dilation, "strides": stride, "pads": _onnx_pads(pads), "group": channels}
        return tape.op("Conv", *given, kernel_shape=kernel, **options)
    frame, pads = _padded(place, frame, pads, kernel, 0.0)
    options = {"kernel_shape": kernel, "strides": stride, "pads": _onnx_pads(pads)}
    return tape.op("AveragePool", frame, **options, count_include_pad=1)


def _padded(place: Place, frame: str, pads: Pads, kernel: list[int], value: float) -> tuple[str, Pads]:
    """The frame and what a pool must still pad: ONNX Runtime's pools pad by less than their kernel."""
    if all(max(pad) < size for pad, size in zip(pads, kernel, strict=True)):
        return frame, pads
    return place.tape.pad(frame, pads, value), ((0, 0), (0, 0))


writes_window(AvgPool, GlobalPool, window=Window(_avg_pool, is_alike=True))


def _max_pool(place: Place, frame: str, tap: int) -> str:
    layer, (_, *kernel) = place.layer, place.layer.kernel
    (_, *pads), (_, *stride), (_, *dilation) = layer.pads, layer.stride, layer.dilation
    if kernel == [1, 1] and not any(map(any, pads)):
        return place.tape.strided(frame, *stride)
    frame, pads = _padded(place, frame, pads, kernel, -inf)
    options = {"kernel_shape": kernel, "strides": stride, "pads": _onnx_pads(pads)}
    return place.tape.op("MaxPool", frame, **options, dilations=dilation)


writes_window(MaxPool, window=Window(_max_pool, "Max", is_alike=True))


def _shares_of(size: int, length: int) -> list[tuple[int, int]]:
    """The first place and the one behind the last of each window of a pool to a size."""
    return [(step * length // size, -(-(step + 1) * length // size)) for step in range(size)]


def _adaptive_avg(place: Place, frame: str, tap: int) -> str:
    """By one product an axis: a row holds the shares of one window."""
    (x,), tape, (_, height, width) = place.inputs, place.tape, place.op.size
    for axis, (length, size) in enumerate(((x.height, height), (x.width, width))):
        if size is None or int(size) == int(length):
            continue
        shares = torch.zeros(int(size), int(length))
        for row, (first, last) in enumerate(_shares_of(int(size), int(length))):
            shares[row, first:last] = 1 / (last - first)
        name = tape.learned(f"{place.name}.shares.{axis}", shares if axis == 0 else shares.T)
        frame = tape.op("MatMul", name, frame) if axis == 0 else tape.op("MatMul", frame, name)
    kernel = place.layer.kernel[0]
    return tape.op("Mul", frame, tape.number(1 / kernel)) if kernel > 1 else frame


def _adaptive_max(place: Place, frame: str, tap: int) -> str:
    (x,), tape, (_, height, width) = place.inputs, place.tape, place.op.size
    for axis, (length, size) in ((2, (x.height, height)), (3, (x.width, width))):
        if size is None or int(size) == int(length):
            continue
        parts = [tape.slice(frame, axis, *ends) for ends in _shares_of(int(size), int(length))]
        largest = [tape.op("ReduceMax", part, tape.integers(axis), keepdims=1) for part in parts]
        frame = tape.concat(largest, axis)
    return frame


writes_window(AdaptiveAvgPool, window=Window(_adaptive_avg, is_alike=True))
writes_window(AdaptiveMaxPool, window=Window(_adaptive_max, "Max", is_alike=True))


def _subsample(place: Place, frame: str, tap: int) -> str:
    return place.tape.strided(frame, *place.layer.stride[1:])


writes_window(Subsample, window=Window(_subsample))


@writes_frame(BatchNorm)
def _batch_norm(place: Place, frame: str) -> str:
    names = ("weight", "bias", "running_mean", "running_var")
    given = [place.learned(name) for name in names]
    return place.tape.op("BatchNormalization", frame, *given, epsilon=place.layer.eps)


@writes_frame(LayerNorm)
def _layer_norm(place: Place, frame: str) -> str:
    centred = place.tape.op("Sub", frame, place.tape.mean(frame, 1))
    return _affine(place, _over_deviation(place, centred, 1))


@writes_frame(RmsNorm)
def _rms_norm(place: Place, frame: str) -> str:
    return _affine(place, _over_deviation(place, frame, 1))


@writes_frame(GroupNorm, InstanceNorm)
def _group_norm(place: Place, frame: str) -> str:
    tape, (x,) = place.tape, place.inputs
    groups = place.layer.groups
    grouped = tape.reshape(frame, tape.batch, groups, int(x.channels) // groups, int(x.height * x.width))
    centred = tape.op("Sub", grouped, tape.mean(grouped, 2, 3))
    found = _over_deviation(place, centred, 2, 3)
    return _affine(place, tape.reshape(found, tape.batch, int(x.channels), int(x.height), int(x.width)))


def _over_deviation(place: Place, centred: str, *axes: int) -> str:
    tape = place.tape
    squares = tape.mean(tape.op("Mul", centred, centred), *axes)
    return tape.op("Div", centred, tape.op("Sqrt", tape.op("Add", squares, tape.number(place.layer.eps))))


def _affine(place: Place, frame: str) -> str:
    for kind, name in (("Mul", "weight"), ("Add", "bias")):
        if getattr(place.layer, name) is not None:
            frame = place.tape.op(kind, frame, place.learned(name, 1, -1, 1, 1))
    return frame
