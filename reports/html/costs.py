"""What a network costs, clip beside stream: the figures that matter first, and all of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from costmodel.analysis.cost import Analysis
from costmodel.readable import brief, rounded
from reports.html.memory import Held, size
from reports.html.parts import Column, PlainRow, PlainTable, Tile, definitions, shown
from reports.html.svg import TIMES
from reports.html.times import camera, clock_of, seconds
from reports.times import Clock

FIGURES = (
    *("params", "macs_per_clip", "macs_per_frame", "macs_worst_step", "state_bytes", "clip_buffer_floats"),
    *("largest_activation_floats", "activation_bytes", "worst_case_floats", "weight_bytes", "traffic_bytes"),
    *("operations_per_byte", "entropy", "depth"),
)
# Those that several networks are chosen by
SHORTLIST = (
    *("macs_per_frame", "state_bytes", "activation_bytes", "params", "lookahead", "receptive_field"),
    "warmup",
)


def tiles(analysis: Analysis, clip: Analysis, held: Held) -> list[Tile]:
    """The figures that matter first: work, memory, time and weights.

    Args:
        analysis: of the network that the page is about.
        clip: of its clip network.
        held: what it holds while it runs.
    """
    totals = analysis.totals
    amount, _, unit = size(held.peak).partition(" ")
    kept = f"{size(held.kept)} {held.kept_words}, {size(held.peak - held.kept)} maps at the peak"
    weights = f"{size(totals['weight_bytes'])} of {analysis.figures.dtype}"
    return [
        _work(analysis, clip),
        Tile("Memory while it runs", amount, unit, kept, "peak_activation_floats"),
        _answer(analysis),
        Tile("Learned values", brief(totals["params"]), "", weights, "params"),
    ]


def _work(analysis: Analysis, clip: Analysis) -> Tile:
    if analysis.mode == "clip":
        macs = brief(analysis.totals["macs_per_clip"])
        return Tile("Multiply-adds for each clip", macs, "MACs", "again for each new frame", "macs_per_clip")
    macs, again = analysis.totals["macs_per_frame"], clip.totals["macs_per_frame"]
    note = f"{again / macs:.1f} {TIMES} less than the clip run again" if macs else "no multiply-adds"
    return Tile("Multiply-adds for each frame", brief(macs), "MACs", note, "macs_per_frame")


def _answer(analysis: Analysis) -> Tile:
    totals, clock = analysis.totals, clock_of(analysis)
    if analysis.mode == "clip":
        frames = int(analysis.figures.graph.source.time)
        note = f"{frames} model frames, {camera(clock, frames)} camera frames"
        return Tile("A clip lasts", seconds(clock, frames), "s", note, "receptive_field")
    first, warm = totals["transient"], totals["warmup"]
    note = f"{first} model frames, {camera(clock, first)} camera frames"
    note += f"; steady after {seconds(clock, warm)} s" if isfinite(warm) else ""
    return Tile("First answer after", seconds(clock, first), "s", note, "transient")


def work(clip: Analysis, stream: Analysis | None) -> PlainTable:
    """Multiply-adds in model frames, camera frames and seconds."""
    clock = clock_of(clip)
    lines = [("clip, run again at each frame", clip.totals["macs_per_frame"], "macs_per_clip")]
    if stream is not None:
        lines.append(("frame by frame, mean", stream.totals["macs_per_frame"], "macs_per_frame"))
        lines.append(("frame by frame, worst step", stream.totals["macs_worst_step"], "macs_worst_step"))
    columns = ["per model frame", "per camera frame", "per second"]
    return PlainTable(
        [Column("multiply-adds", is_number=False), *map(Column, columns)],
        [PlainRow(title, _rates(macs, term, clock), term, _kind(term)) for title, macs, term in lines],
    )


def _rates(macs: float, term: str, clock: Clock) -> list[str]:
    if term == "macs_worst_step":  # one step has no rate
        return [shown(macs), "", ""]
    per_camera_frame = macs / clock.every
    return [shown(macs), brief(per_camera_frame), brief(per_camera_frame * float(clock.fps))]


def _kind(term: str) -> str:
    return "strong" if term == "macs_per_frame" else ""


def beside(clip: Analysis, stream: Analysis | None) -> PlainTable:
    """All figures, the clip's beside the stream's."""
    sides = [clip.totals] if stream is None else [clip.totals, stream.totals]
    columns = [Column("figure", is_number=False), Column("unit", is_number=False), Column("clip")]
    columns += [] if stream is None else [Column("frame by frame"), Column("of the clip's")]
    rows = []
    for name, known in definitions(FIGURES).items():
        values = [side[name] for side in sides]
        cells = [_in(known.unit, value) for value in values]
        ratio = [] if stream is None else [_ratio(values[1], values[0])]
        rows.append(PlainRow(known.title, [known.unit, *cells, *ratio], name))
    return PlainTable(columns, rows)


def side_by_side(found: Sequence[tuple[str, Analysis]]) -> PlainTable:
    """Several networks, a row for each."""
    known = definitions(SHORTLIST)
    rows = [
        PlainRow(name, [_short(known[each].unit, analysis.totals[each]) for each in SHORTLIST])
        for name, analysis in found
    ]
    columns = [Column("network", is_number=False), *(Column(known[name].title, name) for name in SHORTLIST)]
    return PlainTable(columns, rows)


def _in(unit: str, value: object) -> str:
    return size(value) if unit == "bytes" and isinstance(value, int | float) else shown(value)


def _short(unit: str, value: object) -> str:
    return rounded(value, unit) or shown(value)


def _ratio(value: object, first: object) -> str:
    if not (isinstance(value, int | float) and isinstance(first, int | float)):
        return ""
    if not first or not isfinite(value) or not isfinite(first):
        return ""
    return f"{value / first:.3g} {TIMES}"
