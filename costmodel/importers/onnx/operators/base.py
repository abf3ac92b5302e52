"""The register of operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor

from costmodel.errors import GraphError
from costmodel.importers.onnx.given import Given

Operator: TypeAlias = Callable[[Given], Tensor | tuple[Tensor, ...]]
OPERATORS: dict[str, Operator] = {}


def operator(*names: str) -> Callable[[Operator], Operator]:
    """Registers what operators of ONNX are in torch, whose rules then read them.

    Raises:
        GraphError: an operator is registered already.
    """

    def register(function: Operator) -> Operator:
        for name in names:
            if name in OPERATORS:
                raise GraphError(f"{name} has two meanings")
            OPERATORS[name] = function
        return function

    return register
