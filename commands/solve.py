"""`solve`: the best network of a whole grid within limits, or the front of several figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.drawing import check_draw
from commands.options import DRAW, DTYPE, FORMAT, FPS, TRAIN
from commands.printing import progress_line, show, tell, tell_missing
from commands.searching import LIMIT
from commands.source import Source
from costmodel.analysis.rates import IN_SECONDS
from costmodel.options import Option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from fractions import Fraction

    from costmodel.analysis.quantities import Limit, Quantity
    from reports.table import Table
    from search.methods.answers import Found, Solved
    from search.problem.space import Space

EXAMPLES = """Inverse questions, without training: which network is best within limits, over a whole grid.

The grid is that of the spec's `axes`; --over replaces or adds values of a size, of the form of the network
(`form`: continual, causal, dissect, clip, or another transform) or of a field of a transform. Every design is
worked out, or excluded by a bound. Several specs make one front. Exit code 1: nothing fits.

Of a front, costs are the smaller the better, entropy, depth and receptive_field the larger; a leading - makes
any figure the larger the better, a + the smaller.

Examples:

    solve x3d --continual --maximize entropy --limit "macs_per_frame<=0.2GMAC" --limit "state_bytes<=4MiB"

    solve x3d --continual --pareto macs_per_frame,state_floats,entropy --limit "depth<=83"

    solve x3d --over form --fps 30 --maximize entropy --limit "lookahead<=100ms" --limit "state_bytes<=8MiB"

    solve x3d mobilenet_v2_3d d_resnet --continual --pareto macs_per_frame,entropy --over continual.pool=16

    solve x3d --continual --pareto macs_per_frame,entropy --draw front.png

    solve x3d --maximize=-params --limit "receptive_field>=30" --over frames=4:32:4 --over crop=112,160,224
"""

MOST_SHOWN = 40


def solve(
    sources: list[Source],
    maximize: str | None,
    pareto: str | None,
    limit: tuple[str, ...],
    over: tuple[str, ...],
    dtype: str,
    fps: float | None,
    train: int | None,
    draw: Path | None,
    format: str,
) -> int:
    """Prints the best design or the front, and how much of the grid each limit excluded; 1: nothing fits."""
    from costmodel.analysis.quantities import Quantity, demand_rate, notes
    from costmodel.analysis.quantities import limit as parse_limit
    from costmodel.analysis.rates import checked_rate
    from costmodel.errors import OptionError
    from search.methods.solve import pareto as front
    from search.methods.solve import solve as best
    from search.problem.spaces import Terms, spaces_of

    check_draw(draw, pareto)
    if (maximize is None) == (pareto is None):
        raise OptionError("--maximize or --pareto: expected one of them")
    limits = [parse_limit(text) for text in limit]
    rate = None if fps is None else checked_rate(fps)
    demand_rate(limits, rate)
    aims = [text for text in (pareto or "").split(",") if text.strip()]
    # a sign says which way is better, and is no part of the figure's name
    names = (maximize or "", *(text.strip().lstrip("+-") for text in aims))
    wanted = [Quantity(name) for name in names if name]
    found = spaces_of(sources, over, Terms(dtype, rate, train))
    for note in (*notes(limits), *found.notes, *_rates(sources, rate)):
        tell(f"note: {note}")
    limits = _in_figures(found.spaces, limits)
    _must_apply(found.spaces, (*wanted, *(each.quantity for each in limits)))
    with progress_line() as line:
        progress = None if line is None else _progress(line, sum(space.designs for space in found.spaces))
        if maximize is not None:
            solved = best(found.spaces, Quantity(maximize), limits, progress)
        else:
            solved = front(found.spaces, aims, limits, progress)
    columns = dict.fromkeys(each.text for each in (*wanted, *(each.quantity for each in limits)))
    if draw is not None and solved.found:
        _draw(solved, aims, draw)
    _print(found.spaces, solved, tuple(columns), format)
    return 0 if solved.found else 1


def _draw(solved: Solved, aims: Sequence[str], path: Path) -> None:
    from reports.drawing import write_picture
    from reports.front import draw_front

    labels = list(dict.fromkeys(name for each in solved.found for name in each.space.labels))
    designs = [{**each.space.labels, **each.values} for each in solved.found]
    write_picture(draw_front(designs, [text.strip() for text in aims], labels), path)
    tell(f"wrote {path}")


def _rates(sources: Sequence[Source], rate: Fraction | None) -> Iterator[str]:
    """What a reader must know of the camera's rate, of each network."""
    from costmodel.analysis.rates import rate_note

    for each in sources:
        note = "" if rate is None else rate_note(each.graph(), rate)
        if note:
            yield f"{each.spec}: {note}" if len(sources) > 1 else note


