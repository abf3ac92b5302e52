"""`analyze`: what a network costs, clip or frame by frame."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from commands.options import DtypeOption, Source, on_spec
from costmodel.analysis.conventions import CONVENTIONS, convention_named
from costmodel.analysis.cost import Analysis
from costmodel.analysis.cost import analyze as analyze_graph
from costmodel.analysis.metrics import METRICS
from costmodel.graph import Graph
from reports import tables

LAYER_COLUMNS = (
    "name",
    "op",
    "out",
    "params",
    "macs",
    "state_floats",
    "activation_floats",
    "receptive_field",
    "delay",
)

EXAMPLES = """What a network costs: parameters, multiply-adds, memory, delay, per layer and in total.

Examples:

    analyze x3d_m --continual                 frame by frame, on a live stream

    analyze x3d --variant S --set crop=182    the clip network at another crop

    analyze x3d_m --continual --pool 64 --fps 30 --dtype fp16

    analyze x3d_m --convention fvcore         also what fvcore prints

    analyze x3d_m --continual --format json   for programs
"""


class GraphFormat(StrEnum):
    """How figures, or the graph, are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MD = "md"
    GRAPHML = "graphml"
    DOT = "dot"


@on_spec
def analyze(
    source: Source,
    dtype: DtypeOption = "fp32",
    fps: Annotated[
        float | None, typer.Option(help="Frames a second of the camera; adds seconds and MACs a second.")
    ] = None,
    convention: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"Adds what another tool counts: {', '.join(CONVENTIONS)}."),
    ] = None,
    format: Annotated[
        GraphFormat, typer.Option(help="Figures, or the graph as GraphML or DOT.")
    ] = GraphFormat.TABLE,
) -> None:
    """Prints the figures of a network."""
    if convention is not None:
        convention_named(convention)
    graph = source.graph()
    for note in graph.notes:
        typer.echo(f"note: {note}", err=True)
    if format in (GraphFormat.GRAPHML, GraphFormat.DOT):
        from reports.graphs import graph_text

        typer.echo(graph_text(graph, format.value), nl=False)
        return
    analysis = analyze_graph(graph, dtype=dtype, fps=fps, convention=convention)
    typer.echo(_text(graph, analysis, format), nl=False)


def _text(graph: Graph, analysis: Analysis, format: GraphFormat) -> str:
    rows = _layer_rows(analysis)
    columns = LAYER_COLUMNS if "convention" not in analysis.totals else (*LAYER_COLUMNS, "count")
    match format:
        case GraphFormat.JSON:
            return tables.plain_json(as_json(graph, analysis)) + "\n"
        case GraphFormat.CSV:
            return tables.csv_text([*rows, _total_row(analysis)], columns)
        case GraphFormat.MD:
            shown = tables.markdown(total_rows(analysis), ("figure", "value", "unit", "source"))
            return f"{shown}\n{tables.markdown(rows, columns)}"
    title = f"{graph.name}, {analysis.mode}: every {graph.every} camera frames, input {graph.source}"
    layers = tables.table(rows, columns, f"{graph.name}, {analysis.mode}: layers")
    totals = tables.table(total_rows(analysis), ("figure", "value", "about", "unit", "source"), title)
    return f"{layers}\n{totals}"


def as_json(graph: Graph, analysis: Analysis) -> dict[str, Any]:
    """The figures with the names that other programs rely on."""
    return {
        "model": graph.name,
        "mode": analysis.mode,
        "totals": dict(analysis.totals),
        "operations": dict(analysis.operations),
        "notes": list(graph.notes),
        "layers": list(analysis.rows),
    }


def total_rows(analysis: Analysis) -> list[dict[str, Any]]:
    """One row for each total, with its unit and the source of its rule, then the operations by kind."""
    unit = {name: metric.unit for name, metric in METRICS.items()}
    source = {name: metric.source for name, metric in METRICS.items()}
    if "convention" in analysis.totals:
        for name in ("count_per_clip", "count_per_frame"):
            unit[name] = analysis.totals["count_unit"]
            source[name] = f"as {analysis.totals['convention']} counts"
    rows = [
        {
            "figure": name,
            "value": value,
            "about": tables.rounded(value, unit.get(name, "")),
            "unit": unit.get(name, "seconds" if name.endswith("_seconds") else ""),
            "source": source.get(name, ""),
        }
        for name, value in analysis.totals.items()
        if name not in ("convention", "count_unit")
    ]
    per = "per frame" if analysis.mode == "continual" else "per clip"
    rows += [
        {
            "figure": kind,
            "value": amount,
            "about": tables.rounded(amount),
            "unit": per,
            "source": "operations",
        }
        for kind, amount in analysis.operations.items()
    ]
    return rows


def _layer_rows(analysis: Analysis) -> list[dict[str, Any]]:
    return [{**row, "out": "x".join(map(str, row["out"].values()))} for row in analysis.rows]


def _total_row(analysis: Analysis) -> dict[str, Any]:
    totals = analysis.totals
    return {
        "name": "total",
        "params": totals["params"],
        "macs": totals["macs_per_frame"],
        "state_floats": totals["state_floats"],
        "activation_floats": totals["largest_activation_floats"],
        "receptive_field": totals["receptive_field"],
        "delay": totals["delay"],
        "count": totals.get("count_per_frame"),
    }
