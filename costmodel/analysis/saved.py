"""What a layer keeps from its forward pass for its gradients, by the kinds of its work.

PyTorch keeps tensors, not copies: a map that two layers keep is held once. A product keeps its factors, a
rectifier its output, a swish its input, a maximum the place of each winner; a sum keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from costmodel.errors import OptionError, nearest
from costmodel.numbers import Number
from costmodel.ops import Op
from costmodel.types import TensorType

INDEX_FLOATS = 2  # the place of a maximum is a number of 64 bits
# Of each kind of work what is kept: the layer's inputs, its output, or as many values of its own. Statistics
# of norms, one or two numbers for many values, are left out.
KEEPS: Mapping[str, str] = {
    "mac.conv": "inputs",
    "mac.transposed": "inputs",
    "mac.linear": "inputs",
    "mac.recurrent": "inputs",
    "mac.matmul": "inputs",
    "mac.foreign": "inputs",
    "mac.sampling.similarity": "inputs",
    "mac.sampling.bins": "inputs",
    "mul": "inputs",
    "norm": "inputs",
    **dict.fromkeys(("norm.layer", "norm.group", "norm.instance"), "inputs"),
    "norm.rms": "inputs and values",  # what it divides, and the quotient that its scale multiplies
    **dict.fromkeys((f"norm.{kind}.affine" for kind in ("layer", "group", "instance")), "nothing"),
    "activation.relu": "output",
    "activation.relu6": "inputs",
    "activation.swish": "inputs",
    "activation.sigmoid": "output",
    "activation.softmax": "output",
    "activation.tanh": "output",
    **dict.fromkeys(
        (
            f"activation.{kind}"
            for kind in (
                *("hard_swish", "hard_sigmoid", "leaky_relu", "elu", "selu"),
                *("gelu", "prelu", "softplus", "mish"),
            )
        ),
        "inputs",
    ),
    "activation.hard_sigmoid_keras": "values",  # of the line that it cuts off, which is neither
    "pool.avg.inputs": "inputs",
    "pool.max.inputs": "inputs",
    "pool.global.inputs": "nothing",  # a mean over everything is spread by its size alone
    "pool.avg.outputs": "nothing",
    "pool.max.outputs": "indices",
    "pool.global.outputs": "nothing",
    "pool.avg.taps": "nothing",
    "pool.max.taps": "nothing",
    "pool.global.taps": "nothing",
    "pool.adaptive_avg.inputs": "inputs",
    "pool.adaptive_max.inputs": "inputs",
    "pool.adaptive_avg.outputs": "nothing",
    "pool.adaptive_max.outputs": "indices",
    **dict.fromkeys((f"interpolate.{mode}" for mode in ("nearest", "bilinear", "trilinear")), "nothing"),
    "cumulative.mean": "nothing",  # its counts alone
    "cumulative.max": "inputs and values",  # the largest so far of each frame
    "bias.conv": "nothing",
    "bias.linear": "nothing",
    "bias.recurrent": "nothing",
    "cells": "nothing",
    "gates.add": "nothing",
    "gates.mul": "nothing",
    "conv_gates.add": "nothing",
    "conv_gates.mul": "nothing",
    "gates.kept": "values",
    "softmax.rows": "nothing",
    "sampling.pooled": "nothing",
    "sampling.embedded": "values",
    "sampling.weighed": "values",
    "add": "nothing",
}


class Saved(NamedTuple):
    """What a layer keeps for its gradients: its inputs, its output, and `own` further numbers."""

    inputs: bool = False
    output: bool = False
    own: int = 0


def saved_by(op: Op, inputs: tuple[TensorType, ...]) -> Saved:
    """What a layer keeps for its gradients, for one clip.

    Raises:
        OptionError: what one of its kinds of work keeps is not known.
    """
    if op.is_random:  # the mask, a number for each value
        return Saved(own=int(op.out(*inputs).values))
    work = op.work(*inputs)
    kept = {keeps(kind) for kind in work}
    out, padded = op.out(*inputs).values, padded_floats(op, inputs)
    # Weights between positions and gates have no edge of their own: what is no layer's output is kept beside,
    # as are the weights of attention where they happen to be as many as its answers.
    is_inner = "mac.matmul" in work
    outputs = (amount for kind, amount in work.items() if KEEPS[kind] == "output")
    inner = sum(amount for amount in outputs if is_inner or amount != out)
    inner += sum(amount for kind, amount in work.items() if KEEPS[kind] in ("values", "inputs and values"))
    reads = bool(kept & {"inputs", "inputs and values"})
    inner += INDEX_FLOATS * op.looked_up
    own = inner + (INDEX_FLOATS * out if "indices" in kept else 0) + (padded if reads else 0)
    return Saved(reads and not padded, "output" in kept and not inner, int(own))


def padded_floats(op: Op, inputs: tuple[TensorType, ...]) -> Number:
    """Numbers in the copies that a layer makes of its inputs, padded or in another order."""
    if op.rearranges:
        return sum(each.values for each in inputs)
    if not op.allocates(*inputs):
        return 0
    pads = list(op.paddings(*inputs))
    # A pool reads a copy padded by itself, on every axis. A convolution's kernel pads, but for ends of
    # an axis that differ, as those of a causal one in time: then it reads a copy too.
    by_itself = not op.work(*inputs) or any(kind.startswith("pool.") for kind in op.work(*inputs))
    if not by_itself:
        pads = [(before, after) if before != after else (0, 0) for before, after in pads]
    if not any(map(any, pads)):
        return 0
    (x,) = inputs
    time, height, width = (size + sum(pad) for size, pad in zip(x[1:], pads, strict=True))
    return x.channels * time * height * width


def keeps(kind: str) -> str:
    """What a layer keeps for a kind of its work.

    Raises:
        OptionError: that is not known.
    """
    if kind not in KEEPS:
        raise OptionError(f"training_bytes: what {kind!r} keeps is not known{nearest(kind, KEEPS)}")
    return KEEPS[kind]
