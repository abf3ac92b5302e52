"""Evaluates the arithmetic over networks' metrics with which papers' figures are compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from fractions import Fraction
from math import isinf
from typing import Any

from costmodel.analysis.convention import count_of
from costmodel.analysis.conventions import CONVENTIONS, convention_named
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import METRICS, evaluate
from costmodel.arithmetic import parse
from costmodel.errors import CostModelError, OptionError, nearest
from costmodel.graph import Node
from costmodel.network import Network
from costmodel.numbers import Number, Size, is_exact
from costmodel.ops import Add, Concat, Conv, Linear, Op, Relu, Relu6, Step
from costmodel.spec import Document, document
from costmodel.spec.load import Item
from costmodel.transforms import TRANSFORMS, Transform
from reports.active_bins import costs_by_active_bins, implied_active_bins
from reports.papers import Cell
from reports.printed import Value, number

# A network's figures, and the patterns of the layers of it that are meant; None for all.
Part = tuple[Figures, list[str] | None]

# Layers counted by what they do, for tables of layer counts.
COUNTERS: Mapping[str, tuple[type, ...]] = {
    "convs": (Conv,),
    "linears": (Linear,),
    "relus": (Relu, Relu6),
    "adds": (Add,),
    "concats": (Concat,),
}
UNITS = {"G": 10**9}  # of costs that imply a mean
_DOTTED = re.compile(r"\b([A-Za-z]\w*)\.([A-Za-z]\w*)")


class NoNetworkError(CostModelError):
    """A figure is about a network that has no spec; says why."""


class Networks:
    """Networks and their figures, each built once for a spec with its options."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.networks: dict[object, Network] = {}
        self.figures: dict[object, Figures] = {}

    def value(self, cell: Cell, known: Mapping[str, Item], operands: Mapping[str, Fraction]) -> Value:
        """The value of a cell's expression.

        A name is a metric of the cell's network, or `network.metric` of another one, or an operand. `layers`
        limits metrics to layers whose names match one of its patterns; `shape` is the output of the last.

        Raises:
            SpecError: the cell names something unknown; the message names the row.
            NoNetworkError: a network has no spec.
        """
        try:
            scope = _Scope(cell, operands, lambda name: self._part(cell, known, name))
            text = cell.text("value")
            if text == "shape":
                return scope.shape(cell.printed.count("x") + cell.printed.count("^2") + 1)
            # the arithmetic knows names alone: `x3d_m.macs` is read as `x3d_m__macs`
            found = parse(_DOTTED.sub(r"\1__\2", text)).value(scope)
        except NoNetworkError:
            raise
        except CostModelError as error:
            raise cell.error(str(error).replace("__", ".")) from error
        assert is_exact(found)  # the sizes of published networks are numbers
        return found if isinstance(found, int) else Fraction(found)

    def _part(self, cell: Cell, known: Mapping[str, Item], name: str) -> Part:
        if not name:
            raise OptionError("no `network` to take the figure of")
        if name not in known:
            raise OptionError(f"unknown network {name!r}{nearest(name, known)}")
        given = {key: item.value for key, item in known[name].value.items()}
        if given.get("open"):
            raise NoNetworkError(str(given["open"]))
        return self._built(given), _texts(given.get("layers"))

    def implied(self, cell: Cell, known: Mapping[str, Item]) -> str:
        """What a printed mean cost of a sampled network says of its clips: the mean of their active bins.

        Raises:
            SpecError: the cell names no sampled network, or one that costs less or more at any number.
        """
        name = cell.text("network")
        try:
            if name not in known:
                raise OptionError(f"unknown network {name!r}{nearest(name, known)}")
            given = {key: item.value for key, item in known[name].value.items()}
            network = self._network(given)
            costs = costs_by_active_bins(network, convention_named(cell.text("convention")))
            mean = implied_active_bins(costs, number(cell.printed) * UNITS[cell.text("unit")])
        except CostModelError as error:
            raise cell.error(str(error)) from error
        note = f"; {cell.text('note')}" if cell.text("note") else ""
        return f"a mean of {float(mean):.2f} of {max(costs)} active bins{note}"

    def _built(self, given: Mapping[str, Any]) -> Figures:
        sets = {key: item.value for key, item in (given.get("set") or {}).items()}
        spec, transforms = str(given["spec"]), tuple(_transforms(given))
        source = (spec, given.get("variant"), tuple(sorted(sets.items())))
        key = (source, transforms)
        if key not in self.figures:
            self.figures[key] = Figures(self._network(given).graph())
        return self.figures[key]

    def _network(self, given: Mapping[str, Any]) -> Network:
        sets = {key: item.value for key, item in (given.get("set") or {}).items()}
        spec = str(given["spec"])
        source = (spec, given.get("variant"), tuple(sorted(sets.items())))
        # One network for all its transforms: the graphs ahead of them are made once.
        if source not in self.networks:
            self.networks[source] = Network(self._document(spec), sets, (), given.get("variant"), spec)
        network = self.networks[source]
        for each in _transforms(given):
            network = network.with_transform(each)
        return network

    def _document(self, spec: str) -> Document:
        if spec not in self.documents:
            self.documents[spec] = document(spec)
        return self.documents[spec]


class _Scope(Mapping[str, Number]):
    """The names of an expression, each computed when it is asked for."""

    def __init__(self, cell: Cell, operands: Mapping[str, Fraction], part: Callable[[str], Part]) -> None:
        self.cell, self.operands, self.part = cell, operands, part
        layers = cell.settings.get("layers")
        self.patterns = None if layers is None else _texts(layers.value)

    def __getitem__(self, name: str) -> Number:
        if name in self.operands:
            return self.operands[name]
        network, _, metric = name.rpartition("__")
        figures, patterns = self.part(network or self.cell.text("network"))
        found = self._metric(figures, metric, patterns if network else self.patterns or patterns)
        if found is None or (isinstance(found, float) and isinf(found)):
            raise OptionError(f"{metric} {'does not apply' if found is None else 'is unbounded'} here")
        return found

    def __contains__(self, name: object) -> bool:
        metric = str(name).rpartition("__")[2]
        return name in self.operands or metric in set(self._names()) or metric.startswith("work_")

    def __iter__(self) -> Iterator[str]:
        return iter((*self.operands, *self._names()))

    def __len__(self) -> int:
        return len(tuple(iter(self)))

    def _names(self) -> Iterator[str]:
        yield from (*METRICS, *COUNTERS, *CONVENTIONS, "count", "count_step", "frames")

    def shape(self, axes: int) -> str:
        """The output of the last of the layers: channels x time x height x width, or the last axes of it."""
        figures, _ = self.part(self.cell.text("network"))
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
        if name == "frames":
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


def _transforms(given: Mapping[str, Any]) -> Iterator[Transform]:
    """The transforms that a network of a paper asks for, in the order of its keys."""
    for word in given:
        if word in TRANSFORMS and given[word]:
            names = [each.name for each in TRANSFORMS[word].options()]
            yield TRANSFORMS[word].of({name: given[name] for name in names if name in given})


def _texts(items: Iterable[Item] | None) -> list[str] | None:
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
