"""`solve`: the best network of a whole grid within limits, or the front of several figures."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from commands.options import DtypeOption, Format, FormatOption, Source, on_spec

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


@on_spec
def solve(
    source: Source,
    maximize: Annotated[
        str | None, typer.Option(metavar="EXPR", help="What is to be large: arithmetic of metrics.")
    ] = None,
    pareto: Annotated[
        str | None, typer.Option(metavar="A,B,C", help="The front of these figures instead of one best.")
    ] = None,
    limit: Annotated[
        list[str] | None, typer.Option(metavar="METRIC<=AMOUNT", help="A hard limit; repeatable.")
    ] = None,
    over: Annotated[
        list[str] | None, typer.Option(metavar="NAME=LO:HI:STEP", help="Values of a size; repeatable.")
    ] = None,
    dtype: DtypeOption = "fp32",
    format: FormatOption = Format.TABLE,
) -> None:
    """Answers, and prints how much of the grid each limit excluded."""
    from costmodel.errors import OptionError
    from search.methods.solve import pareto as front
    from search.methods.solve import solve as best
    from search.methods.solve import space_of
    from search.problem.budget import Quantity
    from search.problem.budget import limit as parse_limit
    from search.problem.designs import Family
    from search.sweep.grid import parse_axis

    if (maximize is None) == (pareto is None):
        raise OptionError("--maximize or --pareto: expected one of them")
    limits = [parse_limit(text) for text in limit or ()]
    family = Family(source, dtype)
    start = source.sizes
    space = space_of(family, start, [parse_axis(text, "--over") for text in over or ()])
    present = [each for each in limits if each.relative]
    if present:
        (design,) = family.designs([start], tuple(each.quantity for each in present))
        limits = [each.against(design.values.get(each.quantity.text)) for each in limits]
    if maximize is not None:
        solved = best(space, Quantity(maximize), limits, _progress(space.designs))
        names = (maximize, *(each.quantity.text for each in limits))
    else:
        aims = [text for text in (pareto or "").split(",") if text.strip()]
        solved = front(space, aims, limits, _progress(space.designs))
        names = (*(text.strip().lstrip("+-") for text in aims), *(each.quantity.text for each in limits))
    _print(source, space, solved, tuple(dict.fromkeys(names)), format)


def _progress(designs: int) -> Any:
    import sys

    def told(done: int) -> None:
        typer.echo(f"\r{done:,} of {designs:,} designs", err=True, nl=done >= designs)

    return told if sys.stderr.isatty() else None


def _print(source: Source, space: Any, solved: Any, names: tuple[str, ...], format: Format) -> None:
    from commands.trajectory import emit_line, exact_number
    from reports import tables

    moved = [axis.name for axis in space.axes]
    rows = [
        {name: exact_number(design.settings[name]) for name in moved}
        | {name: design.values[name] for name in names}
        for design in solved.found
    ]
    counts = solved.counts
    command = emit_line(space.family.at(solved.found[0].settings))
    if format is Format.JSON:
        told = {"designs": counts.designs, "valid": counts.valid, "within": counts.within}
        limits = [
            {"limit": name, "excluded": count, "excluded_alone": counts.alone[name]}
            for name, count in counts.excluded.items()
        ]
        typer.echo(tables.plain_json({**told, "limits": limits, "found": rows, "emit": command}))
        return
    columns = (*moved, *names)
    if format is not Format.TABLE:
        text = tables.csv_text(rows, columns) if format is Format.CSV else tables.markdown(rows, columns)
        typer.echo(text, nl=False)
        return
    typer.echo(
        f"{counts.designs:,} designs, {counts.valid:,} networks, {counts.within:,} within all limits",
        err=True,
    )
    for name, count in counts.excluded.items():
        share = 100 * count / max(counts.valid, 1)
        typer.echo(
            f"  {name} excludes {count:,} ({share:.1f} %), {counts.alone[name]:,} by itself alone", err=True
        )
    shown = rows[:MOST_SHOWN]
    typer.echo(tables.table(shown, columns, f"{len(rows):,} found"), nl=False)
    if len(rows) > len(shown):
        typer.echo(f"... and {len(rows) - len(shown):,} more; --format csv prints all", err=True)
    if len(rows) == 1:
        typer.echo(f"\n{command}")
