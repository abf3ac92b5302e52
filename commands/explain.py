"""`explain`: one layer's rules with the numbers put in, and what each counting convention makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.options import Format, FormatOption, Source, on_spec
from costmodel.analysis.conventions import KINDS
from costmodel.analysis.cost import operations_by_kind, plain
from costmodel.analysis.explain import Counted, Explanation, counts_of
from costmodel.analysis.explain import explain as explain_layer
from costmodel.analysis.figures import Figures
from costmodel.errors import one_line
from costmodel.graph import Graph
from reports import tables

EXAMPLES = """Why a layer costs what it costs: closed forms with the numbers put in, and what tools count.

Without a layer: what each counting convention makes of the whole network.

Examples:

    explain x3d_m res3.0.main.b                a layer of the clip network

    explain x3d_m pool5 --continual --pool 64  its frame-by-frame form

    explain x3d_m                              every convention on the whole network
"""

FORM_COLUMNS = ("figure", "closed_form", "numbers", "value", "source")
COUNT_COLUMNS = ("convention", "count", "unit", "counts", "leaves_out")
KIND_COLUMNS = ("kind", "amount", "meaning")
Rows = list[dict[str, Any]]


@on_spec
def explain(
    source: Source,
    layer: Annotated[
        str | None,
        typer.Argument(metavar="[LAYER]", help="A layer as `analyze` names it; all where none is given."),
    ] = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """Prints what stands behind the figures of a layer."""
    graph = source.graph()
    for note in graph.notes:
        typer.echo(f"note: {note}", err=True)
    text = _network_text(graph, format) if layer is None else _layer_text(graph, layer, format)
    typer.echo(text, nl=False)


def _layer_text(graph: Graph, layer: str, format: Format) -> str:
    found = explain_layer(graph, layer)
    forms, counts = form_rows(found), count_rows(found.counts)
    facts = [{"fact": name, "value": value} for name, value in found.facts.items()]
    where = [{"symbol": name, "value": value} for name, value in found.symbols.items()]
    match format:
        case Format.JSON:
            return tables.plain_json(_layer_json(graph, found)) + "\n"
        case Format.CSV:
            return tables.csv_text(_sections(forms=forms, facts=facts, counts=counts), SECTION_COLUMNS)
        case Format.MD:
            return "\n".join(
                (
                    f"{found.rule}\n",
                    tables.markdown(forms, FORM_COLUMNS),
                    tables.markdown(where, ("symbol", "value")),
                    tables.markdown(facts, ("fact", "value")),
                    tables.markdown(counts, COUNT_COLUMNS),
                )
            )
    return "\n".join(
        (
            f"{found.name}: {found.op}, of {one_line(graph.name)}, {_mode(graph)}\n\n{found.rule}\n",
            tables.table(forms, FORM_COLUMNS, "closed forms, for one output"),
            f"where {', '.join(f'{name} = {value}' for name, value in found.symbols.items())}\n",
            tables.table(facts, ("fact", "value"), "facts"),
            tables.table(counts, COUNT_COLUMNS, f"what each convention counts, per {_per(graph)}"),
        )
    )


def _network_text(graph: Graph, format: Format) -> str:
    figures = Figures(graph)
    counts = counts_of(figures, graph.nodes)
    kinds = [
        {"kind": kind, "amount": amount, "meaning": KINDS[kind]}
        for kind, amount in operations_by_kind(figures).items()
    ]
    rows = [{**row, "about": each.about} for row, each in zip(count_rows(counts), counts, strict=True)]
    match format:
        case Format.JSON:
            found = {
                "model": graph.name,
                "mode": _mode(graph),
                "conventions": _counts_json(counts),
                "kinds": kinds,
            }
            return tables.plain_json(found) + "\n"
        case Format.CSV:
            return tables.csv_text(rows, (*COUNT_COLUMNS, "about"))
        case Format.MD:
            columns = ("convention", "count", "unit", "counts", "about")
            return f"{tables.markdown(rows, columns)}\n{tables.markdown(kinds, KIND_COLUMNS)}"
    title = f"{graph.name}, {_mode(graph)}: what each convention counts, per {_per(graph)}"
    shown = tables.table(rows, ("convention", "count", "unit", "counts"), title)
    return f"{shown}\n{tables.table(kinds, KIND_COLUMNS, f'work by kind, per {_per(graph)}')}"


def form_rows(found: Explanation) -> Rows:
    """One row for each closed form."""
    return [
        {
            "figure": form.figure,
            "closed_form": form.formula,
            "numbers": form.numbers,
            "value": plain(form.value),
            "source": form.source,
        }
        for form in found.forms
    ]


def count_rows(counts: Iterable[Counted]) -> Rows:
    """One row for each convention, with what it leaves out in words."""
    return [
        {
            "convention": each.convention,
            "count": plain(each.count),
            "unit": each.unit,
            "counts": each.rules or "nothing",
            "leaves_out": ", ".join(
                f"{kind} {tables.figure(plain(value))}" for kind, value in each.left_out.items()
            ),
        }
        for each in counts
    ]


SECTION_COLUMNS = ("section", "name", "value", "unit", "rule", "detail")


def _sections(forms: Rows, facts: Rows, counts: Rows) -> Rows:
    """All tables of a layer as rows of one."""
    return [
        *(
            {
                "section": "closed form",
                "name": row["figure"],
                "rule": row["closed_form"],
                "detail": row["numbers"],
            }
            | {"value": row["value"]}
            for row in forms
        ),
        *({"section": "fact", "name": row["fact"], "value": row["value"]} for row in facts),
        *(
            {"section": "convention", "name": row["convention"], "value": row["count"], "unit": row["unit"]}
            | {"rule": row["counts"], "detail": f"leaves out {row['leaves_out'] or 'nothing'}"}
            for row in counts
        ),
    ]


def _layer_json(graph: Graph, found: Explanation) -> dict[str, Any]:
    return {
        "model": graph.name,
        "mode": _mode(graph),
        "layer": found.name,
        "op": found.op,
        "rule": found.rule,
        "closed_forms": form_rows(found),
        "symbols": dict(found.symbols),
        "facts": dict(found.facts),
        "conventions": _counts_json(found.counts),
    }


def _counts_json(counts: Iterable[Counted]) -> list[Mapping[str, Any]]:
    return [
        {
            **asdict(each),
            "count": plain(each.count),
            "left_out": {kind: plain(value) for kind, value in each.left_out.items()},
        }
        for each in counts
    ]


def _mode(graph: Graph) -> str:
    return "continual" if graph.is_stream else "clip"


def _per(graph: Graph) -> str:
    return "frame" if graph.is_stream else "clip"
