"""A spec as a family of networks, one for each setting of its sizes, and the figures of many at once.

Networks are worked out folded: the sizes that axes move are arrays, so that a repeated block stands once with
its count. A depth of 264 blocks then costs what one of 11 does, and all candidates of a step share one graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from costmodel.address import address
from costmodel.analysis.figures import Figures
from costmodel.analysis.quantities import Quantity
from costmodel.errors import CostModelError, OptionError
from costmodel.graph import Graph
from costmodel.network import Network, Settings
from costmodel.numbers import Size, exact
from costmodel.ops.base import Demand
from costmodel.spec.axes import ADDED, Axis, axes_of
from costmodel.transforms import Transform
from costmodel.types import TensorType
from search.problem.alike import groups
from search.problem.bounded import are_known, intervals, swept
from search.problem.values import values_of
from search.sweep.columns import column, joined, length_of

Floats = NDArray[np.float64]
# A layer, where its demand holds, and the demand in words with the values that it is about.
Broken = tuple[str, NDArray[np.bool_], str, tuple[Size, ...]]


@dataclass(frozen=True)
class Design:
    """A candidate network: its sizes and transforms, its figures, its address; `problem` if it is invalid."""

    settings: Settings
    values: Mapping[str, float]
    network: str = ""
    problem: str = ""
    transforms: tuple[Transform, ...] = ()


@dataclass(frozen=True)
class Family:
    """All networks of one spec, at any sizes, each changed by the same transforms.

    Args:
        network: the one where nothing else is said.
        dtype: what sizes in bytes are counted in.
        fps: frames a second of the camera; times in seconds do not apply without.
        batch: clips of a step of training; its memory does not apply without.
    """

    network: Network
    dtype: str = "fp32"
    fps: Fraction | None = None
    batch: int | None = None

    def figures(self, graph: Graph) -> Figures:
        """The figures of one of its networks."""
        return Figures(graph, self.dtype, self.fps, self.batch)

    @cached_property
    def swept(self) -> Family:
        """The family whose figures are worked out for many designs at once; see `bounded.swept`."""
        return self.of(swept(self.network))

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The axes that the spec declares.

        Raises:
            OptionError: one moves a size of a transform, which is not given a value here.
        """
        axes = axes_of(self.network.document)
        for axis in axes:
            for name in (axis.moves, *axis.follows):
                if name not in self.network.sizes:
                    repair = f"give --{ADDED[name]}, and --{name} with one"
                    raise OptionError(f"axes.{axis.name}: moves {name}, which has no value; {repair}")
        return axes

    @cached_property
    def moving(self) -> frozenset[str]:
        """The sizes that some axis changes."""
        return frozenset(name for axis in self.axes for name in (axis.moves, *axis.follows))

    def of(self, network: Network) -> Family:
        """The family of another network, counted in the same terms."""
        return replace(self, network=network)

    def at(self, settings: Settings) -> Network:
        """The network at these sizes; arrays make one network stand for many designs."""
        return replace(self.network, settings=settings, variant=None)

    def many(self, pieces: Sequence[Settings], quantity: Quantity) -> list[Floats]:
        """A quantity of each piece, as an array over its values; NaN where a design is no network.

        Where no formula gives it, it is what the quantity is at the least.

        A piece is settings of which some are arrays of one length; all pieces are worked out together.
        """
        lengths = [length_of(piece) for piece in pieces]

        def costs(settings: Settings, count: int) -> Floats:
            figures = self.figures(self.swept.at(settings).graph())
            return np.asarray(intervals((quantity,), self.network, figures, (count,))[quantity.text].low)

        values = np.full(sum(lengths), np.nan)
        for rows, found in groups(joined(pieces, lengths, self.moving), len(values), costs):
            if found is not None:
                values[rows] = found
        return np.split(values, np.cumsum(lengths)[:-1])

    def designs(
        self, rows: Sequence[Settings], quantities: Sequence[Quantity], *, addresses: bool = True
    ) -> list[Design]:
        """The networks of several settings, with their quantities and, unless not wanted, their addresses."""
        if not rows:
            return []
        if not are_known(quantities, self.network):
            return [self.exact(row, quantities, addresses=addresses) for row in rows]
        # Only what moves, or differs, is an array: what decides which layers exist must be a number.
        columns = {
            name: column([exact(value) for value in values])
            if name in self.moving or any(v != values[0] for v in values)
            else values[0]
            for name, values in ((name, [row[name] for row in rows]) for name in rows[0])
        }
        try:
            figures = self.figures(self.at(columns).graph())
            values = {each.text: values_of(each, figures, (len(rows),)) for each in quantities}
        except CostModelError:  # these sizes together, or one of the figures, have no formula
            return [self.exact(row, quantities, addresses=addresses) for row in rows]
        broken = list(broken_designs(figures.graph))
        return [
            Design(
                row,
                {text: plain(value[index]) for text, value in values.items()},
                # An address is made layer by layer for each design; the figures of all come at once.
                address(figures.graph, self.at(row).transforms, index) if addresses else "",
                _problem(broken, index),
                self.network.transforms,
            )
            for index, row in enumerate(rows)
        ]

    def exact(self, row: Settings, quantities: Sequence[Quantity], *, addresses: bool = True) -> Design:
        """One network, worked out unfolded."""
        try:
            figures = self.figures(self.at(row).graph())
            values = {each.text: plain(values_of(each, figures, (1,))[0]) for each in quantities}
        except CostModelError as error:
            # On one line: the reason goes into a study and a table.
            return Design(row, {}, problem=" ".join(str(error).split()))
        transforms = self.network.transforms
        # the network's own, which is the same however its figures are come by
        network = self.at(row).identity if addresses else ""
        return Design(row, values, network, transforms=transforms)


def plain(value: float) -> float:
    """A figure as an int where it is whole, else as a float.

    Floats are rounded to 12 digits: the last bits of a logarithm depend on the machine.
    """
    exact = float(value)
    return int(exact) if exact.is_integer() else float(f"{exact:.12g}")


def broken_designs(graph: Graph) -> Iterator[Broken]:
    """The demands of layers that some of the networks do not meet, and sizes below one."""
    for part in (graph,) if graph.clip is None else (graph.clip, graph):
        demands = part.map(lambda op, inputs: [*op.demands(*inputs), *_sizes(op.out(*inputs))])
        for node in part.nodes:
            for holds, message, values in demands[node.name]:
                if not np.all(holds):
                    # A layer that stands zero times in a design asks nothing of it.
                    yield node.name, np.logical_or(holds, np.asarray(node.count) == 0), message, values


def _sizes(out: TensorType) -> Iterator[Demand]:
    for axis, size in out._asdict().items():
        yield size >= 1, f"{axis} of the output is {{}}", (size,)


def _problem(broken: Sequence[Broken], index: int) -> str:
    for name, holds, message, values in broken:
        if not np.broadcast_to(holds, (index + 1,) if np.ndim(holds) == 0 else np.shape(holds))[index]:
            return f"{name}: {message.format(*(_one(value, index) for value in values))}"
    return ""


def _one(value: object, index: int) -> object:
    """What a value that stands for many designs is in one of them; in a tuple, such as a type, each entry."""
    if isinstance(value, tuple):
        return tuple(_one(each, index) for each in value)
    if not np.ndim(value):  # type: ignore[arg-type]
        return value
    entries = np.asarray(value).ravel()
    return entries[index if entries.size > 1 else 0].item()
