"""A network stage by stage: a row for each, with bars of what it keeps and of its largest map."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from costmodel.analysis.cost import Analysis
from reports.table import Row, Table
from reports.tables import figure, rounded

BAR_WIDTH = 8
BLOCKS = " ▏▎▍▌▋▊▉█"  # eighths of a letter
# the bars have no heading, as they stand behind the numbers that they draw
STATE_BAR, MAP_BAR = " ", "  "
COLUMNS = ("stage", "layers", "output", "params", "MACs", "state", STATE_BAR, "map", MAP_BAR)
LEAST_COLUMNS = ("params", "layers", MAP_BAR, STATE_BAR)


def stages(analysis: Analysis, title: str, depth: int = 1) -> Table:
    """A row for all layers whose names begin with the same parts, and for each that stands alone.

    A layer that stands alone and only changes values, such as a ReLU, counts to the stage ahead of it.

    Args:
        analysis: the figures of the network.
        title: the line above.
        depth: how many parts of a layer's name tell stages apart: `res2` with 1, `res2.0` with 2.
    """
    found = _grouped(analysis.rows, depth)
    sums = {
        name: {key: sum(_number(row[key]) for row in rows) for key in ("params", "macs", "state_floats")}
        for name, rows in found.items()
    }
    maps = {name: max(_number(row["activation_floats"]) for row in rows) for name, rows in found.items()}
    most_kept, most_mapped = max(each["state_floats"] for each in sums.values()), max(maps.values())
    table = [
        {
            "stage": name,
            "layers": len(rows),
            "output": shape(rows[-1]),
            "params": brief(sums[name]["params"]),
            "MACs": brief(sums[name]["macs"]),
            "state": brief(sums[name]["state_floats"]),
            STATE_BAR: bar(sums[name]["state_floats"], most_kept),
            "map": brief(maps[name]),
            MAP_BAR: bar(maps[name], most_mapped),
        }
        for name, rows in found.items()
    ]
    return Table(table, COLUMNS, title, drop=LEAST_COLUMNS)


def _grouped(rows: Sequence[Row], depth: int) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    ahead = ""
    for row in rows:
        parts = str(row["name"]).split(".")
        stage = ".".join(parts[:depth])
        if ahead and len(parts) == 1 and _only_changes_values(row, found[ahead][-1]):
            stage = ahead
        found.setdefault(stage, []).append(row)
        ahead = stage
    return found


def _only_changes_values(row: Row, ahead: Row) -> bool:
    is_plain = not (_number(row["macs"]) or _number(row["state_floats"]))
    return is_plain and row["inputs"] == [ahead["name"]] and row["out"] == ahead["out"]


def shape(row: Row) -> str:
    """The output of a layer, such as 24x16x112x112."""
    out = row["out"]
    return "x".join(map(str, out.values())) if isinstance(out, dict) else str(out)


def brief(value: float) -> str:
    """A number of few letters."""
    return rounded(value) or figure(value)


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
