"""The names that arithmetic over a paper's networks may use, each computed when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from fractions import Fraction
from math import isinf

from costmodel.analysis.convention import count_of
from costmodel.analysis.conventions import CONVENTIONS, convention_named
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import METRICS, evaluate
from costmodel.errors import OptionError
from costmodel.graph import Node
from costmodel.numbers import Number, Size
from costmodel.ops import Add, Concat, Conv, Linear, Op, Relu, Relu6, Step
from costmodel.spec.load import Item
from reports.cells import Cell

# Layers counted by what they do, for tables of layer counts.
COUNTERS: Mapping[str, tuple[type, ...]] = {
    "convs": (Conv,),
    "linears": (Linear,),
    "relus": (Relu, Relu6),
    "adds": (Add,),
    "concats": (Concat,),
}


@dataclass(frozen=True)
class Part:
    """A network of a paper: its figures, its sizes, and the patterns of the layers of it that are meant.

    Args:
        layers: None for all.
    """

    figures: Figures
    sizes: Mapping[str, Number]
    layers: list[str] | None


class Names(Mapping[str, Number]):
    """Metrics and sizes of a cell's network, `network__metric` of another one, and operands.

    Args:
        cell: whose `layers`, if any, limit the metrics of its own network.
        operands: further names, with their values.
        part: the network of a name; of the cell's own where it is empty.
    """

    def __init__(self, cell: Cell, operands: Mapping[str, Fraction], part: Callable[[str], Part]) -> None:
        self.cell, self.operands, self.part = cell, operands, part
        layers = cell.settings.get("layers")
        self.patterns = None if layers is None else texts(layers.value)

    def __getitem__(self, name: str) -> Number:
        if name in self.operands:
            return self.operands[name]
        network, _, metric = name.rpartition("__")
        part = self.part(network or self.cell.text("network"))
        if metric in part.sizes and metric not in METRICS:
            return part.sizes[metric]
        found = self._metric(part.figures, metric, part.layers if network else self.patterns or part.layers)
        if found is None or (isinstance(found, float) and isinf(found)):
            raise OptionError(f"{metric} {'does not apply' if found is None else 'is unbounded'} here")
        return found

    def __contains__(self, name: object) -> bool:
        network, _, metric = str(name).rpartition("__")
        if name in self.operands or metric in set(self._names()) or metric.startswith("work_"):
            return True
        return metric in self.part(network or self.cell.text("network")).sizes

    def __iter__(self) -> Iterator[str]:
        return iter((*self.operands, *self._names()))

    def __len__(self) -> int:
        return len(tuple(iter(self)))

    def _names(self) -> Iterator[str]:
        yield from (*METRICS, *COUNTERS, *CONVENTIONS, "count", "count_step", "frames")

    def shape(self, axes: int) -> str:
        """The output of the last of the layers: channels x time x height x width, or the last axes of it."""
        figures = self.part(self.cell.text("network")).figures
        if self.patterns == ["input"]:
            return _shape_text(tuple(figures.graph.source), axes)
        nodes = self._nodes(figures, self.patterns)
        return _shape_text(tuple(figures.out(nodes[-1])), axes)

    def _nodes(self, figures: Figures, patterns: list[str] | None) -> list[Node]:
        if patterns is None:
            return list(figures.graph.nodes)
        found = [node for node in figures.graph.nodes if _matches(node.name, patterns)]
        if not found:
            raise OptionError(f"no layer of {figures.graph.name} matches {', '.join(patterns)}")
        return found

    def _metric(self, figures: Figures, name: str, patterns: list[str] | None) -> Number | None:
        """A figure of a network, or of those of its layers that match."""
        if name == "frames":  # whatever the size that sets them is called
            return figures.frames
        nodes = self._nodes(figures, patterns)
        if name in COUNTERS:
            return sum(isinstance(_inner(node), COUNTERS[name]) for node in nodes)
        if name.startswith("work_"):
            kind = name.removeprefix("work_").replace("_", ".")
            return sum(figures.work[node.name].get(kind, 0) for node in nodes)
        # some figures, such as the peak of live maps, are no sum over layers
        if name in METRICS and patterns is None:
            return evaluate(figures, name)
        return figures.total((node, self._of_layer(figures, name, node)) for node in nodes)

    def _of_layer(self, figures: Figures, name: str, node: Node) -> Number | None:
        if name in METRICS:
            layer = METRICS[name].layer
            if layer is None:
                raise OptionError(f"{name} is a figure of a whole network, not of some layers")
            return layer(figures, node)
        convention = convention_named(name if name in CONVENTIONS else self.cell.text("convention"))
        if name == "count_step":  # a step at which every layer answers
            return convention.layer(figures, node)
        return count_of(figures, convention, node)


def texts(items: Iterable[Item] | None) -> list[str] | None:
    """The items of a list as texts; None for none."""
    return None if items is None else [str(item.value) for item in items]


def _matches(name: str, patterns: list[str]) -> bool:
    """Whether a name matches one of the patterns, and none of those that begin with !."""
    if any(fnmatchcase(name, pattern[1:]) for pattern in patterns if pattern.startswith("!")):
        return False
    return any(fnmatchcase(name, pattern) for pattern in patterns if not pattern.startswith("!"))


def _inner(node: Node) -> Op:
    return node.op.inner if isinstance(node.op, Step) else node.op


def _shape_text(sizes: tuple[Size, ...], axes: int) -> str:
    chosen = sizes if axes == 4 else sizes[1:] if axes == 3 else sizes[:axes]
    return "x".join(map(str, chosen))
