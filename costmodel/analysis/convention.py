"""A counting convention: how much each kind of work counts, and what that makes of a layer or a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod

from costmodel.analysis.figures import Figures
from costmodel.analysis.kinds import KINDS, STANDS_FOR
from costmodel.conditions import equal
from costmodel.errors import OptionError
from costmodel.graph import Node
from costmodel.numbers import Number, where
from costmodel.types import SINGLE_NUMBER_KERNEL, WAYS

Table = Mapping[str, int]


@dataclass(frozen=True)
class Convention:
    """One way to count, as a table: how much each unit of a kind of work counts, and what counts nothing.

    Args:
        name: what `--convention` calls it.
        unit: MAC (multiply-accumulates and others as one each) or FLOP (two for a multiply-accumulate).
        about: what it counts, and where that comes from.
        module: the table for layers that are modules.
        function: the table for layers written as functions; None where the tool makes no difference.
        operator: the same for those written as operators or methods of a tensor.
        subclass: the same for modules of a class derived from one of torch's, which a tool may not know.
        step: the table for a step of a stream, where it differs.
        extra: what no table can say of a layer of a stream.
        left_out: the kinds that count nothing, by name: a kind in neither place is an error, never 0.
        without_rule: the kinds of which the tool counts what it happens to see of their code: an error too.
    """

    name: str
    unit: str
    about: str
    module: Table
    function: Table | None = None
    operator: Table | None = None
    subclass: Table | None = None
    step: Table | None = None
    extra: Callable[[Figures, Node], Number] | None = None
    left_out: tuple[str, ...] = ()
    without_rule: tuple[str, ...] = ()

    @cached_property
    def named(self) -> frozenset[str]:
        """The kinds that it counts or leaves out; one that stands for another names that one too."""
        others = (self.function, self.operator, self.subclass, self.step)
        tables = (self.module, *(table or {} for table in others))
        counted = {kind for table in tables for kind in table}
        return frozenset(counted | {STANDS_FOR.get(kind, kind) for kind in counted} | set(self.left_out))

    def table(self, figures: Figures, node: Node) -> Table:
        """How much each unit of a kind counts for a layer."""
        # A step of a stream runs code of its own, so how the clip network is written tells a tool nothing
        # there.
        if self.step is not None and figures.graph.is_stream:
            return self.step
        tables = {"function": self.function, "operator": self.operator, "subclass": self.subclass}
        table = tables.get(way_of(node))
        return self.module if table is None else table

    def layer(self, figures: Figures, node: Node) -> Number:
        """What one layer counts for one of its outputs.

        Raises:
            OptionError: the layer does work of a kind that the convention neither counts nor leaves out.
        """
        for kind in figures.work[node.name]:
            if kind not in self.named:
                raise OptionError(f"{node.name}: convention {self.name} neither counts nor leaves out {kind}")
        table = self.table(figures, node)
        counted = (table.get(kind, 0) * amount for kind, amount in amounts(figures, node).items())
        return sum(counted) + self.beyond(figures, node)

    def beyond(self, figures: Figures, node: Node) -> Number:
        """What one layer of a stream counts beside its table."""
        return self.extra(figures, node) if self.extra is not None and figures.graph.is_stream else 0


def way_of(node: Node) -> str:
    """How a layer is written: as its spec says, else sums and gates as operators, attention as functions."""
    for way, tag in WAYS.items():
        if tag in node.tags:
            return way
    return node.op.written


def amounts(figures: Figures, node: Node) -> dict[str, Number]:
    """What a layer does for one output, by kind, and its parameters where a tool counts those.

    Raises:
        OptionError: a kind of work has no rule; it is never counted as nothing.
    """
    found: dict[str, Number] = dict(figures.work[node.name])
    shapes = {name: prod(shape) for name, shape in figures.weights[node.name].items()}
    if any(kind.partition(".")[0] == "norm" for kind in found):
        images = figures.out(node).time if node.op.runs_on_images else 1  # each as one of a batch
        found["parameters.norm"] = sum(shapes.values()) * images
    if "activation.prelu" in found:
        found["parameters.prelu"] = sum(shapes.values())
    if "mac.linear" in found:
        found |= {f"parameters.linear.{name}": size for name, size in shapes.items()}
    if "bias.linear" in found:
        bias = found["bias.linear"]
        # As many additions as biases: there is one position, and torch adds the bias within addmm, where
        # tools count it.
        found["bias.linear.one_position"] = where(equal(bias, shapes["bias"]), bias, 0)
    if "interpolate.bilinear" in found:
        # Of images some tools see the first of a batch alone.
        found["interpolate.bilinear.one_frame"] = figures.out(node).with_time(1).values
    if "mac.transposed" in found:
        found["mac.transposed.by_outputs"] = shapes["weight"] * figures.out(node).positions
    found |= _taps_as_written(figures, node)
    unknown = sorted(found.keys() - KINDS.keys())
    if unknown:
        raise OptionError(f"{node.name}: no counting convention has a rule for {', '.join(unknown)}")
    return found


def _taps_as_written(figures: Figures, node: Node) -> dict[str, Number]:
    """Taps of a pool, but of a kernel given as one number only those along one of its sides."""
    work = figures.work[node.name]
    kinds = [kind for kind in ("avg", "max") if f"pool.{kind}.taps" in work]
    if not kinds:
        return {}
    # No layer does both kinds of pooling, which would be read here as one.
    (kind,) = kinds
    side = node.op.kernel_on(*figures.graph.inputs_of(node))[1]
    read = (
        side * work[f"pool.{kind}.outputs"]
        if SINGLE_NUMBER_KERNEL in node.tags
        else work[f"pool.{kind}.taps"]
    )
    return {f"pool.{kind}.taps.as_written": read}


def count_per_clip(figures: Figures, convention: Convention) -> Number:
    """What a convention counts for one clip."""
    clip = figures.clip
    return clip.total((node, convention.layer(clip, node)) for node in clip.graph.nodes)


def count_per_frame(figures: Figures, convention: Convention) -> Number:
    """What a convention counts for each new frame, as a mean; of a clip network the whole clip again."""
    return figures.total((node, count_of(figures, convention, node)) for node in figures.graph.nodes)


def count_of(figures: Figures, convention: Convention, node: Node) -> Number:
    """What a convention counts for a layer, as a mean for each new frame; of a clip network for the clip."""
    return figures.per_frame(node, convention.layer(figures, node))
