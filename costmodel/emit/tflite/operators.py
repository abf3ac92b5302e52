"""What each operator of our ONNX of rank 4 is in TFLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx

from costmodel.emit.onnx.scales import LOWEST, Scale, of_weights
from costmodel.emit.tflite.translator import AXES, Translator, channels_last, refusal, writes

Attributes = Mapping[str, Any]
SAME, VALID = 0, 1


@writes("Conv")
def _conv(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    frame, weight_name, *rest = node.input
    weight = channels_last(to.constants[weight_name])  # (outputs, height, width, inputs of a group)
    outputs, group = len(weight), int(given.get("group", 1))
    bias = to.constants[rest[0]] if rest else np.zeros(outputs, np.float32)
    strides, dilations = given.get("strides", [1, 1]), given.get("dilations", [1, 1])
    reach = [d * (size - 1) + 1 for d, size in zip(dilations, weight.shape[1:3], strict=True)]
    source, padding = _padded(to, frame, given.get("pads", [0] * 4), reach, strides)
    output, activation = to.activated(node)
    options = {
        "padding": padding,
        "strideH": strides[0],
        "strideW": strides[1],
        "dilationHFactor": dilations[0],
        "dilationWFactor": dilations[1],
        "fusedActivationFunction": activation,
    }
    is_depthwise = group == to.shape(frame)[3] and group > 1
    if is_depthwise:
        weight = weight.transpose(3, 1, 2, 0)
        options["depthMultiplier"] = outputs // group
    learned = _learned(to, node, frame, weight_name, weight, bias, 3 if is_depthwise else 0)
    kind = ("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions") if is_depthwise else ("CONV_2D", "Conv2DOptions")
    to.file.op(kind[0], [source, *learned], to.value(output), kind[1], **options)


def _learned(
    to: Translator,
    node: onnx.NodeProto,
    frame: str,
    name: str,
    weight: np.ndarray,
    bias: np.ndarray,
    axis: int,
) -> tuple[int, int]:
    """The tensors of a weight and a bias; in 8 bits a step for each output, the bias in 32."""
    bias_name = f"{node.name}.bias"
    given = to.scale(frame)
    if given is None:
        return to.file.constant(name, weight), to.file.constant(bias_name, bias)
    scale = of_weights(weight, axis)
    step = np.asarray(scale.step) * np.float32(given.step)
    numbers = np.clip(np.round(bias / step), -(2**31), 2**31 - 1).astype(np.int32)
    return (
        to.file.constant(name, scale.numbers(weight), scale),
        to.file.constant(bias_name, numbers, type(scale)(step, 0, 0)),
    )


def _padded(
    to: Translator, frame: str, pads: Sequence[int], reach: Sequence[int], strides: Sequence[int]
) -> tuple[int, int]:
    """The frame that an operator reads, and how it pads; what it cannot pad stands around the frame."""
    if not any(pads):
        return to.value(frame), VALID
    if _pads_by_itself(to, frame, pads, reach, strides):
        return to.value(frame), SAME
    return _pad(to, f"{frame}.padded.{pads}", frame, pads), VALID


def _pads_by_itself(
    to: Translator, frame: str, pads: Sequence[int], reach: Sequence[int], strides: Sequence[int]
) -> bool:
    """Whether an operator pads so where it is to give as many places as its stride leaves, or not at all."""
    _, height, width, _ = to.shape(frame)
    wanted = []
    for size, stride, reached in zip((height, width), strides, reach, strict=True):
        more = max((-(-size // stride) - 1) * stride + reached - size, 0)
        wanted.append((more // 2, more - more // 2))
    top, left, bottom, right = pads
    return not any(pads) or [(top, bottom), (left, right)] == wanted


def _pad(to: Translator, name: str, frame: str, pads: Sequence[int], fill: int | None = None) -> int:
    """A frame with zeros around it, or with what `fill` holds, made once for all that read it."""
    if name not in to.numbers:
        batch, height, width, channels = to.shape(frame)
        top, left, bottom, right = pads
        shape = (batch, height + top + bottom, width + left + right, channels)
        to.numbers[name] = to.made(name, shape, to.scale(frame))
        ends = to.file.constant("pads", np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32))
        if fill is None:
            to.file.op("PAD", [to.value(frame), ends], to.numbers[name], "PadOptions")
        else:
            to.file.op("PADV2", [to.value(frame), ends, fill], to.numbers[name], "PadV2Options")
    return to.numbers[name]


@writes("Add", "Sub", "Mul", "Div", "Max")
def _join(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    kind = {"Add": "ADD", "Sub": "SUB", "Mul": "MUL", "Div": "DIV", "Max": "MAXIMUM"}[node.op_type]
    if kind == "DIV" and to.is_8_bits:
        raise refusal(node, "a quotient has no 8 bits in TFLite; leave out --quantize")
    inputs = [to.value(name) for name in node.input]
    if kind == "MAXIMUM":
        to.file.op(kind, inputs, to.value(node.output[0]), "MaximumMinimumOptions")
        return
    output, activation = to.activated(node)
    options = f"{node.op_type}Options"
    to.file.op(kind, inputs, to.value(output), options, fusedActivationFunction=activation)


@writes("BatchNormalization")
def _batch_norm(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    weight, bias, mean, variance = (to.constants[name].astype(np.float64) for name in node.input[1:])
    factor = weight / np.sqrt(variance + given["epsilon"])
    shift = bias - mean * factor
    between = to.made(f"{node.name}.scaled", to.shape(node.input[0]), None)
    factors, shifts = (each.astype(np.float32).reshape(1, 1, 1, -1) for each in (factor, shift))
    given_in = to.value(node.input[0])
    to.file.op("MUL", [given_in, to.constant(f"{node.name}.factor", factors)], between, "MulOptions")
    output, activation = to.activated(node)
    shifted = [between, to.constant(f"{node.name}.shift", shifts)]
    to.file.op("ADD", shifted, to.value(output), "AddOptions", fusedActivationFunction=activation)


@writes("Relu", "Clip", "Sigmoid", "Tanh", "HardSwish", "Sqrt", "Softmax", "LeakyRelu", "Elu")
def _function(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    inputs, output = [to.value(node.input[0])], to.value(node.output[0])
    match node.op_type:
        case "Clip":  # 0 to 6: nothing else here writes one
            to.file.op("RELU6", inputs, output)
        case "Sigmoid":
            to.file.op("LOGISTIC", inputs, output)
        case "HardSwish":
            to.file.op("HARD_SWISH", inputs, output, "HardSwishOptions")
        case "Softmax":
            to.file.op("SOFTMAX", inputs, output, "SoftmaxOptions", beta=1.0)
        case "LeakyRelu":
            to.file.op("LEAKY_RELU", inputs, output, "LeakyReluOptions", alpha=given["alpha"])
        case kind:
            to.file.op(kind.upper(), inputs, output)


@writes("HardSigmoid")
def _hard_sigmoid(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    shape, scale = to.shape(node.input[0]), to.scale(node.input[0])
    alpha, beta = (to.constant("number", np.array(given[each], np.float32)) for each in ("alpha", "beta"))
    # In 8 bits a product by a number is the same numbers on another scale, and the scale of the output ends
    # where the function does.
    of_product = scale and Scale(np.asarray(scale.step * np.float32(given["alpha"])), scale.zero)
    scaled = to.made(f"{node.name}.scaled", shape, of_product)
    to.file.op("MUL", [to.value(node.input[0]), alpha], scaled, "MulOptions")
    if to.is_8_bits:
        to.file.op("ADD", [scaled, beta], to.value(node.output[0]), "AddOptions")
        return
    moved = to.made(f"{node.name}.moved", shape, None)
    to.file.op("ADD", [scaled, beta], moved, "AddOptions")
    to.file.op("RELU_0_TO_1", [moved], to.value(node.output[0]))


@writes("ReduceMean", "ReduceMax")
def _reduce(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    axes = to.integers(*(AXES[axis] for axis in to.ints(node.input[1])))
    kind = "MEAN" if node.op_type == "ReduceMean" else "REDUCE_MAX"
    inputs = [to.value(node.input[0]), axes]
    to.file.op(kind, inputs, to.value(node.output[0]), "ReducerOptions", keepDims=True)


@writes("MaxPool", "AveragePool")
def _pool(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    height, width = given["kernel_shape"]
    strides, pads = given.get("strides", [1, 1]), given.get("pads", [0] * 4)
    is_max, (frame,) = node.op_type == "MaxPool", node.input
    if any(each > 1 for each in given.get("dilations", [])):
        raise refusal(node, "a pool with gaps has no counterpart in TFLite")
    # An average counts its zeros, a maximum never sees them: the format's own padding does the latter.
    if is_max:
        source, padding = _padded_by_lowest(to, frame, pads, [height, width], strides)
    else:
        source = _pad(to, f"{frame}.padded.{pads}", frame, pads) if any(pads) else to.value(frame)
        padding = VALID
    options = {"filterHeight": height, "filterWidth": width, "strideH": strides[0], "strideW": strides[1]}
    kind = "MAX_POOL_2D" if is_max else "AVERAGE_POOL_2D"
    to.file.op(kind, [source], to.value(node.output[0]), "Pool2DOptions", padding=padding, **options)


def _padded_by_lowest(
    to: Translator, frame: str, pads: Sequence[int], reach: Sequence[int], strides: Sequence[int]
) -> tuple[int, int]:
    """As `_padded`, for a maximum, which must never take what stands around the frame."""
    if _is_rectified(to, frame) or _pads_by_itself(to, frame, pads, reach, strides):
        return _padded(to, frame, pads, reach, strides)
    scale = to.scale(frame)
    lowest = np.float32(np.finfo(np.float32).min) if scale is None else np.int8(LOWEST)
    fill = to.file.constant("lowest", np.array([lowest]), scale)
    return _pad(to, f"{frame}.around.{pads}", frame, pads, fill), VALID


def _is_rectified(to: Translator, name: str) -> bool:
    """Whether a value is never below zero, so that zeros around it win no maximum."""
    maker = next((node for node in to.nodes if name in node.output), None)
    if maker is None:
        return False
    if maker.op_type in ("MaxPool", "Max"):
        return all(_is_rectified(to, each) for each in maker.input)
    return maker.op_type in ("Relu", "Clip", "Sigmoid")


@writes("Slice")
def _slice(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    frame, *ends = node.input
    start, end, axis, step = (to.ints(each)[0] for each in ends)
    name, output = node.input[0], node.output[0]
    if to.shapes[frame] == to.shapes[output]:
        to.same(output, frame)
        return
    if frame in to.in_batch:  # frames of a cycle, one after the other
        axis, count = 0, to.shapes[output][1]
        start, end = start // count, end // count
    place = AXES[axis]
    source = list(to.shape(output)) if frame in to.in_batch else list(to.shape(frame))
    begin, stop = [0] * 4, [*source]
    begin[place], stop[place] = start, min(end, start + (1 << 30))
    if step == 1:
        size = list(to.shape(output))
        inputs = [to.value(name), to.integers(*begin), to.integers(*size)]
        to.file.op("SLICE", inputs, to.value(output), "SliceOptions")
        return
    stop[place], steps = to.shape(frame)[place], [1] * 4
    steps[place] = step
    inputs = [to.value(name), *(to.integers(*each) for each in (begin, stop, steps))]
    to.file.op("STRIDED_SLICE", inputs, to.value(output), "StridedSliceOptions")


@writes("Concat")
def _concat(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    if len(node.input) == 1:
        to.same(node.output[0], node.input[0])
        return
    inputs = [to.value(name) for name in node.input]
    axis = AXES[given["axis"]]
    to.file.op("CONCATENATION", inputs, to.value(node.output[0]), "ConcatenationOptions", axis=axis)


@writes("Tile")
def _tile(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    batch, channels, height, width = to.ints(node.input[1])
    inputs = [to.value(node.input[0]), to.integers(batch, height, width, channels)]
    to.file.op("TILE", inputs, to.value(node.output[0]), "TileOptions")


@writes("Reshape")
def _reshape(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    frame, output = node.input[0], node.output[0]
    before, after = to.shapes[frame], to.shapes[output]
    dealt = to.behind(node, "Transpose")
    if before == after:
        to.same(output, frame)
    elif frame == "frames" and before[2:] == after[2:]:
        to.same(output, frame)
        to.in_batch.add(output)  # the phases of a cycle are told apart by `_slice`
    elif output == "outputs" and before[2:] == after[2:]:
        _by_answer(to, frame, output, after[0])
    elif dealt is not None and (last := to.behind(dealt, "Reshape")) is not None:
        to.done |= {dealt.name, last.name}
        _deal(to, frame, last.output[0], after[1])
    elif after[2:] == (1, 1):
        _flatten(to, frame, output)
    else:
        raise refusal(node, "has no counterpart in TFLite here; --as onnx writes it")


def _by_answer(to: Translator, frame: str, output: str, count: int) -> None:
    """The answers of a cycle one after the other, which lie side by side in channels."""
    _, height, width, channels = to.shape(frame)
    each, parts = channels // count, []
    for number in range(count):
        part = to.made(f"{output}.{number}", (1, height, width, each), to.scale(frame))
        ends = to.integers(0, 0, 0, number * each), to.integers(1, height, width, each)
        to.file.op("SLICE", [to.value(frame), *ends], part, "SliceOptions")
        parts.append(part)
    to.file.op("CONCATENATION", parts, to.value(output), "ConcatenationOptions", axis=0)


def _deal(to: Translator, frame: str, output: str, groups: int) -> None:
    """A shuffle: channels in another order."""
    channels = to.shape(frame)[3]
    order = np.arange(channels).reshape(groups, -1).T.ravel()
    to.file.op("GATHER", [to.value(frame), to.integers(*order)], to.value(output), "GatherOptions", axis=3)


def _flatten(to: Translator, frame: str, output: str) -> None:
    batch, height, width, channels = to.shape(frame)
    source = to.value(frame)
    if height * width > 1:  # positions are joined with channels outermost
        ordered = to.made(f"{output}.ordered", (batch, channels, height, width), to.scale(frame))
        to.file.op("TRANSPOSE", [source, to.integers(0, 3, 1, 2)], ordered, "TransposeOptions")
        source = ordered
    shape = to.shape(output)
    options = {"newShape": list(shape)}
    to.file.op("RESHAPE", [source, to.integers(*shape)], to.value(output), "ReshapeOptions", **options)


@writes("ConstantOfShape")
def _filled(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    values = np.full(
        to.shape(node.output[0]), float(onnx.numpy_helper.to_array(given["value"])[0]), np.float32
    )
    scale = to.scale(node.output[0])
    numbers = values if scale is None else scale.numbers(values)
    to.numbers[node.output[0]] = to.file.constant(node.output[0], numbers, scale)


@writes("Greater")
def _greater(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    inputs = [to.value(name) for name in node.input]
    output = to.file.tensor(node.output[0], to.shape(node.output[0]), np.bool_)
    to.numbers[node.output[0]] = output
    to.file.op("GREATER", inputs, output, "GreaterOptions")


@writes("Where")
def _where(to: Translator, node: onnx.NodeProto, given: Attributes) -> None:
    chosen, one, other = node.input
    scale = to.scale(node.output[0])
    if other in to.constants and scale is not None:  # a choice hands numbers on: both on one scale
        values = scale.numbers(channels_last(np.asarray(to.constants[other], np.float32)))
        inputs = [to.value(chosen), to.value(one), to.file.constant(other, values, scale)]
    else:
        inputs = [to.value(name) for name in node.input]
    to.file.op("SELECT_V2", inputs, to.value(node.output[0]), "SelectV2Options")
