"""The tensors of an ONNX file as a module has them: parameters, buffers, and numbers that are known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from costmodel.importers.onnx.file import OnnxError
from costmodel.importers.onnx.operators.recurrent import GATES, reordered

if TYPE_CHECKING:
    import onnx_ir

# The inputs that hold what a layer learned, those that hold statistics, and those that are settings.
LEARNED = {
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "Gemm": (1, 2),
    "MatMul": (0, 1),
    "BatchNormalization": (1, 2),
    "LayerNormalization": (1, 2),
    "InstanceNormalization": (1, 2),
    "GroupNormalization": (1, 2),
    "RMSNormalization": (1,),
    "PRelu": (1,),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), (0, 1)),
}
STATISTICS = {"BatchNormalization": (3, 4)}
SETTINGS = {
    "Resize": (1, 2, 3),
    "Clip": (1, 2),
    "Pad": (1, 2, 3),
    "LSTM": (1, 2, 3, 5, 6),
    "GRU": (1, 2, 3, 5),
}


class StoredTensors(nn.Module):
    """A module with the tensors of a file.

    Args:
        model: the network, its constants as initializers.
        path: its file, for messages.
    """

    def __init__(self, model: onnx_ir.Model, path: Path) -> None:
        super().__init__()
        self.graph, self.path = model.graph, path
        self.nodes = list(model.graph)
        # Tensors are asked for by name each time: an exporter puts others in their place.
        self.keys: dict[str, str] = {}
        self.numbers: dict[str, np.ndarray] = {}
        self.gates: dict[int, list[str]] = {}
        self._store()

    def _store(self) -> None:
        """Puts the file's tensors where they belong: learned ones, statistics, and numbers."""
        slots: dict[str, set[str]] = {}
        for node in self.nodes:
            for index, value in enumerate(node.inputs):
                if value is not None and value.name in self.graph.initializers:
                    slots.setdefault(str(value.name), set()).add(_slot(node.op_type, index))
        for name, kinds in slots.items():
            tensor = self.graph.initializers[name].const_value
            if tensor is None:
                raise OnnxError(f"{self.path}: tensor {name} has no values")
            self._place(name, np.array(tensor.numpy()), kinds)
        for number, node in enumerate(self.nodes):
            if node.op_type in GATES:
                self.gates[number] = self._gates(number, node)

    def _place(self, name: str, values: np.ndarray, kinds: set[str]) -> None:
        is_number = values.ndim == 0 or values.dtype != np.float32 or kinds <= {"setting"}
        if is_number or (kinds <= {"other", "setting"} and not values.any()):
            self.numbers[name] = values
            return
        self.keys[name] = self._key(name)
        self._keep(self.keys[name], values, is_learned=not kinds <= {"statistic"})

    def _keep(self, key: str, values: np.ndarray, *, is_learned: bool) -> None:
        tensor = torch.from_numpy(values)
        if is_learned:
            self.register_parameter(key, nn.Parameter(tensor, requires_grad=False))
        else:
            self.register_buffer(key, tensor)

    def _gates(self, number: int, node: onnx_ir.Node) -> list[str]:
        """The names of a recurrent layer's tensors as torch has them: gates in order, biases apart."""
        arrays = [None if each is None else self.numbers.get(str(each.name)) for each in node.inputs[1:4]]
        if any(each is None for each in arrays[:2]):
            return []  # told where it runs
        parts = [each[0] for each in arrays if each is not None]
        parts = [*parts[:2], *np.split(parts[2], 2)] if len(parts) > 2 else parts
        keys = []
        for place, part in enumerate(parts):
            keys.append(self._key(f"{node.name}.{place}"))
            self._keep(keys[-1], reordered(np.array(part), node.op_type), is_learned=True)
        return keys

    def _key(self, name: str) -> str:
        base = key = name.replace(".", "_") or "tensor"
        number = 1
        while hasattr(self, key):
            number += 1
            key = f"{base}_{number}"
        return key


def _slot(kind: str, index: int) -> str:
    if index in LEARNED.get(kind, ()):
        return "learned"
    if index in STATISTICS.get(kind, ()):
        return "statistic"
    return "setting" if index in SETTINGS.get(kind, ()) else "other"
