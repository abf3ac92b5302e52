"""What `analyze` prints: totals, stages, and the layers that hold most or all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from costmodel.analysis.cost import Analysis
from costmodel.analysis.kinds import SAMPLING_MACS
from costmodel.analysis.metrics import METRICS
from costmodel.analysis.rates import IN_SECONDS, taken_every, time_text
from costmodel.analysis.temporal import step_types
from costmodel.graph import INPUT, Graph
from costmodel.readable import brief
from reports.table import Page, Row, Table
from reports.times import Clock

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
LEAST_COLUMNS = ("activation_floats", "receptive_field", "params", "op", "delay", "count")
MOST_LAYERS = 10  # that are shown unless all are asked for
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


@dataclass(frozen=True)
class Shown:
    """How much of the figures a person is shown.

    Args:
        layers: all layers and operations by kind, not the layers alone that hold most.
        sources: where the rule of each total is printed.
        depth: parts of layers' names that tell stages apart.
    """

    layers: bool = False
    sources: bool = False
    depth: int = 1


def page(graph: Graph, analysis: Analysis, shown: Shown | None = None) -> Page:
    """The figures: totals, stages, the layers that hold most; programs and documents get all layers."""
    how = shown or Shown()
    # calls, not tables: what is printed as JSON makes no table, and the other way round
    return Page(
        lambda: as_json(graph, analysis),
        lambda: _screen(graph, analysis, how),
        lambda: _sheet(graph, analysis),
        lambda: [_totals(graph, analysis), _kinds(analysis), _layers(graph, analysis)],
    )


def _screen(graph: Graph, analysis: Analysis, shown: Shown) -> list[Table]:
    from reports.stages import stages  # as `reports.tables` below: no part of JSON's way

    totals = _totals(graph, analysis)
    if not shown.sources:
        totals = replace(totals, columns=[each for each in totals.columns if each != "source"])
    per = "a mean frame" if analysis.mode == "continual" else "a clip"
    about = f"stages: multiply-adds of {per}; state and largest map, in numbers"
    staged = stages(analysis, about, shown.depth)
    if shown.layers:
        return [totals, staged, _kinds(analysis), _layers(graph, analysis)]
    return [totals, staged, _most(graph, analysis)]


def _most(graph: Graph, analysis: Analysis) -> Table:
    from reports.stages import largest

    layers, count = _layers(graph, analysis), len(analysis.rows)
    if count <= MOST_LAYERS:
        return layers
    title = (
        f"the {MOST_LAYERS} of {count} layers that hold most; --layers shows all; {_frame(graph, analysis)}"
    )
    return replace(layers, rows=_as_rows(largest(analysis.rows, MOST_LAYERS)), title=title)


def _frame(graph: Graph, analysis: Analysis) -> str:
    """What columns of model frames leave to be said."""
    rate = analysis.figures.fps
    clock = Clock(int(taken_every(graph, rate)), Fraction(str(graph.fps if rate is None else rate)))
    return f"times in model frames, {clock.label}"


def _layers(graph: Graph, analysis: Analysis) -> Table:
    columns = LAYER_COLUMNS if "convention" not in analysis.totals else (*LAYER_COLUMNS, "count")
    title = f"{graph.name}, {analysis.mode}: layers; {_frame(graph, analysis)}"
    # a clip network keeps nothing, and what it holds are its maps
    least = LEAST_COLUMNS if analysis.mode == "continual" else ("state_floats", *LEAST_COLUMNS[1:])
    return Table(_as_rows(analysis.rows), columns, title, drop=least)


def _kinds(analysis: Analysis) -> Table:
    return Table(operation_rows(analysis), KIND_COLUMNS, _operations_title(analysis))


def _totals(graph: Graph, analysis: Analysis) -> Table:
    every = taken_every(graph, analysis.figures.fps)
    taken = "every camera frame" if every == 1 else f"every {every} camera frames"
    title = f"{graph.name}, {analysis.mode}: {taken}, input {step_types(graph)[INPUT]}"
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
            "about": _in_time(analysis, name)
            or rounded(value, unit.get(name, "")) + _sampling(analysis, name),
            "unit": unit.get(name, _unit_at_camera_rate(name)),
            "source": source.get(name, ""),
        }
        for name, value in analysis.totals.items()
        # They say what the count is, and are no figures.
        if name not in ("convention", "count_unit")
    ]


def _sampling(analysis: Analysis, name: str) -> str:
    """What of a clip's multiply-adds is the samplers' own, which papers leave out."""
    own = sum(analysis.operations.get(kind, 0) for kind in SAMPLING_MACS)
    return f", {brief(float(own))} of them the sampler's own" if own and name == "macs_per_clip" else ""


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


def _as_rows(rows: Iterable[Row]) -> list[Row]:
    from reports.stages import shape

    return [{**row, "out": shape(row)} for row in rows]


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
