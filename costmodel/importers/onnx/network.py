"""An ONNX network as a module of torch's, which is then read as any other module is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, fx

from costmodel.importers.lines import KEY
from costmodel.importers.onnx.file import OnnxError, first_line
from costmodel.importers.onnx.given import Found, Given
from costmodel.importers.onnx.operators import OPERATORS
from costmodel.importers.onnx.places import places_of
from costmodel.importers.onnx.stored import StoredTensors
from costmodel.importers.onnx.unknown import unknown
from costmodel.importers.refusal import Refusal

if TYPE_CHECKING:
    import onnx_ir

PLACE = "costmodel_place"
OWN_DOMAINS = ("", "ai.onnx")
MOST_FOLDED = 1 << 24


class OnnxNetwork(StoredTensors):
    """Runs each node as what it is in torch; numbers that no clip decides are worked out on the way.

    Args:
        model: the network, its constants as initializers.
        path: its file, for messages.
        sizes: those of its input that the file fixes; None for each that it leaves open.
    """

    def __init__(self, model: onnx_ir.Model, path: Path, sizes: Sequence[int | None]) -> None:
        super().__init__(model, path)
        self.sizes = tuple(sizes)
        self.opset = int(model.opset_imports.get("", 1) or 1)
        self.places = places_of(self.nodes, str(path))

    def forward(self, clip: Tensor) -> tuple[Tensor, ...]:
        """What the network answers."""
        self._must_fit(clip)
        (given,) = (each for each in self.graph.inputs if each.name not in self.graph.initializers)
        learned = {name: getattr(self, key) for name, key in self.keys.items()}
        values: dict[str, Found] = {**self.numbers, **learned, str(given.name): clip}
        for number, node in enumerate(self.nodes):
            with self._noting(number):
                for value, found in zip(node.outputs, self._run(number, node, values), strict=False):
                    values[str(value.name)] = self._checked(number, node, value, found)
        answers = [values[str(each.name)] for each in self.graph.outputs]
        return tuple(each if isinstance(each, Tensor) else torch.from_numpy(each) for each in answers)

    def _must_fit(self, clip: Tensor) -> None:
        fits = len(self.sizes) == clip.dim() and all(
            size in (None, int(found)) for size, found in zip(self.sizes, clip.shape, strict=True)
        )
        if not fits:
            told = "x".join("?" if each is None else str(each) for each in self.sizes)
            raise OnnxError(f"{self.path}: takes {told}, got {'x'.join(map(str, clip.shape))}")

    def _run(self, number: int, node: onnx_ir.Node, values: dict[str, Found]) -> Sequence[Found]:
        inputs = [
            None if each is None else self._value(number, values, str(each.name)) for each in node.inputs
        ]
        if node.domain in OWN_DOMAINS:
            if node.op_type in ("Shape", "Size") and isinstance(inputs[0], Tensor):
                return [_shape(node, inputs[0])]
            if all(each is None or isinstance(each, np.ndarray) for each in inputs):
                return self._folded(number, node, inputs)
        try:
            return self._ruled(number, node, inputs)
        except Refusal as refusal:
            tensors = [each for each in inputs if isinstance(each, Tensor)]
            return [
                unknown(tensors, node.op_type, refusal, self._declared(number, each, refusal))
                for each in node.outputs
            ]
        except OnnxError:
            raise
        except Exception as error:  # torch's own, of shapes that do not fit
            raise OnnxError(f"{self._at(number)}: {first_line(error)}") from error

    def _ruled(self, number: int, node: onnx_ir.Node, inputs: list[Found | None]) -> Sequence[Found]:
        if node.domain not in OWN_DOMAINS:
            raise Refusal(
                f"is of the domain {node.domain}, not ONNX's own", "export it with ONNX's own operators"
            )
        if node.op_type not in OPERATORS:
            raise Refusal("is no operator that is read here")
        if number in self.gates:
            # The second bias stands behind all inputs that such a layer has.
            tensors = [getattr(self, key) for key in self.gates[number]]
            inputs = [*inputs, *[None] * (8 - len(inputs))]
            inputs[1:4] = (*tensors, None, None, None)[:3]
            inputs += tensors[3:]
        learned = frozenset(
            index for index, each in enumerate(node.inputs) if each is not None and each.name in self.keys
        )
        given = Given(node, inputs, self.opset, learned)
        found = OPERATORS[node.op_type](given)
        if given.unread:
            shown = ", ".join(f"{name}={value}" for name, value in given.unread.items())
            raise Refusal(f"{shown} is not read", "leave that attribute at its default")
        return found if isinstance(found, tuple) else [found]

    def _value(self, number: int, values: dict[str, Found], name: str) -> Found:
        if name not in values:
            raise OnnxError(f"{self._at(number)}: reads {name!r}, which nothing before it gives")
        return values[name]

    def _folded(self, number: int, node: onnx_ir.Node, inputs: list[Found | None]) -> Sequence[Found]:
        """What a node answers that no clip decides: worked out by ONNX's own reference."""
        import onnx_ir
        from onnx.reference import ReferenceEvaluator

        arrays = [each for each in inputs if isinstance(each, np.ndarray)]
        if sum(each.size for each in arrays) > MOST_FOLDED or node.op_type in ("If", "Loop", "Scan"):
            raise OnnxError(f"{self._at(number)}: works out too much from constants; simplify the file first")
        if node.op_type in ("ConstantOfShape", "Expand", "Tile") and _product(arrays[-1]) > MOST_FOLDED:
            raise OnnxError(f"{self._at(number)}: makes a constant of more than {MOST_FOLDED} numbers")
        names = [None if each is None else str(each.name) for each in node.inputs]
        try:
            proto = onnx_ir.to_proto(node)
            feeds = {name: each for name, each in zip(names, inputs, strict=True) if name is not None}
            with np.errstate(all="ignore"):
                answers = ReferenceEvaluator(proto, opsets={"": self.opset}).run(None, feeds)
        except Exception as error:  # whatever the reference makes of a broken node
            raise OnnxError(f"{self._at(number)}: cannot be worked out: {first_line(error)}") from error
        return [np.asarray(each) for each in answers]

    def _declared(self, number: int, value: onnx_ir.Value, refusal: Refusal) -> list[int]:
        """The shape that the file says of what a node answers that cannot be read."""
        shape = [each for each in value.shape or () if isinstance(each, int)]
        if value.shape is None or len(shape) < len(value.shape):
            others = sorted({_named(each) for each in self.nodes if not _is_known(each)})
            listed = f"; not read here are {', '.join(others)}" if others else ""
            hint = f"; {refusal.nearest}" if refusal.nearest else ""
            raise OnnxError(f"{self._at(number)}: {refusal.reason}{hint}{listed}")
        return shape

    def _checked(self, number: int, node: onnx_ir.Node, value: onnx_ir.Value, found: Found) -> Found:
        """What a node answers, once it has the shape that the file says of it."""
        declared = None if value.shape is None else tuple(value.shape)
        if not isinstance(found, Tensor) or declared is None or None in self.sizes:
            return found
        fits = len(declared) == found.dim() and all(
            not isinstance(size, int) or size == int(there)
            for size, there in zip(declared, found.shape, strict=True)
        )
        if not fits:
            shapes = f"{tuple(found.shape)}, and the file says {tuple(map(str, declared))}"
            raise OnnxError(f"{self._at(number)}: {node.op_type} answers {shapes}")
        return found

    def placed(self, graph: fx.Graph) -> None:
        """Puts the names of the modules that the file was made of on the calls of its program."""
        for call in graph.nodes:
            number = call.meta.get("custom", {}).get(PLACE)
            if number is not None:
                place = self.places[int(number)]
                kind = "torch.nn.modules.Layer" if place.is_layer else "Module"
                call.meta["nn_module_stack"] = {"": (place.path, kind)}

    def _at(self, number: int) -> str:
        node = self.nodes[number]
        return f"{self.path}: node {number + 1}, {_named(node)} {node.name or ''}".rstrip()

    @contextmanager
    def _noting(self, number: int) -> Iterator[None]:
        place = self.places[number]
        try:
            from torch.fx.traceback import annotate
        except ImportError:  # an older torch, whose nodes go without
            yield
            return
        with annotate({KEY: f"{place.file}:{place.line}", PLACE: str(number)}):
            yield


def _shape(node: onnx_ir.Node, value: Tensor) -> np.ndarray:
    sizes = [int(each) for each in value.shape]
    if node.op_type == "Size":
        return np.array(prod(sizes), dtype=np.int64)
    ends = {name: node.attributes[name].value for name in ("start", "end") if name in node.attributes}
    return np.array(sizes[ends.get("start", 0) : ends.get("end")], dtype=np.int64)


def _is_known(node: onnx_ir.Node) -> bool:
    known = node.op_type in OPERATORS or node.op_type in ("Shape", "Size", "Constant")
    return known and node.domain in OWN_DOMAINS


def _named(node: onnx_ir.Node) -> str:
    return node.op_type if node.domain in OWN_DOMAINS else f"{node.domain}.{node.op_type}"


def _product(sizes: np.ndarray) -> float:
    return float(np.prod(np.abs(sizes.astype(float)))) if sizes.dtype.kind in "iu" else 0.0
