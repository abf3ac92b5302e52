"""One node of an ONNX network, as what it means in torch asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from torch import Tensor

from costmodel.importers.refusal import Refusal

if TYPE_CHECKING:
    import onnx_ir

# A tensor that the clip decides or that is learned; or numbers that are known, such as a shape.
Found: TypeAlias = "Tensor | np.ndarray"


class Given:
    """A node's inputs and attributes; `unread` names attributes that nothing has asked for.

    Args:
        node: the node.
        inputs: what it takes, in order; None for what it leaves out.
        opset: the version of its operators.
        learned: which of its inputs are tensors of the file.
    """

    def __init__(
        self, node: onnx_ir.Node, inputs: Sequence[Found | None], opset: int, learned: frozenset[int]
    ) -> None:
        self.node, self.inputs, self.opset, self.learned = node, inputs, opset, learned
        self._read: set[str] = set()

    def attribute(self, name: str, otherwise: object = None) -> object:
        """An attribute, or something else where the node has none of that name."""
        self._read.add(name)
        found = self.node.attributes.get(name)
        return otherwise if found is None else found.value

    def number(self, name: str, otherwise: float) -> float:
        """A number, as short as 32 bits tell it: 0.1, not 0.10000000149."""
        return float(str(np.float32(self.attribute(name, otherwise))))  # type: ignore[arg-type]

    def whole(self, name: str, otherwise: int) -> int:
        """A whole number."""
        return int(self.attribute(name, otherwise))  # type: ignore[call-overload, no-any-return]

    def wholes(self, name: str, otherwise: Sequence[int] = ()) -> list[int]:
        """A list of whole numbers."""
        found = self.attribute(name)
        return list(otherwise) if found is None else [int(each) for each in found]  # type: ignore[attr-defined]

    def text(self, name: str, otherwise: str) -> str:
        """A word."""
        return str(self.attribute(name, otherwise))

    def must_be(self, name: str, *wanted: object) -> None:
        """Demands that an attribute has the first of these values, where it is given, or another of them.

        Raises:
            Refusal: it has another.
        """
        found = self.attribute(name, wanted[0])
        if found not in wanted:
            raise Refusal(f"{name} is {found}, expected {wanted[0]}")

    def changes_nothing(self, *names: str) -> None:
        """Says of attributes that the answer does not hang on them, or is told by a shape."""
        self._read.update(names)

    @property
    def unread(self) -> dict[str, object]:
        """Attributes that were given and not asked for."""
        return {name: each.value for name, each in self.node.attributes.items() if name not in self._read}

    def has(self, index: int) -> bool:
        """Whether an input is there."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def tensor(self, index: int = 0) -> Tensor:
        """An input as a tensor of torch's; zeros are made as zeros, which are read as such."""
        found = self.inputs[index]
        if isinstance(found, Tensor):
            return found
        if found is None:
            raise Refusal(f"lacks its input {index}")
        if found.dtype == np.float32 and not found.any():
            return torch.zeros(found.shape)
        return torch.from_numpy(np.array(found))

    def maybe(self, index: int) -> Tensor | None:
        """An input as a tensor; None where there is none."""
        return self.tensor(index) if self.has(index) else None

    def side(self, index: int) -> Tensor | float:
        """An input as a tensor, or as a number where it is a single one that is known."""
        found = self.inputs[index]
        if isinstance(found, np.ndarray) and found.ndim == 0:
            return float(str(found)) if found.dtype.kind == "f" else int(found)
        return self.tensor(index)

    def known(self, index: int, name: str) -> np.ndarray:
        """An input that no clip decides, as numbers.

        Raises:
            Refusal: it hangs on the clip, or is learned.
        """
        found = self.inputs[index]
        if not isinstance(found, np.ndarray):
            raise Refusal(f"its {name} is not known before it runs", "export it for a fixed shape")
        return found

    def listed(self, index: int, name: str, otherwise: Sequence[int] | None = None) -> list[int] | None:
        """Whole numbers that newer files have as an input and older ones as an attribute."""
        if self.has(index):
            return [int(each) for each in self.known(index, name).reshape(-1)]
        found = self.attribute(name)
        if found is None:
            return None if otherwise is None else list(otherwise)
        return [int(each) for each in found]  # type: ignore[attr-defined]
