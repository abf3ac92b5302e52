"""Why a module cannot be read: each call that is not known, with the user's own line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from costmodel.errors import SpecError

MOST_SHOWN = 50


class ModuleError(SpecError):
    """A module cannot be read as a network of ours. Holds one message for each call that is not known."""

    def __init__(self, *messages: str, unknown: Iterable[UnknownCall] = ()) -> None:
        self.unknown = tuple(unknown)
        super().__init__(*messages)


class Refusal(Exception):  # noqa: N818 - told by the reader, with the line and all others
    """A call that has no layer of ours: the reason, and the nearest that would work.

    Args:
        reason: why not.
        nearest: what to write in its place; empty where nothing comes near.
        op: what the call is called; as torch calls it where it is empty.
    """

    def __init__(self, reason: str, nearest: str = "", op: str = "") -> None:
        self.reason, self.nearest, self.op = reason, nearest, op
        super().__init__(reason)


@dataclass(frozen=True)
class Line:
    """A line of the user's Python."""

    file: str = ""
    number: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.number}" if self.file else "somewhere"


@dataclass(frozen=True)
class UnknownCall:
    """A call that has no layer of ours.

    Args:
        op: what torch calls it.
        line: where the user calls it.
        module: the path of the module that calls it.
        takes: the shapes that it takes.
        gives: the shape that it answers.
        reason: why it has none.
        nearest: what would work in its place.
    """

    op: str
    line: Line
    module: str
    takes: tuple[tuple[int, ...], ...]
    gives: tuple[int, ...]
    reason: str
    nearest: str = ""

    def __str__(self) -> str:
        place = f" in {self.module}" if self.module else ""
        shapes = f"{', '.join(map(_shape, self.takes)) or 'nothing'} -> {_shape(self.gives)}"
        hint = f"; {self.nearest}" if self.nearest else ""
        return f"{self.line}: {self.op}{place} ({shapes}): {self.reason}{hint}"

    def to_dict(self) -> dict[str, object]:
        """The call as JSON has it."""
        return {
            "op": self.op,
            "file": self.line.file,
            "line": self.line.number,
            "shapes": [list(each) for each in (*self.takes, self.gives)],
            "reason": self.reason,
            "nearest": self.nearest,
        }


def refused(name: str, unknown: Iterable[UnknownCall]) -> ModuleError:
    """The error that lists all calls that are not known."""
    found = list(unknown)
    messages = [str(each) for each in found[:MOST_SHOWN]]
    if len(found) > MOST_SHOWN:
        messages.append(f"{name}: {len(found) - MOST_SHOWN} more calls are not known")
    return ModuleError(*messages, unknown=found)


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a number"
