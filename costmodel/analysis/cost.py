"""All figures of a network at once: totals, and a row for each layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from costmodel.analysis.convention import Convention, count_of, count_per_clip, count_per_frame
from costmodel.analysis.conventions import convention_named
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import (
    METRICS,
    activation_floats,
    evaluate,
    macs_per_frame,
    params,
    state_floats,
)
from costmodel.analysis.rates import NEEDS_RATE
from costmodel.graph import Graph, Node
from costmodel.numbers import repeated
from costmodel.readable import plain

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class Analysis:
    """The figures of a graph.

    Args:
        figures: the folds over the graph.
        totals: every metric by name; None where it does not apply, infinity where it is unbounded.
        operations: operations by kind, for one clip, or as a mean for one frame.
        rows: one mapping for each layer.
    """

    figures: Figures
    totals: Mapping[str, Any]
    operations: Mapping[str, Any]
    rows: tuple[Mapping[str, Any], ...]

    @property
    def mode(self) -> str:
        """`continual` or `clip`."""
        return "continual" if self.figures.graph.is_stream else "clip"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the network that a reader must know."""
        return self.figures.graph.notes

    @cached_property
    def layers(self) -> pandas.DataFrame:
        """One row for each layer."""
        import pandas as pd

        return pd.DataFrame([{**row, "out": "x".join(map(str, row["out"].values()))} for row in self.rows])

    def plot(self, depth: int = 1) -> Figure:
        """Draws the multiply-adds and the memory of each stage.

        Args:
            depth: how many parts of a layer's name tell stages apart: `res2` with 1, `res2.0` with 2.
        """
        from costmodel.analysis.shown import plot

        return plot(self, depth)

    def __repr__(self) -> str:
        from costmodel.analysis.shown import text

        return text(self)

    def _repr_html_(self) -> str:
        """For notebooks."""
        from costmodel.analysis.shown import html

        return html(self)


def analyze(
    graph: Graph,
    *,
    dtype: str = "fp32",
    fps: float | None = None,
    convention: str | None = None,
    train: int | None = None,
) -> Analysis:
    """All figures of a network, clip or frame by frame.

    Args:
        graph: a clip network, or what `continual` makes of it.
        dtype: what sizes in bytes are counted in: fp32, fp16 or int8.
        fps: frames a second of the camera; adds times in seconds and multiply-adds a second.
        convention: adds what another tool counts, such as `fvcore`, in total and for each layer.
        train: adds `training_bytes`, what a step of training of the clip network on so many clips holds.

    Raises:
        OptionError: the dtype or the convention is not known, or fps is not above zero.
    """
    figures = Figures(graph, dtype, fps, train)
    asked = (*NEEDS_RATE, "training_bytes")
    totals: dict[str, Any] = {name: plain(evaluate(figures, name)) for name in METRICS if name not in asked}
    if fps is not None:
        totals |= {"fps": fps, **_in_seconds(figures)}
    if train is not None:
        totals["training_bytes"] = evaluate(figures, "training_bytes")
    rows = [_row(figures, node) for node in graph.nodes]
    if convention is not None:
        chosen = convention_named(convention)
        totals.update(_counted(figures, chosen))
        for row, node in zip(rows, graph.nodes, strict=True):
            row["count"] = plain(count_of(figures, chosen, node))
    return Analysis(figures, totals, operations_by_kind(figures), tuple(rows))


def operations_by_kind(figures: Figures) -> dict[str, Any]:
    """Operations by kind over all layers: for one clip, or as a mean for one frame."""
    kinds: dict[str, Any] = {}
    for node in figures.graph.nodes:
        for kind, amount in figures.work[node.name].items():
            kinds[kind] = kinds.get(kind, 0) + repeated(figures.per_frame(node, amount), node.count)
    return {kind: plain(amount) for kind, amount in sorted(kinds.items())}


def _in_seconds(figures: Figures) -> dict[str, Any]:
    values = {name: plain(evaluate(figures, name)) for name in NEEDS_RATE}
    return {name: value for name, value in values.items() if value is not None}


def _counted(figures: Figures, convention: Convention) -> dict[str, Any]:
    return {
        "convention": convention.name,
        "count_per_clip": plain(count_per_clip(figures, convention)),
        "count_per_frame": plain(count_per_frame(figures, convention)),
        "count_unit": convention.unit,
    }


def _row(figures: Figures, node: Node) -> dict[str, Any]:
    reach = figures.reach[node.name]
    op = node.op
    return {
        "name": node.name,
        "op": op_title(op),
        "inputs": list(node.inputs),
        "out": figures.in_step[node.name]._asdict(),
        "params": params(figures, node),
        "macs": plain(macs_per_frame(figures, node)),
        "state_floats": state_floats(figures, node),
        "activation_floats": activation_floats(figures, node),
        "receptive_field": reach.receptive_field,
        "delay": reach.delay,
    }


def op_title(op: Any) -> str:
    """What a layer is called in tables: its word, `step conv` for its frame-by-frame form, `delay`."""
    inner = getattr(op, "inner", None)
    if inner is not None:
        return f"step {op_title(inner)}"
    return type(op).word or type(op).__name__.lower()
