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

from collections.abc import Mapping

from costmodel.analysis.convention import Convention, Table
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
    MERGES,
    NORMS,
    POOLS,
    SAMPLING,
    SAMPLING_MACS,
    but,
)
from costmodel.errors import OptionError
from costmodel.graph import Node
from costmodel.numbers import Number

_DENSE: Table = {"mac.conv": 1, "mac.linear": 1, "mac.recurrent": 1, "mac.matmul": 1}
MACS: Table = {**_DENSE, "mac.transposed": 1}
SAMPLED: Table = dict.fromkeys(SAMPLING_MACS, 1)
RECURRENT: Table = {"bias.recurrent": 1, "gates.add": 1, "gates.mul": 1}


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


def convention_named(name: str) -> Convention:
    """The convention of a name.

    Raises:
        OptionError: there is none; the message names the known ones.
    """
    if name not in CONVENTIONS:
        raise OptionError(f"--convention: unknown {name!r}, expected one of {', '.join(CONVENTIONS)}")
    return CONVENTIONS[name]
