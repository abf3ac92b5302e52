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

# What a narrow terminal leaves out first
LEAST_COLUMNS = ("activation_floats", "receptive_field", "params", "out", "op", "delay", "count")
TOTAL_COLUMNS = ("figure", "value", "about", "unit", "source")
KIND_COLUMNS = ("operation", "count", "about", "unit")
# What one operation of a kind is, by the first part of its name
OPERATION_UNITS = {
    "mac": "multiply-accumulates",
    "bias": "additions",
    "norm": "values normalised",
    "activation": "values",
    "softmax": "softmaxes",
    "pool": "values",
    "add": "additions",
    "mul": "multiplications",
}

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
            shown = tables.markdown(total_rows(analysis), TOTAL_COLUMNS)
            kinds = tables.markdown(operation_rows(analysis), KIND_COLUMNS)
            return f"{shown}\n{kinds}\n{tables.markdown(rows, columns)}"
    title = f"{graph.name}, {analysis.mode}: every {graph.every} camera frames, input {graph.source}"
    layers = tables.table(rows, columns, f"{graph.name}, {analysis.mode}: layers", drop=LEAST_COLUMNS)
    totals = tables.table(total_rows(analysis), TOTAL_COLUMNS, title, drop=("source", "unit", "about"))
    kinds = tables.table(operation_rows(analysis), KIND_COLUMNS, _operations_title(analysis))
    return f"{layers}\n{kinds}\n{totals}"


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
    """One row for each total, with its unit and the source of its rule."""
    unit = {name: metric.unit for name, metric in METRICS.items()}
    source = {name: metric.source for name, metric in METRICS.items()}
    if "convention" in analysis.totals:
        for name in ("count_per_clip", "count_per_frame"):
            unit[name] = analysis.totals["count_unit"]
            source[name] = f"as {analysis.totals['convention']} counts"
    return [
        {
            "figure": name,
            "value": value,
            "about": tables.rounded(value, unit.get(name, "")),
            "unit": unit.get(name, _unit_at_camera_rate(name)),
            "source": source.get(name, ""),
        }
        for name, value in analysis.totals.items()
        if name not in ("convention", "count_unit")
    ]


def _unit_at_camera_rate(name: str) -> str:
    """The unit of a figure that `--fps` adds."""
    known = {"fps": "camera frames / second", "macs_per_second": "MAC / second"}
    return known.get(name, "seconds" if name.endswith("_seconds") else "")


def operation_rows(analysis: Analysis) -> list[dict[str, Any]]:
    """One row for each kind of operation."""
    return [
        {
            "operation": kind,
            "count": amount,
            "about": tables.rounded(amount),
            "unit": OPERATION_UNITS.get(kind.split(".")[0], "operations"),
        }
        for kind, amount in analysis.operations.items()
    ]


def _operations_title(analysis: Analysis) -> str:
    per = "frame, as a mean" if analysis.mode == "continual" else "clip"
    return f"operations by kind, per {per}: facts of the layers, before any counting convention"


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
