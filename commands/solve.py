"""`solve`: the best network of a whole grid within limits, or the front of several figures."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from commands.command import Command
from commands.options import DTYPE, FORMAT
from commands.printing import show, tell
from commands.searching import LIMIT
from commands.source import Source
from costmodel.options import Option

if TYPE_CHECKING:
    from collections.abc import Callable

    from search.methods.solve import Counts, Solved, Space

EXAMPLES = """Inverse questions, without training: which network is best within limits, over a whole grid.

The grid is that of the spec's `axes`; --over replaces or adds values of a size. Every design is worked out.
Of a front, costs are the smaller the better, entropy, depth and receptive_field the larger; a leading - makes
any figure the larger the better, a + the smaller.

Examples:

    solve x3d --continual --maximize entropy --limit "macs_per_frame<=0.2GMAC" --limit "state_bytes<=4MiB"

    solve x3d --continual --pareto macs_per_frame,state_floats,entropy --limit "depth<=83"

    solve x3d --maximize=-params --limit "receptive_field>=30" --over frames=4:32:4 --over crop=112,160,224
"""

MOST_SHOWN = 40


def solve(
    source: Source,
    maximize: str | None,
    pareto: str | None,
    limit: tuple[str, ...],
    over: tuple[str, ...],
    dtype: str,
    format: str,
) -> None:
    """Prints the best design or the front, and how much of the grid each limit excluded."""
    from costmodel.analysis.quantities import Quantity
    from costmodel.analysis.quantities import limit as parse_limit
    from costmodel.errors import OptionError
    from search.methods.solve import pareto as front
    from search.methods.solve import solve as best
    from search.methods.solve import space_of
    from search.problem.designs import Family
    from search.sweep.grid import parse_axis

    if (maximize is None) == (pareto is None):
        raise OptionError("--maximize or --pareto: expected one of them")
    limits = [parse_limit(text) for text in limit]
    family = Family(source, dtype)
    start = source.sizes
    space = space_of(family, start, [parse_axis(text, "--over") for text in over])
    present = [each for each in limits if each.relative]
    if present:
        (design,) = family.designs([start], tuple(each.quantity for each in present))
        if design.problem:  # then it has no figures of which a limit could be a multiple
            raise OptionError(f"the start cannot be built: {design.problem}")
        limits = [each.against(design.values[each.quantity.text]) for each in limits]
    if maximize is not None:
        solved = best(space, Quantity(maximize), limits, _progress(space.designs))
        names = (maximize, *(each.quantity.text for each in limits))
    else:
        aims = [text for text in (pareto or "").split(",") if text.strip()]
        solved = front(space, aims, limits, _progress(space.designs))
        # a sign says which way is better, and is no part of the figure's name
        names = (*(text.strip().lstrip("+-") for text in aims), *(each.quantity.text for each in limits))
    _print(source, space, solved, tuple(dict.fromkeys(names)), format)


def _progress(designs: int) -> Callable[[int], None] | None:
    def told(done: int) -> None:
        end = "\n" if done >= designs else ""
        print(f"\r{done:,} of {designs:,} designs", end=end, file=sys.stderr, flush=True)

    # in a log each carriage return would be a line
    return told if sys.stderr.isatty() else None


def _print(source: Source, space: Space, solved: Solved, names: tuple[str, ...], format: str) -> None:
    from commands.trajectory import emit_line, exact_number
    from reports.table import Page, Table, Text

    moved = [axis.name for axis in space.axes]
    rows = [
        {name: exact_number(design.settings[name]) for name in moved}
        | {name: design.values[name] for name in names}
        for design in solved.found
    ]
    counts = solved.counts
    command = emit_line(space.family.at(solved.found[0].settings))
    columns = (*moved, *names)
    # a front may have thousands: a terminal gets some, CSV and JSON all
    shown = Table(rows[:MOST_SHOWN], columns, f"{len(rows):,} found")
    rest = f"... and {len(rows) - MOST_SHOWN:,} more; --format csv prints all\n"
    tell(_told(counts))
    page = Page(
        lambda: _json(counts, rows, command),
        lambda: [
            shown,
            *([Text.of(rest)] if len(rows) > MOST_SHOWN else []),
            *([Text.of(f"{command}\n")] if len(rows) == 1 else []),
        ],
        lambda: Table(rows, columns),
        lambda: [Table(rows, columns)],
    )
    show(page, format)


def _json(counts: Counts, rows: list[dict[str, float]], command: str) -> dict[str, object]:
    told = {"designs": counts.designs, "valid": counts.valid, "within": counts.within}
    limits = [
        {"limit": name, "excluded": count, "excluded_alone": counts.alone[name]}
        for name, count in counts.excluded.items()
    ]
    return {**told, "limits": limits, "found": rows, "emit": command}


def _told(counts: Counts) -> str:
    """How much of the grid each limit excluded."""
    lines = [f"{counts.designs:,} designs, {counts.valid:,} networks, {counts.within:,} within all limits"]
    for name, count in counts.excluded.items():
        share = 100 * count / max(counts.valid, 1)
        lines.append(f"  {name} excludes {count:,} ({share:.1f} %), {counts.alone[name]:,} by itself alone")
    return "\n".join(lines)


COMMAND = Command(
    solve,
    EXAMPLES,
    (
        Option("maximize", "What is to be large: arithmetic of metrics.", metavar="EXPR"),
        Option("pareto", "The front of these figures instead of one best.", metavar="A,B,C"),
        LIMIT,
        Option("over", "Values of a size; repeatable.", metavar="NAME=LO:HI:STEP", is_repeatable=True),
        DTYPE,
        FORMAT,
    ),
    takes="spec",
)
