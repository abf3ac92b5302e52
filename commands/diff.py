"""`diff`: what changed from one network to another, for people and for scripts."""

from __future__ import annotations

from commands.command import Command
from commands.options import DTYPE, FORMAT
from commands.printing import show, tell_missing
from commands.source import Source
from costmodel.errors import OptionError
from costmodel.options import Option

EXAMPLES = """What changed from one network to another: its figures, and its layers.

Layers are matched by what they do and how they are joined, not by their names. Exit code 0 where the networks
are the same, 1 where they differ.

Examples:

    diff main.yaml mine.yaml

    diff "x3d --variant S" "x3d --variant M"

    diff x3d_m "x3d_m --causal" --layers       all layers, those with other maps alone included

    diff main.yaml mine.yaml --format md       for a comment on a change
"""


def diff(sources: list[Source], layers: bool, dtype: str, format: str) -> int:
    """Prints what changed; 1 where anything did."""
    if len(sources) != 2:
        raise OptionError(f"diff: {len(sources)} networks, expected two")
    from reports.diff import Difference
    from reports.diff_page import page

    found = Difference.of(sources[0], sources[1], dtype)
    tell_missing()
    show(page(found, all_layers=layers), format)
    return 0 if found.is_none else 1


COMMAND = Command(
    diff,
    EXAMPLES,
    (
        Option("layers", "All layers that differ, not the ones that differ most.", bool, False),
        DTYPE,
        FORMAT,
    ),
    takes="lines",
)
