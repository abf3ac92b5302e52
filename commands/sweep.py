"""`sweep`: the figures of many designs of one spec."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

from commands.command import Command
from commands.drawing import check_draw
from commands.leaving import leaving
from commands.options import DRAW, FORMAT, FPS, SEED, TRAIN
from commands.printing import put_more, show, tell, tell_missing
from commands.searching import SCHEDULER
from commands.source import Source
from costmodel.analysis.rates import IN_SECONDS, NEEDS_RATE, checked_rate, taken_every
from costmodel.errors import CostModelError, OptionError
from costmodel.numbers import simplify
from costmodel.options import Option
from reports.table import Table, page_of
from reports.times import Clock
from search.problem.bounded import swept, without_formula
from search.sweep.evaluator import Evaluator
from search.sweep.grid import Axis, Grid, parse_axis
from search.sweep.one_by_one import OneByOne
from search.sweep.row_writer import RowFile, csv_of, room_for
from search.sweep.sweep import Piece, Sweep, known_metrics

MOST_PRINTED = 10_000
Row = dict[str, object]
STREAMED = frozenset({"csv"})  # rows are written as they come, however many there are
EXAMPLES = """The figures of many designs: every combination of some values, or some drawn at random.

Any size, structure or `let` name of the spec can be an axis: LO:HI:STEP or A,B,C. Figures equal those of
`analyze`, exactly. A design that is no network has `valid` false and no figures.

Examples:

    sweep x3d --grid gamma_b=1:4:0.25 --grid frames=4,13,16

    sweep x3d --continual --grid gamma_w=0.5:2:0.01 --random 1000000 --seed 1 --out designs.csv

    sweep x3d --continual --grid gamma_w=0.5:2:0.05 --where "state_floats<4e6" --pareto macs_per_frame,-params

    sweep x3d --continual --grid gamma_w=0.5:2:0.05 --pareto macs_per_frame,state_floats --draw front.png

    sweep x3d --grid squeeze_excite=false,true --grid d4=1:20 --metrics params --out depth.parquet
