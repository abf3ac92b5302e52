"""What clips of their own numbers of frames cost behind a sampler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.edit import Editor
from costmodel.graph import Graph
from costmodel.numbers import Number, Size
from costmodel.ops import Sgs


def samplers(graph: Graph) -> tuple[str, ...]:
    """The layers behind which each clip has its own number of frames."""
    return tuple(node.name for node in graph.nodes if node.op.is_adaptive)


def with_active_bins(graph: Graph, numbers: Mapping[str, Size]) -> Graph:
    """The network of clips that have these numbers of frames behind its samplers, by their names.

    Raises:
        ShapeError: a layer behind cannot take so few.
    """
    editor = Editor(graph)
    for name, number in numbers.items():
        editor.replace(name, replace(cast(Sgs, graph.by_name[name].op), kept=number))
    return editor.graph()


def macs_of_clips(graph: Graph, numbers: Mapping[str, Size]) -> Number:
    """Multiply-adds of clips of these numbers of active bins; of arrays of numbers as many figures."""
    return evaluate(Figures(with_active_bins(graph, numbers)), "macs_per_clip")
