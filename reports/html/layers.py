"""The layers of a network, the clip's beside the stream's, folded by stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from costmodel.analysis.cost import Analysis
from costmodel.analysis.stages import by_stage
from reports.html.parts import Cell, Column, Grid, Group, shown
from reports.stages import shape

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A column of numbers: its title, its definition, the key of a layer's row, and how stages sum up.

    Args:
        is_clip: whether it is read from the clip network.
        is_largest: whether a stage's is that of its largest layer, not the sum.
        has_bar: whether a bar shows its share of the largest.
    """

    title: str
    term: str
    key: str
    is_clip: bool = False
    is_largest: bool = False
    has_bar: bool = False


STREAM = (
    Figure("params", "params", "params"),
    Figure("MACs a frame", "macs_per_frame", "macs", has_bar=True),
    Figure("state", "state_floats", "state_floats", has_bar=True),
    Figure("map", "activation_floats", "activation_floats", is_largest=True, has_bar=True),
    Figure("sees, frames", "receptive_field", "receptive_field", is_largest=True),
    Figure("delay", "delay", "delay", is_largest=True),
    Figure("MACs a clip", "macs_per_clip", "macs", is_clip=True),
    Figure("clip's map", "activation_floats", "activation_floats", is_clip=True, is_largest=True),
)
CLIP = (
    Figure("params", "params", "params"),
    Figure("MACs a clip", "macs_per_clip", "macs", has_bar=True),
    Figure("map", "activation_floats", "activation_floats", is_largest=True, has_bar=True),
    Figure("sees, frames", "receptive_field", "receptive_field", is_largest=True),
    Figure("delay", "delay", "delay", is_largest=True),
)


def layer_grid(analysis: Analysis, clip: Analysis, depth: int = 1) -> Grid:
    """The table of layers of a network.

    Args:
        analysis: of the network that the page is about.
        clip: of its clip network.
        depth: parts of layers' names that tell stages apart.
    """
    figures = STREAM if analysis.mode == "continual" else CLIP
    in_clip = {row["name"]: row for row in clip.rows}
    values = {row["name"]: _values(figures, row, in_clip) for row in analysis.rows}
    stages = by_stage(analysis.rows, depth)
    sums = {name: _sums(figures, [values[row["name"]] for row in rows]) for name, rows in stages.items()}
    most, most_of_stage = _most(values.values()), _most(sums.values())
    groups = [
        Group(
            [_cells(row, figures, values[row["name"]], most) for row in rows],
            name,
            f"{len(rows)} layer{'' if len(rows) == 1 else 's'}",
            [Cell(""), Cell(shape(rows[-1])), *_numbers(figures, sums[name], most_of_stage)],
        )
        for name, rows in stages.items()
    ]
    columns = (
        *(Column(title, is_number=False) for title in ("layer", "op", "output")),
        *(Column(each.title, each.term) for each in figures),
    )
    return Grid(columns, groups, "layers", group_word="stage")


def _values(figures: Sequence[Figure], row: Row, in_clip: Mapping[str, Row]) -> list[Any]:
    # a delay has no row in the clip network
    sides = (in_clip.get(row["name"], {}) if each.is_clip else row for each in figures)
    return [side.get(each.key) for each, side in zip(figures, sides, strict=True)]


def _sums(figures: Sequence[Figure], rows: Sequence[Sequence[Any]]) -> list[Any]:
    """The figures of a stage."""
    columns = ([each for each in column if each is not None] for column in zip(*rows, strict=True))
    return [
        max(column, default=0) if each.is_largest else sum(column)
        for each, column in zip(figures, columns, strict=True)
    ]


def _most(rows: Iterable[Sequence[Any]]) -> list[float]:
    """The largest finite value of each column, and at least 1."""
    return [
        max([1, *(each for each in column if each is not None and isfinite(each))])
        for column in zip(*rows, strict=True)
    ]


def _cells(row: Row, figures: Sequence[Figure], values: Sequence[Any], most: Sequence[float]) -> list[Cell]:
    words = [Cell(str(row["name"])), Cell(str(row["op"])), Cell(shape(row))]
    return words + _numbers(figures, values, most)


def _numbers(figures: Sequence[Figure], values: Sequence[Any], most: Sequence[float]) -> list[Cell]:
    return [
        Cell("" if value is None else shown(value), value / top if each.has_bar and value else 0)
        for each, value, top in zip(figures, values, most, strict=True)
    ]
