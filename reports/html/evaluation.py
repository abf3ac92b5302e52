"""A network's accuracy frame by frame as a page: while it warms up, by tenth of the video, with noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.evaluation import NAMES, StreamAccuracy, sheet, tables
from reports.html.parts import Tile
from reports.html.scatter import Axis, Point, Scatter
from reports.html.sections import Drawing, Section, page, section_of

Row = Mapping[str, Any]
PERCENT = "accuracy, %"


def evaluation(found: StreamAccuracy, command: str) -> bytes:
    """The page.

    Args:
        found: what was measured.
        command: the command line that makes it.
    """
    measured = tables(found)
    drawings = [_transient(found), *_others(found)]
    sections = [Section("Accuracy against frames seen", measured[0].title, drawings[:1])]
    sections += [Section("Further measurements", "", drawings[1:])] if drawings[1:] else []
    sections.append(section_of(sheet(found), "Frames seen"))
    sections += [section_of(each, each.title.partition(";")[0].capitalize()) for each in measured[1:]]
    return page(
        f"{found.name}: accuracy frame by frame",
        sections,
        command,
        kicker="On a live stream",
        tiles=_tiles(found),
    )


def _tiles(found: StreamAccuracy) -> list[Tile]:
    last = found.seen[-1]
    told = found.clock.told
    first = f"{told(found.delay + 1)}: model frames / camera frames / seconds"
    warm = "never: it remembers all frames" if found.warmup is None else f"{told(found.warmup + 1)}"
    error = f"± {100 * found.clip_error:.1f}"
    ends = [f"{100 * last[name]:.1f}" for name in found.inits]
    return [
        Tile("Clip network", f"{100 * found.clip_accuracy:.1f}", f"% {error}", "one clip from the middle"),
        Tile("Frame by frame", ends[0], "%", f"after {last['frames']} frames"),
        Tile("First answer after", str(found.delay + 1), "frames", first),
        Tile("Warm after", "-" if found.warmup is None else str(found.warmup + 1), "frames", warm),
    ]


def _transient(found: StreamAccuracy) -> Drawing:
    points: list[Point] = []
    lines = []
    for series, name in enumerate(found.inits):
        lines.append(range(len(points), len(points) + len(found.seen)))
        points += [_point(row, "frames", name, f"{name}_error", series) for row in found.seen]
    ends = [min(row["frames"] for row in found.seen), max(row["frames"] for row in found.seen)]
    lines.append(range(len(points), len(points) + 2))
    points += [Point(end, 100 * found.clip_accuracy, 2, title="clip network", is_faint=True) for end in ends]
    svg = Scatter(
        points, Axis("model frames seen"), Axis(PERCENT), "Accuracy against frames seen", (), lines
    ).svg
    return Drawing(svg, marks=[*(NAMES[name] for name in found.inits), "clip network"])


def _others(found: StreamAccuracy) -> list[Drawing]:
    drawn = []
    if found.tenths:
        drawn.append(_lines(found.tenths, "tenth", ["accuracy"], "tenth of the video", "By tenth"))
    if found.erased:
        drawn.append(
            _lines(found.erased, "erased", ["mean", "last"], "noise in the middle, %", "Through noise")
        )
    if found.cuts is not None and found.cuts.rows:
        rows, names = found.cuts.rows, ["accuracy", "still_before"]
        drawn.append(_lines(rows, "after", names, "model frames after a cut", "After cuts"))
    return drawn


def _lines(rows: Sequence[Row], along: str, names: Sequence[str], x_title: str, title: str) -> Drawing:
    points = [
        _point(row, along, name, f"{name}_error", series) for series, name in enumerate(names) for row in rows
    ]
    lines = [range(place * len(rows), (place + 1) * len(rows)) for place in range(len(names))]
    svg = Scatter(points, Axis(x_title), Axis(PERCENT), title, (), lines, width=540, height=330).svg
    words = {
        "mean": "all answers averaged",
        "last": "last answer",
        "accuracy": "accuracy",
        "still_before": "still the video before",
    }
    return Drawing(svg, title, [words[name] for name in names])


def _point(row: Row, along: str, name: str, error: str, series: int) -> Point:
    value, spread = 100 * row[name], 100 * (row.get(error) or 0)
    return Point(row[along], value, series, spread, f"{row[along]}: {value:.1f} %")
