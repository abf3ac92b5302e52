"""Counting conventions: what other tools print for a network, each as one linear table over kinds of work.

A figure is what the tool prints for the network as it is ordinarily written in PyTorch: layers as modules
of `torch.nn`, `global_pool` as AdaptiveAvgPool3d, a linear layer on maps behind `movedim`, sums and gates
as `+` and `*`, attention as functions, a recurrent layer for tools that see operators as its cell, run on
each frame (they print nothing for `nn.LSTM` on a CPU); in evaluation mode, on one clip. Where a spec says
that a layer is `written` otherwise, as a function or as an operator, tools that only see modules count it
by another table. For a stream it is what the tool's rules give for one step, without redundant frames that
it would see in a library that convolves them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod

from costmodel.analysis.figures import Figures
from costmodel.analysis.kinds import (
    ACTIVATIONS,
    ADAPTIVE_POOLS,
    BIASES,
    CONV_GATES,
    CUMULATIVE,
    GATES,
    INTERPOLATIONS,
    KEPT,
    KINDS,
    MERGES,
    NORMS,
    POOLS,
    SAMPLING,
    SAMPLING_MACS,
    STANDS_FOR,
    but,
)
from costmodel.errors import OptionError
from costmodel.graph import Node
from costmodel.numbers import Number, equal, where
from costmodel.types import SINGLE_NUMBER_KERNEL, WAYS

Table = Mapping[str, int]

_DENSE: Table = {"mac.conv": 1, "mac.linear": 1, "mac.recurrent": 1, "mac.matmul": 1}
MACS: Table = {**_DENSE, "mac.transposed": 1}
SAMPLED: Table = dict.fromkeys(SAMPLING_MACS, 1)
RECURRENT: Table = {"bias.recurrent": 1, "gates.add": 1, "gates.mul": 1}


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


def convention_named(name: str) -> Convention:
    """The convention of a name.

    Raises:
        OptionError: there is none; the message names the known ones.
    """
    if name not in CONVENTIONS:
        raise OptionError(f"--convention: unknown {name!r}, expected one of {', '.join(CONVENTIONS)}")
    return CONVENTIONS[name]


def _co3d_step(figures: Figures, node: Node) -> Number:
    """What Co3D's printed steps count beside the table, fitted to Tables 1 and 3.

    The classifier's output is read as one channel wide, and each frame that a pool covers beyond the clip's
    own counts as one more sum.
    """
    (x, *_) = figures.graph.inputs_of(node)
    out = figures.out(node)
    if "mac.linear" in figures.work[node.name]:
        return (x.values + 1) * out.width
    is_sliding_pool = node.op.unwrapped.slides and not node.op.unwrapped.is_convolution
    if node.op.is_step_form and is_sliding_pool:
        return out.values * (figures.windows[node.name].kernel - _clip_kernel(figures, node))
    return 0


def _clip_kernel(figures: Figures, node: Node) -> Number:
    """The frames that a pool of a stream covers in the clip network."""
    clip = figures.clip.graph
    known = clip.by_name.get(node.name)
    return (figures if known is None else figures.clip).windows[node.name].kernel


def _pools(
    coefficient: int,
    amount: str = "inputs",
    pools: tuple[str, ...] = ("avg", "max", "global", "adaptive_avg", "adaptive_max"),
) -> Table:
    return {f"pool.{pool}.{amount}": coefficient for pool in pools}


def _norms(plain: int, affine: int, kinds: tuple[str, ...] = ("layer", "group", "instance")) -> Table:
    """What counts for each value that norms normalise, and for each that they scale and shift."""
    return {
        **{f"norm.{kind}": plain for kind in kinds},
        **{f"norm.{kind}.affine": affine for kind in kinds},
    }


# Activations that ptflops counts when they are written as functions.
_PTFLOPS_FUNCTIONS = ("relu", "relu6", "swish", "softmax", "elu", "gelu", "prelu")

_REGISTERED = (
    Convention(
        "mac",
        "MAC",
        "multiply-accumulates of convolutions and linear layers alone",
        {**MACS, **SAMPLED},
        left_out=(
            "norm",
            *BIASES,
            *GATES,
            *ACTIVATIONS,
            *POOLS,
            *NORMS,
            *CONV_GATES,
            *KEPT,
            *CUMULATIVE,
            *INTERPOLATIONS,
            *MERGES,
            *SAMPLING,
        ),
    ),
    Convention(
        "torch",
        "FLOP",
        "torch.utils.flop_counter.FlopCounterMode (torch 2.13): two for each multiply-accumulate",
        dict.fromkeys({**MACS, **SAMPLED}, 2),
        left_out=(
            "norm",
            *BIASES,
            *GATES,
            *ACTIVATIONS,
            *POOLS,
            *NORMS,
            *CONV_GATES,
            *KEPT,
            *CUMULATIVE,
            *INTERPOLATIONS,
            *MERGES,
            *SAMPLING,
        ),
    ),
    Convention(
        "fvcore",
        "MAC",
        "fvcore.nn.FlopCountAnalysis (0.1.5): its flop is a multiply-accumulate; "
        "batch norm is two for each value, other norms are four and one more for scale and shift",
        {**MACS, "norm": 2, **_norms(4, 1), "interpolate.bilinear": 4},
        left_out=(
            *BIASES,
            *GATES,
            *ACTIVATIONS,
            *POOLS,
            *but(NORMS, *_norms(4, 1)),
            *CONV_GATES,
            *KEPT,
            *CUMULATIVE,
            *but(INTERPOLATIONS, "interpolate.bilinear"),
            *MERGES,
        ),
        without_rule=(*SAMPLING, *SAMPLING_MACS),
    ),
    Convention(
        "ptflops",
        "MAC",
        "ptflops (0.7.5), backend pytorch: modules, and functions that it patches; a ReLU or a pool as a "
        "module counts as both",
        {
            **MACS,
            **RECURRENT,
            "bias.conv": 1,
            "bias.linear": 1,
            "norm": 2,
            "norm.layer": 1,
            **_norms(1, 1, ("group", "instance")),
            "activation.relu": 2,
            "activation.relu6": 1,
            "cells": 2,
            "activation.swish": 1,
            "activation.softmax": 1,
            "activation.leaky_relu": 1,
            **dict.fromkeys(("activation.elu", "activation.gelu", "activation.prelu"), 2),
            **_pools(2),
            **dict.fromkeys(("interpolate.nearest", "interpolate.trilinear"), 2),
            **dict.fromkeys(("interpolate.bilinear", "interpolate.bilinear.one_frame"), 1),
        },
        function={
            "mac.matmul": 1,
            **dict.fromkeys((f"activation.{kind}" for kind in _PTFLOPS_FUNCTIONS), 1),
            **_pools(1),
            **dict.fromkeys(INTERPOLATIONS, 1),
            "add": 1,
            "mul": 1,
        },
        operator={},
        subclass={},
        left_out=(
            *but(
                ACTIVATIONS, "activation.leaky_relu", *(f"activation.{kind}" for kind in _PTFLOPS_FUNCTIONS)
            ),
            *but(POOLS, *_pools(1)),
            *but(NORMS, "norm.layer", *_norms(1, 1, ("group", "instance"))),
            *CONV_GATES,
            *KEPT,
            *CUMULATIVE,
        ),
        without_rule=(*SAMPLING, *SAMPLING_MACS),
    ),
    Convention(
        "ptflops-aten",
        "MAC",
        "ptflops (0.7.5), backend aten: multiply-accumulates and biases that torch adds within them",
        {**MACS, "bias.conv": 1, "bias.linear.one_position": 1, "bias.recurrent": 1},
        left_out=(
            "norm",
            *GATES,
            *ACTIVATIONS,
            *POOLS,
            *NORMS,
            *CONV_GATES,
            *KEPT,
            *CUMULATIVE,
            *INTERPOLATIONS,
            *MERGES,
        ),
        without_rule=(*SAMPLING, *SAMPLING_MACS),
    ),
    Convention(
        "thop",
        "MAC",
        "thop.profile (0.1.1): modules alone; four for each value normalised, a pool by its outputs",
        {
            **_DENSE,
            "mac.transposed.by_outputs": 1,
            **RECURRENT,
            "norm": 4,
            **_norms(2, 2, ("layer", "instance")),
            "pool.avg.outputs": 1,
            "pool.global.inputs": 1,
            "pool.global.outputs": 1,
            "pool.adaptive_avg.inputs": 1,
            "pool.adaptive_avg.outputs": 1,
            "interpolate.nearest": 1,
            "interpolate.bilinear": 11,
            "activation.softmax": 3,
            "softmax.rows": -1,
            "activation.prelu": 1,
        },
        function={},
        operator={},
        subclass={},
        left_out=(
            "bias.conv",
            "bias.linear",
            "cells",
            *but(ACTIVATIONS, "activation.softmax", "softmax.rows", "activation.prelu"),
            *but(
                POOLS,
                *("pool.avg.outputs", "pool.global.inputs", "pool.global.outputs"),
                *("pool.adaptive_avg.inputs", "pool.adaptive_avg.outputs"),
            ),
            "interpolate.trilinear",
            *but(NORMS, *_norms(2, 2, ("layer", "instance"))),
            *CONV_GATES,
            *KEPT,
            *CUMULATIVE,
            *MERGES,
            *SAMPLING,
            *SAMPLING_MACS,
        ),
    ),
    Convention(
        "torchinfo",
        "MAC",
        "torchinfo.summary (1.8): total_mult_adds; parameters of modules, those of convolutions "
        "at every position",
        {
            "mac.conv": 1,
            "mac.transposed.by_outputs": 1,
            "bias.conv": 1,
            "mac.recurrent": 1,
            "bias.recurrent": 1,
            "parameters.norm": 1,
            "parameters.prelu": 1,
            "parameters.linear.weight": 1,
            "parameters.linear.bias": 1,
        },
        function={},
        operator={},
        left_out=(
            "mac.matmul",
            *GATES,
            *but(ACTIVATIONS, "activation.prelu"),
            *POOLS,
            *NORMS,
            *CONV_GATES,
            *KEPT,
            *CUMULATIVE,
            *INTERPOLATIONS,
            *MERGES,
        ),
        without_rule=(*SAMPLING, *SAMPLING_MACS),
    ),
    Convention(
        "co3d",
        "MAC",
        "Hedegaard 2022, Tables 1 and 3, as printed: ptflops 0.6; a step counts batch norm and ReLU twice, "
        "the classifier as one channel wide, and each pool frame beyond the clip's as one sum",
        {
            **MACS,
            "bias.conv": 1,
            "parameters.linear.bias": 1,
            "norm": 2,
            "activation.relu": 1,
            **_pools(1),
            **dict.fromkeys(("interpolate.nearest", "interpolate.trilinear"), 1),
            "interpolate.bilinear.one_frame": 1,
        },
        step={
            "mac.conv": 1,
            "mac.transposed": 1,
            "bias.conv": 1,
            **RECURRENT,
            "mac.recurrent": 1,
            "mac.matmul": 1,
            "norm": 4,
            "activation.relu": 2,
            **_pools(1),
            **dict.fromkeys(("interpolate.nearest", "interpolate.trilinear"), 1),
            "interpolate.bilinear.one_frame": 1,
        },
        extra=_co3d_step,
        left_out=(
            "cells",
            *but(ACTIVATIONS, "activation.relu"),
            *but(POOLS, *_pools(1)),
            *NORMS,
            *CONV_GATES,
            *KEPT,
            *CUMULATIVE,
            *MERGES,
            *SAMPLING,
            *SAMPLING_MACS,
        ),
    ),
    Convention(
        "efficient3d",
        "MAC",
        "Kopuklu 2019 (edition of 2021), Table 8, as printed: thop with linear layers as (2 c_I - 1) c_O, a "
        "maximum pool as one less than its kernel, read as one number where given as one; modules alone",
        {
            "mac.conv": 1,
            "mac.transposed.by_outputs": 1,
            "bias.conv": 1,
            "mac.linear": 2,
            "parameters.linear.bias": -1,
            "norm": 2,
            "activation.relu": 1,
            "activation.relu6": 1,
            "pool.max.taps.as_written": 1,
            "pool.max.outputs": -1,
            "pool.avg.taps.as_written": 1,
        },
        function={},
        operator={},
        subclass={},
        left_out=(
            "mac.recurrent",
            "mac.matmul",
            "bias.recurrent",
            *but(ACTIVATIONS, "activation.relu", "activation.relu6"),
            "pool.avg.inputs",
            "pool.avg.outputs",
            "pool.max.inputs",
            "pool.global.inputs",
            "pool.global.outputs",
            "pool.global.taps",
            *ADAPTIVE_POOLS,
            *GATES,
            *NORMS,
            *CONV_GATES,
            *KEPT,
            *CUMULATIVE,
            *INTERPOLATIONS,
            *MERGES,
            *SAMPLING,
            *SAMPLING_MACS,
        ),
    ),
    Convention(
        "d3d",
        "MAC",
        "Kopuklu 2022, Tables 2 and 4, as printed for fc heads (fitted): efficient3d, but a linear layer "
        "as its multiply-accumulates",
        {**MACS, "norm": 2, "activation.relu": 1, "pool.max.taps": 1, "pool.max.outputs": -1},
        function={},
        operator={},
        subclass={},
        left_out=(
            *but(ACTIVATIONS, "activation.relu"),
            "pool.avg.inputs",
            "pool.avg.outputs",
            "pool.avg.taps",
            "pool.max.inputs",
            "pool.global.inputs",
            "pool.global.outputs",
            "pool.global.taps",
            *ADAPTIVE_POOLS,
            *BIASES,
            *GATES,
            *NORMS,
            *CONV_GATES,
            *KEPT,
            *CUMULATIVE,
            *INTERPOLATIONS,
            *MERGES,
            *SAMPLING,
            *SAMPLING_MACS,
        ),
    ),
    Convention(
        "atfr",
        "MAC",
        "Fayyaz 2021, as printed but for Table 10: fvcore before 2021, which counted convolutions and linear "
        "layers, neither batch norm nor the sampling of frames",
        MACS,
        left_out=(
            "norm",
            *BIASES,
            *GATES,
            *ACTIVATIONS,
            *POOLS,
            *NORMS,
            *CONV_GATES,
            *KEPT,
            *CUMULATIVE,
            *INTERPOLATIONS,
            *MERGES,
            *SAMPLING,
            *SAMPLING_MACS,
        ),
    ),
)
CONVENTIONS: Mapping[str, Convention] = {each.name: each for each in _REGISTERED}
if len(CONVENTIONS) < len(_REGISTERED):
    raise OptionError("a counting convention is registered twice")
