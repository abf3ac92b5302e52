"""Whether every op has all its parts, asked when `costmodel.emit` is imported."""

from __future__ import annotations

from collections.abc import Iterable

from costmodel.emit.modules.base import MIRRORS
from costmodel.emit.modules.keeper import KEEPERS
from costmodel.emit.modules.written import SOURCES, STEP_SOURCES
from costmodel.errors import EmitError
from costmodel.ops import OPS, Delay, Op


def check_parts(ops: Iterable[type[Op]] = ()) -> None:
    """Refuses ops of which a part is forgotten, so that no network fails at its first step.

    Args:
        ops: those that must have all their parts; every registered op where none is given.

    Raises:
        EmitError: a part is missing; names each op and its part.
    """
    known = tuple(ops) or (*(op for op in dict.fromkeys(OPS.values()) if op.runs), Delay)
    stateful = [op for op in known if op.carry is not Op.carry]
    steps = [op for op in stateful if not op.is_step_form]
    forgotten = [
        *MIRRORS.missing(known),
        *KEEPERS.missing(stateful),
        *SOURCES.missing(known),
        *STEP_SOURCES.missing(steps),
    ]
    if forgotten:
        raise EmitError(f"{'; '.join(forgotten)}; register it beside the others in costmodel/emit/modules")
