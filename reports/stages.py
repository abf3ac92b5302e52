"""A network stage by stage: a row for each, with bars of what it keeps and of its largest map."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from costmodel.analysis.cost import Analysis
from costmodel.analysis.stages import stages_of
from costmodel.readable import brief as brief
from reports.table import Row, Table

BAR_WIDTH = 8
BLOCKS = " ▏▎▍▌▋▊▉█"  # eighths of a letter
# the bars have no heading, as they stand behind the numbers that they draw
STATE_BAR, MAP_BAR = " ", "  "
COLUMNS = ("stage", "layers", "output", "params", "MACs", "state", STATE_BAR, "map", MAP_BAR)
LEAST_COLUMNS = ("params", "layers", MAP_BAR, STATE_BAR)


def stages(analysis: Analysis, title: str, depth: int = 1) -> Table:
    """A row for each stage.

    Args:
        analysis: the figures of the network.
        title: the line above.
        depth: how many parts of a layer's name tell stages apart: `res2` with 1, `res2.0` with 2.
    """
    found = stages_of(analysis.rows, depth)
    most_kept = max(each.state_floats for each in found)
    most_mapped = max(each.activation_floats for each in found)
    table = [
        {
            "stage": each.name,
            "layers": each.layers,
            "output": each.shape,
            "params": brief(each.params),
            "MACs": brief(each.macs),
            "state": brief(each.state_floats),
            STATE_BAR: bar(each.state_floats, most_kept),
            "map": brief(each.activation_floats),
            MAP_BAR: bar(each.activation_floats, most_mapped),
        }
        for each in found
    ]
    return Table(table, COLUMNS, title, drop=LEAST_COLUMNS)


def shape(row: Row) -> str:
    """The output of a layer, such as 24x16x112x112."""
    out = row["out"]
    return "x".join(map(str, out.values())) if isinstance(out, dict) else str(out)


def bar(value: float, most: float) -> str:
    """A bar that is as long as a value is large, in blocks where the terminal has them."""
    eighths = round(8 * BAR_WIDTH * value / most) if most else 0
    if not _shows(BLOCKS):
        return "#" * round(eighths / 8)
    return (BLOCKS[-1] * (eighths // 8) + BLOCKS[eighths % 8]).rstrip()


def _shows(text: str) -> bool:
    """Whether standard output has these letters."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return value


def largest(rows: Sequence[Row], count: int) -> list[Row]:
    """The layers that hold most: between frames first, then in what they give on."""
    ranked = sorted(rows, key=lambda row: (-_number(row["state_floats"]), -_number(row["activation_floats"])))
    return ranked[:count]
