"""Figures of a sweep that no formula gives: worked out design by design, after bounds have excluded most."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property

import numpy as np

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.analysis.quantities import Quantity
from costmodel.arithmetic import Expression
from costmodel.errors import CostModelError
from costmodel.network import Network
from costmodel.numbers import Exact, Number
from search.problem.designs import Family, plain
from search.sweep.columns import Column, column

Array = np.ndarray
GROWING = (ast.Lt, ast.LtE)


class OneByOne:
    """Metrics that no formula gives, of some designs of a sweep.

    Args:
        network: the spec with its transforms, and the values of sizes that no column gives.
        metrics: the metrics.
        fps: frames a second of the camera.
        batch: clips of a step of training.
    """

    def __init__(
        self,
        network: Network,
        metrics: Sequence[str] = (),
        fps: Fraction | None = None,
        batch: int | None = None,
    ) -> None:
        self.network, self.metrics, self.fps, self.batch = network, tuple(metrics), fps, batch
        self.known: dict[tuple[Exact, ...], Mapping[str, float]] = {}

    def figures(self, columns: Mapping[str, Column], rows: Array) -> dict[str, Array]:
        """The metrics of some designs, each distinct one worked out once."""
        found = [
            self._exact(tuple(each.value(int(row)) for each in columns.values()), columns) for row in rows
        ]
        return {name: np.array([each[name] for each in found]) for name in self.metrics}

    def may_hold(self, condition: Expression, columns: Mapping[str, Column], rows: Array) -> Array:
        """For which designs a bound leaves open whether a condition holds; all where it is no upper limit."""
        name = self._limited(condition)
        if name is None or not len(rows) or not self._takes(columns):
            return np.ones(len(rows), dtype=bool)
        settings: dict[str, Number] = {**self.network.sizes}
        settings |= {key: column([each.value(int(row)) for row in rows]) for key, each in columns.items()}
        (least,) = self._family.many([settings], Quantity(name))
        with np.errstate(all="ignore"):
            holds = np.asarray(condition.value({name: np.broadcast_to(least, len(rows))}), dtype=bool)
        return holds | np.isnan(least)

    @cached_property
    def _family(self) -> Family:
        return Family(self.network, fps=self.fps, batch=self.batch)

    def _takes(self, columns: Mapping[str, Column]) -> bool:
        """Whether all columns are sizes: a `let` name that is set has no place in a family of sizes."""
        return all(name in self.network.size_names for name in columns)

    def _limited(self, condition: Expression) -> str | None:
        """The metric that a condition such as `activation_bytes <= 1e6` bounds from above."""
        match condition.tree:
            case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[ast.Constant()]):
                return name if name in self.metrics and type(op) in GROWING else None
        return None

    def _exact(self, values: tuple[Exact, ...], columns: Mapping[str, Column]) -> Mapping[str, float]:
        if values not in self.known:
            self.known[values] = self._figures(dict(zip(columns, values, strict=True)))
        return self.known[values]

    def _figures(self, values: Mapping[str, Exact]) -> Mapping[str, float]:
        lets = self.network.document.sections["let"]
        sizes = {
            name: bool(value) if isinstance(self.network.sizes.get(name), bool) else value
            for name, value in values.items()
            if name not in lets
        }
        try:
            graph = self.network.with_sizes(sizes).graph(lambda name, value: values.get(name, value))
        except CostModelError:
            return dict.fromkeys(self.metrics, 0)
        found = {name: evaluate(Figures(graph, "fp32", self.fps, self.batch), name) for name in self.metrics}
        for name, value in found.items():
            if value is None:
                Quantity(name).of(found)  # says what it lacks
        return {name: plain(float(value)) for name, value in found.items()}
