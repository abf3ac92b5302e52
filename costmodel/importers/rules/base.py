"""The register of rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from costmodel.errors import GraphError
from costmodel.importers.call import Call
from costmodel.importers.value import Found

Rule: TypeAlias = Callable[[Call], Found]
RULES: dict[str, Rule] = {}


def rule(*targets: str) -> Callable[[Rule], Rule]:
    """Registers a rule for ops of torch's, such as `conv3d.default`.

    Raises:
        GraphError: an op has a rule already.
    """

    def register(function: Rule) -> Rule:
        for target in targets:
            if target in RULES:
                raise GraphError(f"{target} has two rules")
            RULES[target] = function
        return function

    return register
