"""`analyze`: what a network costs, clip or frame by frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from commands.command import Command
from commands.options import DTYPE
from commands.printing import put, show, tell
from commands.source import Source
from costmodel.analysis.conventions import CONVENTIONS, convention_named
from costmodel.analysis.cost import Analysis
from costmodel.analysis.cost import analyze as analyze_graph
from costmodel.analysis.metrics import METRICS
from costmodel.analysis.rates import IN_SECONDS, checked_rate, rate_note, taken_every, time_text
from costmodel.graph import Graph
from costmodel.options import Option
from costmodel.transforms.sgs import Sgs
from reports.table import FORMATS, Page, Table

GRAPH_FORMATS = ("graphml", "dot")
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

    analyze x3d_m --train 8                   also what training on batches of 8 clips holds

    analyze x3d_m --continual --format json   for programs
"""


def analyze(
    source: Source,
    dtype: str,
    fps: float | None,
    convention: str | None,
    train: int | None,
    implied: str | None,
    format: str,
) -> None:
    """Prints the figures of a network."""
    if convention is not None:
        convention_named(convention)
    shares = _shares(source)
    graph = (source.with_sizes({"active_bins": max(shares)}) if shares else source).graph()
    rate = None if fps is None else checked_rate(fps)
    for note in filter(None, (*graph.notes, rate_note(graph, rate))):
        tell(f"note: {note}")
    if format in GRAPH_FORMATS:
        # networkx takes a while to load, and figures do not need it
        from reports.graphs import graph_text

        put(graph_text(graph, format))
        return
    analysis = analyze_graph(graph, dtype=dtype, fps=fps, convention=convention, train=train)
    if shares:
        from reports.active_bins import mean_analysis

        numbers = f"{min(shares)} to {max(shares)}"
        tell(f"note: figures are means over clips of {numbers} active bins; shapes are those of most")
        analysis = mean_analysis(source, shares, dtype=dtype, fps=fps, convention=convention, train=train)
    if implied is not None:
        analysis = replace(analysis, totals={**analysis.totals, **_implied(source, implied, convention)})
    show(page(graph, analysis), format)


def _shares(source: Source) -> Mapping[int, Fraction]:
    """The shares of clips by their active bins, where these are a distribution; else nothing."""
    sampling = source.made_by(Sgs)
    return {} if sampling is None else sampling.shares


def _implied(source: Source, cost: str, convention: str | None) -> dict[str, object]:
    """The mean number of active bins at a mean cost, in multiply-adds or as a convention counts."""
    from costmodel.analysis.quantities import Quantity, amount
    from reports.active_bins import costs_by_active_bins, implied_active_bins

    bound, _ = amount(cost, Quantity("macs_per_clip"))
    costs = costs_by_active_bins(source, None if convention is None else convention_named(convention))
    return {"implied_active_bins": float(implied_active_bins(costs, bound))}


def page(graph: Graph, analysis: Analysis) -> Page:
    """The figures: layers, operations by kind and totals; on a terminal totals come last, where one looks."""
    # calls, not tables: what is printed as JSON makes no table, and the other way round
    return Page(
        lambda: as_json(graph, analysis),
        lambda: [_layers(graph, analysis), _kinds(analysis), _totals(graph, analysis)],
        lambda: _sheet(graph, analysis),
        lambda: [_totals(graph, analysis), _kinds(analysis), _layers(graph, analysis)],
    )


def _layers(graph: Graph, analysis: Analysis) -> Table:
    columns = LAYER_COLUMNS if "convention" not in analysis.totals else (*LAYER_COLUMNS, "count")
    title = f"{graph.name}, {analysis.mode}: layers"
    return Table(_layer_rows(analysis), columns, title, drop=LEAST_COLUMNS)


def _kinds(analysis: Analysis) -> Table:
    return Table(operation_rows(analysis), KIND_COLUMNS, _operations_title(analysis))


def _totals(graph: Graph, analysis: Analysis) -> Table:
    every = taken_every(graph, analysis.figures.fps)
    title = f"{graph.name}, {analysis.mode}: every {every} camera frames, input {graph.source}"
    if graph.missing:
        title += f"; partial: without {', '.join(graph.missing)}"
    return Table(total_rows(analysis), TOTAL_COLUMNS, title, drop=("source", "unit", "about"))


