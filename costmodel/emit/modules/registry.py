"""Parts of ops by the class of op: what runs it, what it keeps, how it is written as source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from costmodel.errors import EmitError, nearest
from costmodel.ops import Op

Part = TypeVar("Part")
Given = TypeVar("Given")


class Registry(dict[type[Op], Part]):
    """One part of every op. A subclass of an op does not inherit it: it may run otherwise.

    Args:
        part: what it is, as in "Conv has no layer".
    """

    def __init__(self, part: str) -> None:
        super().__init__()
        self.part = part

    def add(self, ops: Iterable[type[Op]], part: Part) -> None:
        """Registers the part of these ops.

        Raises:
            EmitError: an op has one already.
        """
        for op in ops:
            if op in self:
                names = " and ".join(getattr(each, "__name__", "?") for each in (self[op], part))
                raise EmitError(f"{op.__name__}: has a {self.part} twice, {names}")
            self[op] = part

    def of(self, op: Op) -> Part:
        """The part of an op; of a frame-by-frame form, of the op that runs in it.

        Raises:
            EmitError: it has none.
        """
        kind = type(op.unwrapped)
        if not kind.runs:
            raise EmitError("stands for a call that import has no layer for, and cannot be run")
        if kind not in self:
            known = [each.__name__ for each in self]
            raise EmitError(f"{kind.__name__} has no {self.part}{nearest(kind.__name__, known)}")
        return self[kind]

    def missing(self, ops: Iterable[type[Op]]) -> list[str]:
        """What is forgotten, in words, one for each op."""
        return [f"{op.__name__} has no {self.part}" for op in ops if op not in self]
