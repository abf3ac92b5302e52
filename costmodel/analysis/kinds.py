"""The kinds of work that counting conventions know, and the groups of them that many leave out together."""

from __future__ import annotations

from collections.abc import Mapping

# What an activation is called, by its kind.
_NAMES = {
    "relu": "a ReLU",
    "relu6": "a ReLU6",
    "tanh": "a hyperbolic tangent",
    "swish": "a Swish",
    "sigmoid": "a sigmoid",
    "hard_swish": "a hard Swish",
    "hard_sigmoid": "a hard sigmoid",
    "hard_sigmoid_keras": "Keras' hard sigmoid",
    "leaky_relu": "a leaky ReLU",
    "elu": "an ELU",
    "selu": "a SELU",
    "gelu": "a GELU",
    "prelu": "a ReLU with learned slopes",
    "softplus": "a softplus",
    "mish": "a Mish",
    "softmax": "a softmax",
}
_POOLS = {
    "avg": "average",
    "max": "maximum",
    "global": "global average",
    "adaptive_avg": "adaptive average",
    "adaptive_max": "adaptive maximum",
}
_AMOUNTS = {"inputs": "values read", "outputs": "values made", "taps": "values summed"}

_NORMS = ("layer", "group", "instance")

BIASES = ("bias.conv", "bias.linear", "bias.recurrent")
GATES = ("gates.add", "gates.mul", "cells")
CONV_GATES = ("conv_gates.add", "conv_gates.mul")
KEPT = ("gates.kept",)
ACTIVATIONS = (*(f"activation.{each}" for each in _NAMES), "softmax.rows")
POOLS = tuple(
    f"pool.{pool}.{amount}"
    for pool in _POOLS
    for amount in _AMOUNTS
    if not (pool.startswith("adaptive") and amount == "taps")
)
ADAPTIVE_POOLS = tuple(kind for kind in POOLS if kind.startswith("pool.adaptive"))
NORMS = (
    *(f"norm.{kind}{affine}" for kind in _NORMS for affine in ("", ".affine")),
    "norm.rms",
)
CUMULATIVE = ("cumulative.mean", "cumulative.max")
INTERPOLATIONS = tuple(f"interpolate.{mode}" for mode in ("nearest", "bilinear", "trilinear"))
MERGES = ("add", "mul")
SAMPLING_MACS = ("mac.sampling.similarity", "mac.sampling.bins")
SAMPLING = ("sampling.pooled", "sampling.embedded", "sampling.weighed")


def _pool_text(pool: str, amount: str) -> str:
    return f"{_AMOUNTS[amount]} of {_POOLS[pool]} pools"


# Every kind that a convention can count: kinds of work of the ops, and parameters where a tool counts those.
KINDS: Mapping[str, str] = {
    "mac.conv": "multiply-adds of convolutions",
    "mac.transposed": "multiply-adds of transposed convolutions",
    "mac.transposed.by_outputs": "the same, counted as if every output saw the whole kernel",
    "mac.linear": "multiply-adds of linear layers",
    "mac.recurrent": "multiply-adds of recurrent layers",
    "mac.matmul": "multiply-adds of two maps with each other",
    "mac.sampling.similarity": "multiply-adds that embed frames to sample them by their similarity",
    "mac.sampling.bins": "multiply-adds of frames with their weights in bins of similarity",
    "bias.conv": "additions of a bias, one for each output value of a convolution",
    "bias.linear": "additions of a bias, one for each output value of a linear layer",
    "bias.linear.one_position": "the same, where the layer has one position and torch adds it in the product",
    "bias.recurrent": "additions of a bias in a recurrent layer",
    "gates.add": "other additions in a recurrent layer",
    "gates.mul": "multiplications of gates in a recurrent layer",
    "cells": "values that the cells of a recurrent layer keep",
    "conv_gates.add": "additions between the convolutions of a recurrent layer",
    "conv_gates.mul": "multiplications between them",
    "gates.kept": "values that a recurrent layer keeps of its frames for training, beside its gates",
    "norm": "values that a batch norm normalises",
    **{f"norm.{kind}": f"values that the {kind} norm normalises" for kind in _NORMS},
    **{f"norm.{kind}.affine": "of those the ones that it scales and shifts" for kind in _NORMS},
    "norm.rms": "values divided by their root mean square",
    **{f"activation.{kind}": f"values through {name}" for kind, name in _NAMES.items()},
    "softmax.rows": "positions that a softmax normalises",
    **{kind: _pool_text(*kind.split(".")[1:]) for kind in POOLS},
    "pool.avg.taps.as_written": "the same of average pools, a kernel given as one number read as that number",
    "pool.max.taps.as_written": "the same of maximum pools, a kernel given as one number read as that number",
    "cumulative.mean": "values taken into a mean over all frames so far",
    "cumulative.max": "values taken into a maximum over all frames so far",
    "interpolate.nearest": "values copied from the nearest",
    "interpolate.bilinear": "values interpolated of frames as images",
    "interpolate.bilinear.one_frame": "of those the ones of one frame",
    "interpolate.trilinear": "values interpolated of clips",
    "sampling.pooled": "values read to sample frames by their similarity",
    "sampling.embedded": "values of their embeddings, each with a bias",
    "sampling.weighed": "weights of frames in bins of similarity",
    "add": "additions of branches",
    "mul": "multiplications by a gate",
    "parameters.norm": "scales and shifts of norms",
    "parameters.prelu": "slopes of ReLUs",
    "parameters.linear.weight": "weights of linear layers",
    "parameters.linear.bias": "biases of linear layers",
}

# What stands for a kind of work where a tool counts it otherwise.
STANDS_FOR: Mapping[str, str] = {
    "mac.transposed.by_outputs": "mac.transposed",
    "bias.linear.one_position": "bias.linear",
    "interpolate.bilinear.one_frame": "interpolate.bilinear",
    "pool.avg.taps.as_written": "pool.avg.taps",
    "pool.max.taps.as_written": "pool.max.taps",
    "parameters.norm": "norm",
    "parameters.prelu": "activation.prelu",
    "parameters.linear.weight": "mac.linear",
    "parameters.linear.bias": "bias.linear",
}


def but(group: tuple[str, ...], *counted: str) -> tuple[str, ...]:
    """The kinds of a group, except those that a convention counts."""
    assert set(counted) <= set(group)
    return tuple(kind for kind in group if kind not in counted)
