"""`validate`: predicted figures beside what the running network does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.options import Format, FormatOption, SeedOption, Source, on_spec
from reports import tables

if TYPE_CHECKING:
    from costmodel.validation.validate import Check

COLUMNS = ("what", "predicted", "measured", "holds", "note")
NETWORK_COLUMNS = ("network", *COLUMNS)

EXAMPLES = """Every figure of a network, predicted beside measured as it runs; exit code 1 where one differs.

Costs are measured at full size; what concerns time on smaller maps, with all channels, frames and layers of
the spec; outputs in float64, layer by layer, with every parameter and buffer drawn at random.

Examples:

    validate x3d_m                             the clip network

    validate x3d_m --continual                 the network frame by frame, beside its clip

    validate x3d_m --continual --state smallest --excite clip --pool 64

    validate --random 20 --seed 1              networks made at random, clip and frame by frame
"""


@on_spec
def validate(
    source: Source | None = None,
    random: Annotated[
        int | None,
        typer.Option("--random", min=1, metavar="N", help="N networks made at random; no SPEC then."),
    ] = None,
    seed: SeedOption = 0,
    format: FormatOption = Format.TABLE,
) -> int:
    """Prints what is predicted beside what is measured; 1 where they differ."""
    if (source is None) == (random is None):
        raise typer.BadParameter("expected a SPEC, or --random N and no SPEC", param_hint="SPEC")
    rows = _of_spec(source, seed) if source is not None else _of_random(random or 0, seed)
    typer.echo(_text(rows, format, random is not None), nl=False)
    return 0 if all(row["holds"] for row in rows) else 1


def _of_spec(source: Source, seed: int) -> list[dict[str, Any]]:
    from costmodel.validation.validate import validate as checks_of

    graph = source.graph()
    for note in graph.notes:
        typer.echo(f"note: {note}", err=True)
    return [_shown(check) for check in checks_of(graph, seed)]


def _of_random(networks: int, seed: int) -> list[dict[str, Any]]:
    from costmodel.validation.random_networks import random_graph, random_stream
    from costmodel.validation.validate import validate as checks_of

    rows = []
    for each in range(seed, seed + networks):
        for graph in (random_graph(each), random_stream(each)):
            name = f"{graph.name}, {'frame by frame' if graph.is_stream else 'clip'}"
            found = [{"network": name, **_shown(check)} for check in checks_of(graph, each)]
            failed = [row["what"] for row in found if not row["holds"]]
            verdict = (
                f"differ: {', '.join(failed)}; validate --random 1 --seed {each} repeats it"
                if failed
                else "hold"
            )
            typer.echo(f"{name}: {len(graph.nodes)} layers, {len(found)} checks {verdict}", err=True)
            rows += found
    return rows


def _shown(check: Check) -> dict[str, Any]:
    return {name: getattr(check, name) for name in (*COLUMNS, "is_limit")}


def _text(rows: list[dict[str, Any]], format: Format, is_random: bool) -> str:
    columns = NETWORK_COLUMNS if is_random else COLUMNS
    match format:
        case Format.JSON:
            checks = [{name: row[name] for name in columns} for row in rows]
            return tables.plain_json({"checks": checks}) + "\n"
        case Format.CSV:
            return tables.csv_text(rows, columns)
        case Format.MD:
            return tables.markdown(_limits(rows), columns)
    failed = sum(not row["holds"] for row in rows)
    shown = [row for row in rows if not row["holds"]] if is_random else rows
    table = tables.table(_limits(shown), columns) if shown else ""
    return f"{table}{len(rows)} checks, {failed} differ\n"


def _limits(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows for a person: of a difference, the most that is allowed."""
    return [row | {"predicted": f"<= {row['predicted']:g}"} if row["is_limit"] else row for row in rows]