def _in_figures(spaces: Sequence[Space], limits: list[Limit]) -> list[Limit]:
    """The limits with those that are multiples of the start's figures put in figures."""
    from costmodel.errors import OptionError

    present = tuple(each.quantity for each in limits if each.relative)
    if not present:
        return limits
    if len(spaces) > 1:
        raise OptionError("--limit: 16x is a multiple of the start's, and there are several; give a figure")
    (design,) = spaces[0].family.designs([spaces[0].start], present)
    if design.problem:  # then it has no figures of which a limit could be a multiple
        raise OptionError(f"the start cannot be built: {design.problem}")
    return [each.against(design.values[each.quantity.text]) if each.relative else each for each in limits]


def _must_apply(spaces: Sequence[Space], quantities: Sequence[Quantity]) -> None:
    """Refuses a figure that a network does not have, which would exclude all of its designs in silence."""
    for space in spaces:
        graph = space.family.swept.network.graph()  # can be had: else it were left out
        figures = space.family.figures(graph)
        for each in quantities:
            each.value(figures)


def _progress(line: Callable[[str], None], designs: int) -> Callable[[int, int, int], None]:
    def told(done: int, evaluated: int, left: int) -> None:
        text = f"{done:,} of {designs:,} designs"
        if left:
            text += f", {evaluated:,} worked out, {left:,} more at most"
        line(text)

    return told


def _print(spaces: Sequence[Space], solved: Solved, names: tuple[str, ...], format: str) -> None:
    from commands.trajectory import emit_line
    from reports.table import Page, Table, Text

    labels = dict.fromkeys(name for space in spaces for name in space.labels)
    moved = dict.fromkeys(axis.name for space in spaces for axis in space.axes)
    rows = [_row(each, labels, moved, names) for each in solved.found]
    first = solved.found[0] if solved.found else None
    command = None if first is None else emit_line(first.space.family.at(first.settings))
    columns = (*labels, *moved, *names)
    # a front may have thousands: a terminal gets some, CSV and JSON all
    # the sizes that were chosen stand in the command too, the figures here alone
    shown = replace(_shown(solved, rows, columns), drop=tuple(reversed(moved)))
    rest = f"... and {len(rows) - MOST_SHOWN:,} more; --format csv prints all\n"
    tell(_told(solved))
    page = Page(
        lambda: _json(solved, rows, command),
        lambda: [
            *([shown] if rows else []),
            *([Text.of(rest)] if len(rows) > MOST_SHOWN else []),
            *([Text.of(f"{line}\n") for line in (*_times(solved, names), command)] if len(rows) == 1 else []),
        ],
        lambda: Table(rows, columns),
        lambda: [Table(rows, columns)],
    )
    tell_missing()
    show(page, format)


def _shown(solved: Solved, rows: list[dict[str, object]], columns: Sequence[str]) -> Table:
    """The best of what was found, times in three units; a size that none of it has leaves no column."""
    from reports.table import Table
    from reports.times import UNITS, in_three_units

    there = [name for name in columns if any(row[name] is not None for row in rows[:MOST_SHOWN])]
    frames = [name for name in there if name in IN_SECONDS]
    told: list[dict[str, object]] = []
    for found, row in zip(solved.found, rows[:MOST_SHOWN], strict=False):
        graph = found.space.family.at(found.settings).graph() if frames else None
        rate = found.space.family.fps
        told.append(
            {**row, **{name: in_three_units(graph, row[name], rate) or row[name] for name in frames if graph}}
        )
    title = f"{len(rows):,} found" + (f"; {', '.join(frames)}: {UNITS}" if frames else "")
    return Table(told, there, title)