def _sheet(graph: Graph, analysis: Analysis) -> Table:
    layers = _layers(graph, analysis)
    # CSV holds one table, so the totals that belong under its columns are a row of it
    return replace(layers, rows=[*layers.rows, _total_row(analysis)])


def as_json(graph: Graph, analysis: Analysis) -> dict[str, object]:
    """The figures with the names that other programs rely on."""
    return {
        "model": graph.name,
        "dtype": analysis.figures.dtype,
        "mode": analysis.mode,
        "totals": dict(analysis.totals),
        "operations": dict(analysis.operations),
        "partial": bool(graph.missing),
        "missing": list(graph.missing),
        "notes": list(graph.notes),
        "layers": list(analysis.rows),
    }


def total_rows(analysis: Analysis) -> list[dict[str, object]]:
    """One row for each total, with its unit and the source of its rule."""
    from reports.tables import rounded

    unit = {name: metric.unit for name, metric in METRICS.items()}
    source = {name: metric.source for name, metric in METRICS.items()}
    if "training_bytes" in analysis.totals:
        unit["training_bytes"] = "bytes"
        source["training_bytes"] = "weights, gradients, momentum and the maps alive at the worst moment"
    if "convention" in analysis.totals:
        for name in ("count_per_clip", "count_per_frame"):
            unit[name] = analysis.totals["count_unit"]
            source[name] = f"as {analysis.totals['convention']} counts"
    return [
        {
            "figure": name,
            "value": value,
            "about": _in_time(analysis, name) or rounded(value, unit.get(name, "")),
            "unit": unit.get(name, _unit_at_camera_rate(name)),
            "source": source.get(name, ""),
        }
        for name, value in analysis.totals.items()
        # They say what the count is, and are no figures.
        if name not in ("convention", "count_unit")
    ]


def _in_time(analysis: Analysis, name: str) -> str:
    """A time in camera frames and seconds; empty for a figure that is none."""
    if name not in IN_SECONDS:
        return ""
    figures = analysis.figures
    return time_text(analysis.totals[name], figures.graph.every, figures.graph.fps, figures.fps)


def _unit_at_camera_rate(name: str) -> str:
    """The unit of a figure that `--fps` adds."""
    known = {"fps": "camera frames / second", "macs_per_second": "MAC / second"}
    return known.get(name, "seconds" if name.endswith("_seconds") else "")


def operation_rows(analysis: Analysis) -> list[dict[str, object]]:
    """One row for each kind of operation."""
    from reports.tables import rounded

    return [
        {
            "operation": kind,
            "count": amount,
            "about": rounded(amount),
            "unit": OPERATION_UNITS.get(kind.split(".")[0], "operations"),
        }
        for kind, amount in analysis.operations.items()
    ]


def _operations_title(analysis: Analysis) -> str:
    per = "frame, as a mean" if analysis.mode == "continual" else "clip"
    return f"operations by kind, per {per}: facts of the layers, before any counting convention"


def _layer_rows(analysis: Analysis) -> list[dict[str, object]]:
    return [{**row, "out": "x".join(map(str, row["out"].values()))} for row in analysis.rows]


def _total_row(analysis: Analysis) -> dict[str, object]:
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


COMMAND = Command(
    analyze,
    EXAMPLES,
    (
        DTYPE,
        Option("fps", "Frames a second of the camera; adds seconds and MACs a second.", float),
        Option("convention", f"Adds what another tool counts: {', '.join(CONVENTIONS)}.", metavar="NAME"),
        Option(
            "train",
            "Adds the memory of a step of training on so many clips.",
            int,
            least=1,
            metavar="BATCH",
        ),
        Option(
            "implied",
            "Adds the mean of active bins at a mean cost of clips, with --sgs.",
            metavar="COST",
        ),
        Option(
            "format",
            "Figures, or the graph as GraphML or DOT.",
            default="table",
            choices=(*FORMATS, *GRAPH_FORMATS),
        ),
    ),
    takes="spec",
)
