"""`reproduce`: the papers' printed cost figures, each computed anew and exact, close, refuted or open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from commands.options import Format, FormatOption
from costmodel.errors import OptionError
from reports import tables
from reports.reproduce import COUNTED, VERDICTS, Reproduced, counts, table_rows
from reports.reproduce import reproduce as reproduce_papers

COLUMNS = ("paper", "table", "row", "figure", "published", "computed", "verdict", "reason")
CSV_COLUMNS = (*COLUMNS, "unit", "difference", "convention")
COUNT_COLUMNS = ("paper", "counted", *VERDICTS)

EXAMPLES = """The papers' printed cost figures, each computed anew.

A figure is *exact* when ours rounds to the printed digits; *close* with the difference; *refuted* where the
paper contradicts itself or its authors' code, with the reason and the right figure; *open* where there is
nothing to compute it from. Figures quoted from other works are *cited*, accuracies and speeds *measured*;
neither is counted.

Examples:

    reproduce                         all papers: how many figures of each, and every one that is not exact

    reproduce x3d --all               every figure of one paper

    reproduce --verdict refuted       where the papers are wrong

    reproduce --table co3d:3          a paper's table from our figures

    reproduce --format json           for programs
"""


def reproduce(
    paper: Annotated[
        str | None,
        typer.Argument(metavar="[PAPER]", help="co3d, x3d, d3d, efficient3d or atfr; all without."),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(metavar="PAPER:TABLE", help="A paper's table from our figures, such as co3d:3."),
    ] = None,
    verdict: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help=f"Only these: {', '.join(VERDICTS)}; repeatable.")
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="List exact, cited and measured figures too.")] = False,
    format: FormatOption = Format.TABLE,
) -> None:
    """Prints figures or a table."""
    for name in verdict or ():
        if name not in VERDICTS:
            raise OptionError(f"--verdict: unknown {name!r}, expected one of {', '.join(VERDICTS)}")
    if table is not None:
        if paper is not None or verdict or all:
            raise OptionError("--table: stands alone, expected no PAPER, --verdict or --all beside it")
        typer.echo(_table_text(table, format), nl=False)
        return
    figures = reproduce_papers([] if paper is None else [paper])
    is_for_people = format in (Format.TABLE, Format.MD)
    unless_said = COUNTED[1:] if is_for_people and not all else VERDICTS
    listed = [figure for figure in figures if figure.verdict in (verdict or unless_said)]
    typer.echo(_text(figures, listed, format), nl=False)


def _text(figures: Sequence[Reproduced], listed: Sequence[Reproduced], format: Format) -> str:
    totals = count_rows(figures)
    match format:
        case Format.JSON:
            return tables.plain_json({"figures": [each.as_row() for each in listed], "counts": totals}) + "\n"
        case Format.CSV:
            return tables.csv_text([each.as_row() for each in listed], CSV_COLUMNS)
        case Format.MD:
            shown = [tables.markdown(totals, COUNT_COLUMNS), tables.markdown(shown_rows(listed), COLUMNS)]
            return "\n".join(shown)
    rows = (
        tables.table(shown_rows(listed), COLUMNS, drop=("paper", "table", "verdict", "reason")) + "\n"
        if listed
        else ""
    )
    return rows + tables.table(totals, COUNT_COLUMNS)


def shown_rows(figures: Sequence[Reproduced]) -> list[dict[str, Any]]:
    """Rows for a reader: with units, and ours to the printed digits and more where they differ."""
    rows = []
    for each in figures:
        unit = each.cell.text("unit")
        row = each.as_row()
        row["published"] = f"{each.cell.printed} {unit}".strip()
        row["computed"] = (
            None if each.value is None else each.shown if each.verdict == "exact" else each.longer
        )
        rows.append(row)
    return rows


def count_rows(figures: Sequence[Reproduced]) -> list[dict[str, Any]]:
    """How many figures of each verdict, by paper and in total."""
    papers = list(dict.fromkeys(figure.cell.paper for figure in figures))
    rows = []
    for name in [*papers, "total"] if len(papers) > 1 else papers:
        found = counts(figure for figure in figures if name in ("total", figure.cell.paper))
        rows.append({"paper": name, "counted": sum(found[each] for each in COUNTED), **found})
    return rows


def _table_text(name: str, format: Format) -> str:
    title, columns, rows, figures = table_rows(name)
    notes = [
        f"! {each.cell.row}, {each.cell.figure}: printed {each.cell.printed}; {each.reason}"
        for each in figures
        if each.verdict in ("close", "refuted")
    ]
    match format:
        case Format.JSON:
            found = {"table": title, "rows": rows, "figures": [each.as_row() for each in figures]}
            return tables.plain_json(found) + "\n"
        case Format.CSV:
            return tables.csv_text(rows, columns)
        case Format.MD:
            shown = f"{title}\n\n{tables.markdown(rows, columns)}"
        case _:
            shown = tables.table(rows, columns, title)
    legend = "figures are ours; * as published: measured, quoted or open; ! differs from the published"
    return "\n".join([shown + legend, *notes]) + "\n"