def _times(solved: Solved, names: Iterable[str]) -> Iterator[str]:
    """The times of a design in model frames, camera frames and seconds."""
    from costmodel.analysis.metrics import evaluate
    from costmodel.analysis.rates import time_text

    (found,) = solved.found
    family = found.space.family
    figures = family.figures(family.at(found.settings).graph())
    for frames, seconds in IN_SECONDS.items():
        if frames in names or seconds in names:
            value = evaluate(figures, frames)
            told = time_text(value, figures.graph.every, figures.graph.fps, figures.fps)
            unit = "model frame" if value == 1 else "model frames"
            yield f"{frames}: {value} {unit}, {told}" if told else f"{frames}: unbounded"


def _row(
    found: Found, labels: Iterable[str], moved: Iterable[str], names: Iterable[str]
) -> dict[str, object]:
    """A design: which spec and form it has, the sizes that moved, its figures; None for what it has not."""
    from commands.trajectory import exact_number

    sizes = {name: exact_number(found.settings[name]) for name in moved if name in found.settings}
    return {
        **{name: found.space.labels.get(name) for name in labels},
        **{name: sizes.get(name) for name in moved},
        **{name: found.values[name] for name in names},
    }


def _json(solved: Solved, rows: list[dict[str, object]], command: str | None) -> dict[str, object]:
    counts = solved.counts
    told = {"designs": counts.designs, "valid": counts.valid, "within": counts.within}
    limits = [
        {
            "limit": name,
            "excluded": count,
            "excluded_alone": counts.alone[name],
            "bounded": name in counts.bounded,
        }
        for name, count in counts.excluded.items()
    ]
    nearest = [
        {
            "limits": [str(limit) for limit in each.limits],
            "needs": [each.design.values[limit.quantity.text] for limit in each.limits],
            "times": each.ratio,
        }
        for each in solved.nearest
    ]
    return {
        **told,
        "evaluated": counts.evaluated,
        "limits": limits,
        "found": rows,
        "emit": command,
        "nearest": nearest,
    }


def _told(solved: Solved) -> str:
    """How much of the grid each limit excluded, and where nothing fits what would have to give."""
    counts = solved.counts
    at_most = "at most " if counts.bounded else ""
    lines = [
        f"{counts.designs:,} designs, {counts.valid:,} networks, {at_most}{counts.within:,} within all limits"
    ]
    for name, count in counts.excluded.items():
        share = 100 * count / max(counts.valid, 1)
        by_itself = (
            f", {counts.alone[name]:,} by itself alone" if name not in counts.bounded else ", by a bound"
        )
        lines.append(f"  {name} excludes {count:,} ({share:.1f} %){by_itself}")
    if counts.evaluated:
        lines.append(f"  {counts.evaluated:,} worked out one by one")
    if not solved.found:
        lines.append("nothing fits")
        lines += [f"  {'nearest: ' if not place else ''}{each}" for place, each in enumerate(solved.nearest)]
        if len(solved.nearest) == 1 and len(solved.nearest[0].limits) > 1:
            lines.append("  no limit by itself: a design that all of these let in, and the others too")
    return "\n".join(lines)


COMMAND = Command(
    solve,
    EXAMPLES,
    (
        Option("maximize", "What is to be large: arithmetic of metrics.", metavar="EXPR"),
        Option("pareto", "The front of these figures instead of one best.", metavar="A,B,C"),
        LIMIT,
        Option(
            "over",
            "Values of a size, of form, or of a field of a transform; repeatable.",
            metavar="NAME=LO:HI:STEP|A,B",
            is_repeatable=True,
        ),
        DTYPE,
        FPS,
        TRAIN,
        DRAW,
        FORMAT,
    ),
    takes="specs",
)
