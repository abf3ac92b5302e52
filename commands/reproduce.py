"""`reproduce`: the papers' printed cost figures, each computed anew and exact, close, refuted or open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from commands.command import Command
from commands.options import FORMAT
from commands.printing import show
from costmodel.errors import OptionError
from costmodel.options import Option
from reports.reproduce import COUNTED, VERDICTS, Reproduced, counts, table_rows
from reports.reproduce import reproduce as reproduce_papers
from reports.table import Page, Table, Text, whole

COLUMNS = ("paper", "table", "row", "figure", "published", "computed", "verdict", "reason")
# shapes, and figures that a paper gives roughly: what is no number stands in columns of its own
TEXTS = ("published_text", "computed_text")
CSV_COLUMNS = (*COLUMNS, "unit", "difference", "convention", *TEXTS)
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


def reproduce(paper: str | None, table: str | None, verdict: tuple[str, ...], all: bool, format: str) -> None:
    """Prints figures or a table."""
    for name in verdict:
        if name not in VERDICTS:
            raise OptionError(f"--verdict: unknown {name!r}, expected one of {', '.join(VERDICTS)}")
    if table is not None:
        if paper is not None or verdict or all:
            raise OptionError("--table: stands alone, expected no PAPER, --verdict or --all beside it")
        show(table_page(table), format)
        return
    figures = reproduce_papers([] if paper is None else [paper])
    every = [figure for figure in figures if figure.verdict in (verdict or VERDICTS)]
    # A thousand exact figures are no news: a reader sees those that differ.
    unless_said = VERDICTS if all else COUNTED[1:]
    listed = [figure for figure in figures if figure.verdict in (verdict or unless_said)]
    show(page(figures, every, listed), format)


def page(figures: Sequence[Reproduced], every: Sequence[Reproduced], listed: Sequence[Reproduced]) -> Page:
    """The figures, those listed for a person, and how many there are of each verdict."""
    totals = count_rows(figures)
    counted = Table(totals, COUNT_COLUMNS)
    shown = Table(shown_rows(listed), COLUMNS, drop=("paper", "table", "verdict", "reason"))
    return Page(
        lambda: {"figures": [each.as_row() for each in every], "counts": totals},
        lambda: [*whole([shown]), counted],
        lambda: Table([_sheet_row(each.as_row()) for each in every], CSV_COLUMNS),
        lambda: [counted, shown],
    )


def shown_rows(figures: Sequence[Reproduced]) -> list[dict[str, object]]:
    """Rows for a reader: with units, and ours to the printed digits and more where they differ."""
    rows = []
    for each in figures:
        unit = each.cell.text("unit")
        row = each.as_row()
        row["published"] = f"{each.cell.printed} {unit}".strip()
        # an exact figure as printed, others with the digits by which they differ
        row["computed"] = (
            None if each.value is None else each.shown if each.verdict == "exact" else each.longer
        )
        rows.append(row)
    return rows


def count_rows(figures: Sequence[Reproduced]) -> list[dict[str, object]]:
    """How many figures of each verdict, by paper and in total."""
    papers = list(dict.fromkeys(figure.cell.paper for figure in figures))
    rows = []
    for name in [*papers, "total"] if len(papers) > 1 else papers:
        # the last row has them all
        found = counts(figure for figure in figures if name in ("total", figure.cell.paper))
        rows.append({"paper": name, "counted": sum(found[each] for each in COUNTED), **found})
    return rows


def table_page(name: str) -> Page:
    """A paper's table from our figures, and where they differ from the published."""
    title, columns, rows, figures = table_rows(name)
    notes = [
        f"! {each.cell.row}, {each.cell.figure}: printed {each.cell.printed}; {each.reason}"
        for each in figures
        if each.verdict in ("close", "refuted")
    ]
    legend = "figures are ours; * as published: measured, quoted or open; ! differs from the published"
    told = Text.of("\n".join([legend, *notes]) + "\n", "table", "md")
    return Page(
        lambda: {"table": title, "rows": rows, "figures": [each.as_row() for each in figures]},
        lambda: [Table(rows, columns, title), told],
        document=lambda: [Text.of(f"{title}\n", "md"), Table(rows, columns), told],
    )


def _sheet_row(row: Mapping[str, object]) -> dict[str, object]:
    """A figure as CSV has it: numbers without their commas, and what is none in columns of its own."""
    found = dict(row)
    for name in ("published", "computed"):
        text = str(row[name] if row[name] is not None else "").replace(",", "")
        if text and not _is_number(text):
            found |= {name: None, f"{name}_text": row[name]}
        elif text:
            found[name] = text
    return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


COMMAND = Command(
    reproduce,
    EXAMPLES,
    (
        Option(
            "paper",
            "co3d, x3d, d3d, efficient3d or atfr; all without.",
            metavar="[PAPER]",
            is_positional=True,
        ),
        Option("table", "A paper's table from our figures, such as co3d:3.", metavar="PAPER:TABLE"),
        Option(
            "verdict",
            f"Only these: {', '.join(VERDICTS)}; repeatable.",
            metavar="NAME",
            is_repeatable=True,
        ),
        Option("all", "List exact, cited and measured figures too.", bool, False),
        FORMAT,
    ),
)
