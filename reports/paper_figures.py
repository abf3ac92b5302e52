"""A paper's figures from our numbers: costs computed, accuracies and speeds as published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from costmodel.errors import OptionError, nearest
from costmodel.spec.load import Item
from reports.cells import Cell, Paper
from reports.networks import Networks
from reports.papers import paper
from reports.printed import number
from reports.reproduce import Ours

CSV_COLUMNS = ("series", "label", "x", "x_is", "y", "y_is")


@dataclass(frozen=True)
class Point:
    """A network in a figure; whether its place along the cost is ours, or as published."""

    label: str
    x: float
    y: float
    is_computed: bool


@dataclass(frozen=True)
class Series:
    """Points of one colour, joined by a line or not."""

    name: str
    points: tuple[Point, ...]
    is_joined: bool = False


@dataclass(frozen=True)
class PaperFigure:
    """A figure of a paper.

    Args:
        name: such as co3d_1, of its files.
        cost: the figure of a study's networks that its x axis has; empty where it has none of theirs.
        scale: by how much that is divided.
        alone: costs whose accuracy the paper draws and does not print.
    """

    name: str
    title: str
    x: str
    y: str
    is_log: bool
    series: tuple[Series, ...]
    cost: str = ""
    scale: float = 1
    alone: tuple[float, ...] = ()

    def rows(self) -> list[dict[str, object]]:
        """Its points, and what each number is."""
        return [
            {
                "series": series.name,
                "label": point.label,
                "x": point.x,
                "x_is": "computed" if point.is_computed else "published",
                "y": point.y,
                "y_is": "measured" if series.name == OWN else "published",
            }
            for series in self.series
            for point in series.points
        ]


OWN = "yours"


def figure_of(name: str) -> PaperFigure:
    """The figure of `co3d:1`.

    Raises:
        OptionError: it is not known, or the paper prints none of its numbers.
    """
    wanted, colon, label = name.rpartition(":")
    if not colon:
        raise OptionError(f"--figure: {name!r}, expected PAPER:FIGURE such as co3d:1")
    try:
        source = paper(wanted)
    except OptionError as error:
        raise OptionError(f"--figure: {error}") from error
    if label not in source.drawn:
        raise OptionError(f"--figure: {wanted} has no figure {label!r}{nearest(label, source.drawn)}")
    given = source.drawn[label].value
    if "none" in given:
        raise OptionError(f"--figure: {name}: {given['none'].value}")
    return _Read(source, Ours(source, Networks()), given).figure(f"{source.name}_{label}")


def with_study(figure: PaperFigure, study: Path) -> PaperFigure:
    """The figure with the networks that a study has trained, by their costs and scores.

    Raises:
        OptionError: the figure is about speeds, or no network of the study has a score and this cost.
        StudyError: the study cannot be read.
    """
    from search.study.history import candidates_of
    from search.study.study import read_study

    if not figure.cost:
        raise OptionError(
            "--study: its networks have no speed on the paper's devices, which this figure is about"
        )
    with read_study(study) as opened:
        found = [each for each in candidates_of(opened) if each["score"] is not None]
    points = tuple(
        Point("", each["costs"][figure.cost] / figure.scale, 100 * each["score"], True)
        for each in found
        if each["score_name"] == "train" and each["costs"].get(figure.cost) is not None
    )
    if not points:
        raise OptionError(f"--study: {study} has no trained network with {figure.cost}")
    return replace(figure, series=(*figure.series, Series(OWN, points)))


@dataclass(frozen=True)
class _Read:
    """Reads a figure of a paper's file."""

    source: Paper
    ours: Ours
    given: Mapping[str, Item]

    def figure(self, name: str) -> PaperFigure:
        return PaperFigure(
            name,
            self._text("title"),
            self._text("x"),
            self._text("y"),
            self._text("log") == "True",
            tuple(Series(*each) for each in self._series()),
            self._text("cost"),
            float(self._text("scale") or 1),
            tuple(self._value(each) for each in self._list("alone")),
        )

    def _text(self, key: str) -> str:
        return str(self.given[key].value) if key in self.given else ""

    def _list(self, key: str) -> Sequence[Item]:
        found: Sequence[Item] = self.given[key].value if key in self.given else ()
        return found

    def _series(self) -> Iterator[tuple[str, tuple[Point, ...], bool]]:
        for item in self._list("series"):
            given = item.value
            rows = given["rows"].value if "rows" in given else ()
            points = [point for pattern in rows for point in self._of_table(str(pattern.value))]
            points += [
                self._point(each.value) for each in (given["points"].value if "points" in given else ())
            ]
            yield str(given["name"].value), tuple(points), "joined" in given

    def _of_table(self, pattern: str) -> Iterator[Point]:
        """The rows of the figure's table whose names match, by its two columns."""
        table, across, along = (str(each.value) for each in self._list("of"))
        for row in self.source.tables[table].rows:
            x, y = (self.source.cell(table, row, each) for each in (across, along))
            if (
                fnmatchcase(row, pattern)
                and x is not None
                and y is not None
                and not (x.is_given or y.is_given)
            ):
                yield self._between(row, x, y)

    def _between(self, label: str, x: Cell, y: Cell) -> Point:
        # a speed is measured: nothing of ours stands beside it
        value = None if x.claim == "measured" else self.ours.reproduced(x).value
        if value is None or isinstance(value, str):
            return Point(label, float(number(x.printed)), float(number(y.printed)), False)
        return Point(label, float(value), float(number(y.printed)), True)

    def _point(self, given: Mapping[str, Item]) -> Point:
        table, row, figure = (str(each.value) for each in given["y"].value)
        cell = self.source.cell(table, row, figure)
        if cell is None:
            raise given["y"].error(f"no figure of the paper: {table}, {row}, {figure}")
        return Point(str(given["label"].value), self._value(given["x"]), float(number(cell.printed)), True)

    def _value(self, item: Item) -> float:
        """An expression over the paper's networks, as its tables have them."""
        cell = Cell(self.source.name, "figure", self._text("figure"), "x", "", self.source.settings, item)
        found = self.ours.networks.evaluated(cell, str(item.value), self.source.networks, {})
        if found is None or isinstance(found, str):
            raise item.error(f"{item.value!r} is no number")
        return float(found)
