"""The operators of an ONNX graph as they are written, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper
from torch import Tensor

Attribute = int | float | str | Sequence[int] | onnx.TensorProto
OPSET = 18
END = np.iinfo(np.int64).max


class Tape:
    """Operators on frames (batch, channels, height, width), and the constants that they read.

    Args:
        batch: streams at once.
    """

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        # Of the layer that writes, so that a reader finds it in the names of its values.
        self.prefix = ""
        self._made: dict[str, int] = {}

    def op(self, kind: str, *inputs: str, **attributes: Attribute) -> str:
        """The output of one more operator."""
        output = self._name(f"{self.prefix}/{kind}" if self.prefix else kind)
        self.nodes.append(self._node(kind, inputs, output, attributes))
        return output

    def as_named(self, kind: str, inputs: Sequence[str], output: str, **attributes: Attribute) -> None:
        """One more operator, whose output has this name: that of one of the program's."""
        self.nodes.append(self._node(kind, inputs, output, attributes))

    def learned(self, name: str, values: Tensor) -> str:
        """A layer's own values; the same name at another phase means the same values."""
        if name not in self.constants:
            found = np.ascontiguousarray(values.detach().cpu().numpy())
            self.constants[name] = numpy_helper.from_array(found, name)
        return name

    def number(self, value: float) -> str:
        """A number of the frames' own kind, that any frame can be joined with."""
        return self._constant(f"number_{value:.9g}", np.array(value, np.float32))

    def integers(self, *values: int) -> str:
        """Whole numbers, such as a shape."""
        return self._constant(f"integers_{'_'.join(map(str, values))}", np.array(values, np.int64))

    def slice(self, x: str, axis: int, start: int, end: int, step: int = 1) -> str:
        """The positions from `start` up to `end` on an axis, or every `step`-th of them."""
        return self.op("Slice", x, *(self.integers(each) for each in (start, end, axis, step)))

    def channels(self, x: str, start: int, count: int) -> str:
        """So many channels from `start` on."""
        return self.slice(x, 1, start, start + count)

    def strided(self, x: str, height: int, width: int) -> str:
        """Every so many-th row and column."""
        for axis, step in ((2, height), (3, width)):
            x = self.slice(x, axis, 0, END, step) if step > 1 else x
        return x

    def concat(self, parts: Sequence[str], axis: int = 1) -> str:
        """Parts one after the other."""
        return parts[0] if len(parts) == 1 else self.op("Concat", *parts, axis=axis)

    def reshape(self, x: str, *shape: int) -> str:
        """The same numbers in another shape."""
        return self.op("Reshape", x, self.integers(*shape))

    def mean(self, x: str, *axes: int) -> str:
        """The mean over axes, which keep a size of 1."""
        return self.op("ReduceMean", x, self.integers(*axes), keepdims=1)

    def pad(self, x: str, pads: Sequence[tuple[int, int]], value: float = 0.0) -> str:
        """A frame with a value around its map, so many rows and columns ahead and behind."""
        ahead, behind = zip(*pads, strict=True)
        return self.op("Pad", x, self.integers(0, 0, *ahead, 0, 0, *behind), self.number(value))

    def filled(self, shape: Sequence[int], value: float) -> str:
        """A tensor of one value; the file holds the value once."""
        tensor = helper.make_tensor("value", onnx.TensorProto.FLOAT, [1], [value])
        return self.op("ConstantOfShape", self.integers(*shape), value=tensor)

    def _node(
        self, kind: str, inputs: Sequence[str], output: str, attributes: Mapping[str, Attribute]
    ) -> onnx.NodeProto:
        node = helper.make_node(kind, list(inputs), [output], name=output)
        node.attribute.extend(helper.make_attribute(name, value) for name, value in attributes.items())
        return node

    def _constant(self, name: str, values: np.ndarray) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(values, name)
        return name

    def _name(self, wanted: str) -> str:
        number = self._made[wanted] = self._made.get(wanted, -1) + 1
        return f"{wanted}_{number}" if number else wanted
