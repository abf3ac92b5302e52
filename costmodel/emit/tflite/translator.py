"""Operators of our ONNX of rank 4 as operators of TFLite, channels last, in 32 bits or in 8."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from costmodel.emit.onnx.calibrate import EightBits
from costmodel.emit.onnx.scales import Scale, of_range
from costmodel.emit.tflite.file import TfliteFile
from costmodel.errors import EmitError

# Where an axis of (batch, channels, height, width) stands in (batch, height, width, channels).
AXES = (0, 3, 1, 2)
ACTIVATIONS = {"": 0, "Relu": 1, "Clip": 3}
Write = Callable[["Translator", onnx.NodeProto, Mapping[str, Any]], None]
OPERATORS: dict[str, Write] = {}


def writes(*kinds: str) -> Callable[[Write], Write]:
    """Registers what writes operators of these kinds."""

    def register(write: Write) -> Write:
        OPERATORS.update(dict.fromkeys(kinds, write))
        return write

    return register


def channels_last(values: np.ndarray) -> np.ndarray:
    """A constant as the file has it: of four axes with channels last."""
    return values.transpose(0, 2, 3, 1) if values.ndim == 4 else values


def refusal(node: onnx.NodeProto, why: str) -> EmitError:
    """What is said of an operator that is not written, by the layer that it stands for."""
    return EmitError(f"{node.name.rpartition('/')[0] or node.name}: {why}")


class Translator:
    """A program of one stream, operator by operator.

    Args:
        model: the program in ONNX.
        eight_bits: what stands in 8 bits; None where all stand in 32.
    """

    def __init__(self, model: onnx.ModelProto, eight_bits: EightBits | None) -> None:
        self.file = TfliteFile()
        self.eight_bits = eight_bits
        # Of the operator that is written; it reads what others made in 32 bits by way of one that converts.
        self.is_8_bits = False
        graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
        self.shapes = {
            each.name: tuple(size.dim_value for size in each.type.tensor_type.shape.dim)
            for each in (*graph.input, *graph.output, *graph.value_info)
        }
        self.constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
        self.nodes = list(graph.node)
        self.readers: dict[str, list[onnx.NodeProto]] = {}
        for node in self.nodes:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self.given = {each.name for each in graph.output}
        self.numbers: dict[str, int] = {}
        # The names of nodes that are part of another operator, and of values whose channels lie in the batch.
        self.done: set[str] = set()
        self.in_batch: set[str] = set()

    def stands_in_8_bits(self, name: str) -> bool:
        """Whether a value of frames or maps does so."""
        found = self.eight_bits
        return found is not None and name in found.ranges and name not in found.floats

    def scale(self, name: str) -> Scale | None:
        """Of a value as the operator reads or makes it that is written; None: in 32 bits."""
        if self.eight_bits is None or not self.is_8_bits:
            return None
        return self.eight_bits.scales.get(name)

    def value(self, name: str) -> int:
        """The tensor of a value, made where it is first asked for; a constant in the file."""
        if name in self.constants:
            return self.constant(name, channels_last(self.constants[name].astype(np.float32)))
        if name not in self.numbers:
            self.numbers[name] = self.made(name, self.shape(name), self.scale(name))
        is_8_bits = self.stands_in_8_bits(name)
        if is_8_bits == self.is_8_bits or not self._is_number(name):
            return self.numbers[name]
        return self._converted(name)

    def _is_number(self, name: str) -> bool:
        return self.eight_bits is not None and name in self.eight_bits.ranges

    def _converted(self, name: str) -> int:
        """A value as the operator reads it that is written, which others made in more bits or in fewer."""
        key = f"{name}.{8 if self.is_8_bits else 32}_bits"
        if key not in self.numbers:
            self.numbers[key] = self.made(key, self.shape(name), self.scale(name))
            kind = ("QUANTIZE", "QuantizeOptions") if self.is_8_bits else ("DEQUANTIZE", "DequantizeOptions")
            self.file.op(kind[0], [self.numbers[name]], self.numbers[key], kind[1])
        return self.numbers[key]

    def made(self, name: str, shape: Sequence[int], scale: Scale | None) -> int:
        """A tensor that the graph makes, in 8 bits where it has a scale."""
        return self.file.tensor(name, shape, np.float32 if scale is None else np.int8, scale)

    def whole(self, name: str) -> int:
        """The tensor of an input or an output of the program."""
        self.is_8_bits = self.stands_in_8_bits(name)
        return self.value(name)

    def constant(self, name: str, values: np.ndarray) -> int:
        """Numbers that maps are joined with, on a scale of their own in 8 bits."""
        if not self.is_8_bits:
            return self.file.constant(name, values)
        scale = of_range(float(values.min()), float(values.max()))
        return self.file.constant(name, scale.numbers(values), scale)

    def integers(self, *values: int) -> int:
        """Whole numbers, such as a shape."""
        return self.file.constant("integers", np.array(values, np.int32))

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a value, channels last."""
        shape = self.shapes[name]
        return tuple(shape[axis] for axis in (0, 2, 3, 1)) if len(shape) == 4 else shape

    def ints(self, name: str) -> list[int]:
        """Whole numbers that an operator reads."""
        return [int(each) for each in np.atleast_1d(self.constants[name])]

    def behind(self, node: onnx.NodeProto, *kinds: str) -> onnx.NodeProto | None:
        """The only reader of a node's output, where it is of these kinds and nobody else is given it."""
        (output,) = node.output
        readers = self.readers.get(output, [])
        if output in self.given or len(readers) != 1 or readers[0].op_type not in kinds:
            return None
        bits = map(self.stands_in_8_bits, (output, readers[0].output[0]))
        return readers[0] if len(set(bits)) == 1 else None

    def activated(self, node: onnx.NodeProto) -> tuple[str, int]:
        """The output of a node and of the rectifier behind it, if one can run in the same operator."""
        behind = self.behind(node, "Relu", "Clip")
        if behind is None:
            return node.output[0], ACTIVATIONS[""]
        self.done.add(behind.name)
        return behind.output[0], ACTIVATIONS[behind.op_type]

    def same(self, output: str, given: str) -> None:
        """Has a value stand for another."""
        self.numbers[output] = self.value(given)

    def run(self) -> None:
        """Writes all operators.

        Raises:
            EmitError: TFLite has no counterpart of one, or none here.
        """
        for node in self.nodes:
            if node.name in self.done:
                continue
            if node.op_type not in OPERATORS:
                raise refusal(node, f"{node.op_type} has no counterpart in TFLite here; --as onnx writes it")
            # A comparison gives no number: it stands where what it compares does.
            told_by = node.output[0] if self._is_number(node.output[0]) else node.input[0]
            self.is_8_bits = self.stands_in_8_bits(told_by)
            attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
            OPERATORS[node.op_type](self, node, attributes)
