"""What papers print, each by the tool that it used or as fitted to its tables."""

from __future__ import annotations

from costmodel.analysis.convention import Convention
from costmodel.analysis.conventions.tables import MACS, RECURRENT, pools
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
from costmodel.graph import Node
from costmodel.numbers import Number


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


PAPERS = (
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
            **pools(1),
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
            **pools(1),
            **dict.fromkeys(("interpolate.nearest", "interpolate.trilinear"), 1),
            "interpolate.bilinear.one_frame": 1,
        },
        extra=_co3d_step,
        left_out=(
            "cells",
            *but(ACTIVATIONS, "activation.relu"),
            *but(POOLS, *pools(1)),
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