"""


def sweep(
    source: Source,
    grid: tuple[str, ...],
    ranges: tuple[str, ...],
    random: int | None,
    metrics: str | None,
    where: tuple[str, ...],
    pareto: str | None,
    out: Path | None,
    draw: Path | None,
    seed: int,
    fps: float | None,
    train: int | None,
    engine: str,
    scheduler: str | None,
    format: str,
) -> None:
    """Runs a sweep into a file or onto standard output."""
    check_draw(draw, pareto)
    axes = [*_axes(grid, "--grid"), *_axes(ranges, "--range")]
    rate = None if fps is None else checked_rate(fps)
    found = _sweep(source, Grid(tuple(axes), random, seed), metrics, where, pareto, rate, train)
    if ranges and random is None:
        raise OptionError("--range: is for designs drawn at random; add --random N, or use --grid")
    tell_missing()
    front: list[Row] | None = None if draw is None else []
    with _placed(found, engine, scheduler) as placed:
        if out is not None:
            _into_file(placed, out, front)
        else:
            _printed(placed, format, front)
    if draw is not None:
        _draw(front or [], found.pareto, draw)


@contextmanager
def _placed(found: Sweep, engine: str, scheduler: str | None) -> Iterator[Sweep]:
    """The sweep, worked out here or on a cluster."""
    if engine == "local":
        if scheduler is not None:
            raise OptionError("--scheduler: is for --engine dask")
        yield found
        return
    from search.engine.cluster import Cluster
    from search.engine.dask import given
    from search.sweep.spread import parts_on

    with closing(Cluster(given(scheduler), tell)) as cluster:
        yield replace(found, worked_out=partial(parts_on, cluster))


def _draw(front: list[Row], objectives: tuple[str, ...], path: Path) -> None:
    from reports.drawing import write_picture
    from reports.front import draw_front

    write_picture(draw_front(front, objectives), path)
    print(f"wrote {path}", file=sys.stderr)


def _axes(given: tuple[str, ...], option: str) -> list[Axis]:
    return [parse_axis(text, option) for text in given]


def _sweep(
    source: Source,
    grid: Grid,
    metrics: str | None,
    where: tuple[str, ...],
    pareto: str | None,
    fps: Fraction | None,
    batch: int | None,
) -> Sweep:
    from costmodel.analysis.metrics import METRICS

    objectives = tuple(name.strip() for name in (pareto or "").split(",") if name.strip())
    default = ("macs_per_frame", "params", "state_floats", "receptive_field", "delay")
    wanted = known_metrics(metrics) if metrics else default
    # What only a condition reads must be worked out too; by its name in the text, which finds too much at
    # most.
    read = [name for name in METRICS if any(_reads(text, name) for text in (*objectives, *where))]
    names, unknown = dict.fromkeys((*wanted, *read)), without_formula(source)
    for name in names:
        if fps is None and name in NEEDS_RATE:
            raise OptionError(f"{name}: needs the rate of the camera; add --fps, such as --fps 30")
    later = OneByOne(source, [name for name in names if name in unknown], fps, batch)
    evaluator = Evaluator(swept(source), [name for name in names if name not in unknown], fps)
    return Sweep(evaluator, grid, where, objectives, later if later.metrics else None)


def _reads(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", text) is not None


def _into_file(found: Sweep, path: Path, front: list[Row] | None) -> None:
    # How many are kept is not known ahead.
    rows = 0 if found.where or found.pareto else found.grid.designs
    room_for(path, rows, len(found.columns))
    file = RowFile(path, found.grid.designs, found.figures)

    def how_far() -> str:
        whole = f"{path} holds {file.rows:,} whole rows"
        note = "the front is known only in the end" if found.pareto else whole
        return f"{file.done:,} of {found.grid.designs:,} designs are done; {note}"

    with leaving(how_far), file:
        for piece in _watched(found, front):
            file.write(piece.rows, piece.done)
    print(f"{file.rows:,} rows of {found.grid.designs:,} designs in {path}", file=sys.stderr)


def _printed(found: Sweep, format: str, front: list[Row] | None) -> None:
    if format in STREAMED:
        # the header once, with the first piece
        for number, piece in enumerate(_watched(found, front)):
            put_more(csv_of(piece.rows, found.figures, header=not number))
        return
    rows: list[Row] = []
    for piece in _watched(found, front):
        rows += _as_rows(piece, found.figures)
        # told while rows come in, not after a million of them are held in memory
        if len(rows) > MOST_PRINTED:
            raise OptionError(
                f"--format {format}: more than {MOST_PRINTED} rows; use --out FILE or --format csv, "
                "or keep some with --where or --pareto"
            )
    title = f"{found.evaluator.network.document.name}: {len(rows):,} of {found.grid.designs:,} designs"
    if IN_SECONDS.keys() & set(found.columns):
        title += f"; times in model frames{_each(found)}"
    # what a narrow terminal keeps of a stream is its work, its state and how late it answers
    table = Table(rows, found.columns, title, drop=("valid", "receptive_field", "params"))
    show(page_of(table, lambda: {"designs": found.grid.designs, "rows": rows}), format)


def _each(found: Sweep) -> str:
    """How long a model frame is, where no axis moves that."""
    rate, rates = found.evaluator.fps, set()
    for axis in found.grid.axes:
        for value in (axis.reach.low, axis.reach.high):
            try:
                graph = found.evaluator.build({axis.name: simplify(Fraction(value, axis.denominator))})
            except CostModelError:  # no network there; others tell
                continue
            rates.add((taken_every(graph, rate), graph.fps if rate is None else rate))
    if len(rates) != 1:
        return ""
    ((every, fps),) = rates
    return f", {Clock(int(every), Fraction(str(fps))).label}"


def _as_rows(piece: Piece, figures: tuple[str, ...]) -> list[Row]:
    names = list(piece.rows)
    rows = [
        dict(zip(names, row, strict=True))
        for row in zip(*(each.tolist() for each in piece.rows.values()), strict=True)
    ]
    # 0 in an array, nothing for a person or a program.
    return [row if row["valid"] else {**row, **dict.fromkeys(figures)} for row in rows]


def _watched(found: Sweep, front: list[Row] | None) -> Iterator[Piece]:
    """The pieces of a sweep with a progress bar on a terminal, else with a line now and then.

    What is found is noted in `front` too, if there is one: a front alone comes in one piece, and is short.
    """
    with _progress(found.grid.designs) as advance:
        for piece in found.pieces():
            if front is not None:
                front += _as_rows(piece, found.figures)
            yield piece
            advance(piece)


@contextmanager
def _progress(designs: int) -> Iterator[Callable[[Piece], None]]:
    start = time.monotonic()
    if not sys.stderr.isatty():
        # rich loads for a terminal alone
        yield _Lines(designs, start)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("designs"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("designs", total=designs)
        yield lambda piece: bar.update(task, completed=piece.done)


class _Lines:
    """A line on standard error every few seconds."""

    def __init__(self, designs: int, start: float) -> None:
        self.designs, self.start, self.last = designs, start, start

    def __call__(self, piece: Piece) -> None:
        now = time.monotonic()
        # A line for each piece would fill a log with thousands.
        if now - self.last < 5:
            return
        self.last = now
        speed = piece.done / (now - self.start)
        print(f"{piece.done:,} of {self.designs:,} designs, {speed:,.0f} a second", file=sys.stderr)


COMMAND = Command(
    sweep,
    EXAMPLES,
    (
        Option(
            "grid", "An axis and its values; repeatable.", metavar="NAME=LO:HI:STEP|A,B", is_repeatable=True
        ),
        Option(
            "ranges",
            "An axis of --random; repeatable.",
            metavar="NAME=LO:HI[:STEP]",
            flags="--range",
            is_repeatable=True,
        ),
        Option("random", "Draw that many designs instead of all combinations.", int),
        Option("metrics", "Figures wanted, with commas; any total of `analyze`."),
        Option("where", "Keep designs for which this holds; repeatable.", is_repeatable=True),
        Option("pareto", "Keep designs that no other beats on these figures; -NAME for larger."),
        Option("out", "Write to this file, .csv or .parquet.", Path, metavar="FILE"),
        DRAW,
        SEED,
        FPS,
        TRAIN,
        Option(
            "engine",
            "Where designs are worked out: here, or on the workers of a cluster (docs/cluster.md).",
            default="local",
            choices=("local", "dask"),
        ),
        SCHEDULER,
        FORMAT,
    ),
    takes="spec",
)
