"""The arguments of a call by the names of the op's schema; none of them can be passed over."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx


class Arguments:
    """What a call was given, by name; `unread` names what no rule has asked for."""

    def __init__(self, node: fx.Node) -> None:
        target = node.target
        assert isinstance(target, torch._ops.OpOverload)
        known = target._schema.arguments
        given = dict(zip((each.name for each in known), node.args, strict=False)) | node.kwargs
        self._defaults = {each.name: each.default_value for each in known if each.has_default_value()}
        self._given: dict[str, Any] = given
        self._read: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._given or name in self._defaults

    def __getitem__(self, name: str) -> Any:  # whatever a schema has: numbers, lists, nodes
        self._read.add(name)
        return self._given[name] if name in self._given else self._defaults[name]

    def get(self, name: str, otherwise: object = None) -> Any:
        """An argument, or something else where the op has none of that name."""
        if name not in self:
            return otherwise
        return self[name]

    def changes_nothing(self, *names: str) -> None:
        """Says of arguments that the answer does not hang on them, or is told by its shape."""
        self._read.update(names)

    @property
    def unread(self) -> dict[str, object]:
        """Arguments that were given, differ from their defaults, and were not asked for."""
        return {
            name: value
            for name, value in self._given.items()
            if name not in self._read and not self._is_default(name, value)
        }

    def _is_default(self, name: str, value: object) -> bool:
        if name not in self._defaults:
            return False
        # True equals 1, and is another argument all the same.
        default = self._defaults[name]
        return type(value) is type(default) and value == default
