"""`reproduce`: the papers' printed cost figures, each computed anew and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from commands.command import Command
from commands.measuring import measured
from commands.options import FORMAT, OUT, SEED
from commands.printing import show, tell
from commands.train import DATA, DEVICE, THREADS
from costmodel.errors import OptionError
from costmodel.options import Option
from reports.figure_list import COLUMNS, CountList, FigureList, count_rows
from reports.measured import page as page_of_measured
from reports.paper_figures import CSV_COLUMNS as POINT_COLUMNS
from reports.paper_figures import figure_of, with_study
from reports.paper_tables import table_rows
from reports.reproduce import Reproduced
from reports.reproduce import reproduce as reproduce_papers
from reports.table import Page, Table, Text, page_of
from reports.verdicts import VERDICTS

# shapes, and figures that a paper gives roughly: what is no number stands in columns of its own
TEXTS = ("published_text", "computed_text")
NEWS = ("close", "substituted", "implied", "refuted", "open")
CSV_COLUMNS = (*COLUMNS, "unit", "difference", "convention", *TEXTS)

EXAMPLES = """The papers' printed cost figures, each computed anew.

A figure is *exact* when ours, of the paper's own network, rounds to the printed digits; *close* with the
difference; *substituted* where another network or another count gives it; *implied* where it hangs on
something that the paper does not print, with the value that gives it; *refuted* where the paper contradicts
itself or its authors' code; *open* where there is nothing to compute it from. Figures quoted from other works
are *cited*, accuracies and speeds *measured*. Every one has its reason.

Examples:

    reproduce                         all papers: how many figures of each, and every one that is not exact

    reproduce x3d --all               every figure of one paper

    reproduce --verdict refuted       where the papers are wrong

    reproduce --table co3d:3          a paper's table from our figures

    reproduce --figure co3d:1         a paper's figure: costs ours, accuracies as published

    reproduce --measure co3d:1 --data kinetics/ --weights 'X3D-M=x3d_m.pyth' --weights 'CoX3D-M*=x3d_m.pyth'

    reproduce --format json           for programs
"""


def reproduce(
    paper: str | None,
    table: str | None,
    verdict: tuple[str, ...],
    all: bool,
    figure: str | None,
    study: Path | None,
    out: Path,
    measure: str | None,
    data: str | None,
    weights: tuple[str, ...],
    device: str | None,
    threads: int | None,
    seed: int,
    format: str,
) -> None:
    """Prints figures, a table, or accuracies."""
    if figure is not None:
        if paper is not None or table is not None or verdict or all or measure is not None:
            raise OptionError(
                "--figure: stands alone, expected nothing but --study, --out and --format beside it"
            )
        _draw(figure, study, out, format)
        return
    if study is not None:
        raise OptionError("--study: is for --figure; expected it too")
    if measure is not None:
        if paper is not None or table is not None or verdict or all:
            raise OptionError(
                "--measure: stands alone, expected no PAPER, --table, --verdict or --all beside it"
            )
        if data is None:
            raise OptionError("--measure: needs --data, a folder of clips with a folder for each class")
        show(page_of_measured(measured(measure, data, weights, device, threads, seed)), format)
        return
    if data is not None or weights:
        raise OptionError(f"--{'weights' if weights else 'data'}: is for --measure; expected it too")
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
    # A thousand figures that are as printed, or were never computed, are no news.
    unless_said = VERDICTS if all else NEWS
    listed = [figure for figure in figures if figure.verdict in (verdict or unless_said)]
    show(page(figures, every, listed), format)


def _draw(name: str, study: Path | None, out: Path, format: str) -> None:
    """Writes a figure as PNG, SVG and CSV, and prints its points."""
    from reports.drawing import pictures
    from reports.files import check_folder, write_files
    from reports.paper_drawing import draw
    from reports.tables import csv_text

    check_folder(out)
    figure = figure_of(name)
    if study is not None:
        figure = with_study(figure, study)
    rows = figure.rows()
    files = {f"{figure.name}.csv": csv_text(rows, POINT_COLUMNS).encode()} | pictures(
        draw(figure), figure.name
    )
    for path in write_files(out, files):
        tell(f"note: wrote {path}")
    show(page_of(Table(rows, POINT_COLUMNS, figure.title), lambda: {"figure": name, "points": rows}), format)


def page(figures: Sequence[Reproduced], every: Sequence[Reproduced], listed: Sequence[Reproduced]) -> Page:
    """The figures, those listed for a person, and how many there are of each verdict."""
    counted, shown = CountList(figures), FigureList(listed)
    return Page(
        lambda: {"figures": [each.as_row() for each in every], "counts": count_rows(figures)},
        lambda: [shown, counted] if listed else [counted],
        lambda: Table([_sheet_row(each.as_row()) for each in every], CSV_COLUMNS),
        lambda: [counted, shown],
    )


def table_page(name: str) -> Page:
    """A paper's table from our figures, and where they differ from the published."""
    title, columns, rows, figures = table_rows(name)
    notes = [
        f"! {each.cell.row}, {each.cell.figure}: printed {each.cell.printed}; {each.reason}"
        for each in figures
        if each.verdict in ("close", "substituted", "refuted")
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
            "co3d, x3d, d3d, efficient3d, atfr, movinet or tsm, or a YAML file of that form; all without.",
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
        Option("figure", "Draw a paper's figure from our numbers, such as co3d:1.", metavar="PAPER:FIGURE"),
        Option("study", "With --figure, a study whose trained networks are drawn too.", Path, metavar="DB"),
        replace(OUT, help="With --figure, the folder to write to."),
        Option("measure", "Measure a table's accuracies for weights of yours.", metavar="PAPER:TABLE"),
        replace(DATA, help=f"With --measure: {DATA.help}", is_required=False),
        Option(
            "weights",
            "With --measure, the weights of a row, or of several by a pattern; repeatable.",
            metavar="ROW=FILE",
            is_repeatable=True,
        ),
        DEVICE,
        THREADS,
        SEED,
        FORMAT,
    ),
)
