"""Attention: torch's own function, and products of queries, keys and values written out by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import torch

from costmodel.importers.call import Call, replaced
from costmodel.importers.dimensions import in_words, must_be_whole
from costmodel.importers.layout import BATCH, CHANNELS, HEIGHT, TIME, WIDTH, Atom, Dim
from costmodel.importers.learned import Learned
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.rules.elementwise import times
from costmodel.importers.rules.linear import on_last
from costmodel.importers.rules.windows import NEAREST, windowed
from costmodel.importers.value import Constant, Found, Scores, Span, Value
from costmodel.ops import Attention, Linear, Scale

Over = Literal["clip", "frame", "time"]
WHOLE = (
    "softmax(q @ k.transpose(-2, -1) * s) @ v, each with its channels last, or F.scaled_dot_product_attention"
)


@rule("scaled_dot_product_attention.default")
def attention(call: Call) -> Value:
    """Attention between positions, heads in a dimension of their own or joined with the clips."""
    call.must_be("dropout_p", 0.0)
    call.must_be("is_causal", False, "attention over a window of the last frames, written in a spec")
    call.must_be("enable_gqa", False)
    query, key, value = (call.value(name) for name in ("query", "key", "value"))
    given, mask = call.given["scale"], call.found("attn_mask")
    scale = query.shape[-1] ** -0.5 if given is None else float(given)
    scores = Scores(query, key, scale, True, query.dims[:-2])
    if mask is None:
        return _attended(call, scores, value)
    if not isinstance(mask, Constant) or mask.node.meta["val"].dtype == torch.bool:
        raise Refusal("has a mask by what the clip holds, or of truths", NEAREST)
    return _attended(call, scores.plus(mask), value)


@rule("matmul.default", "bmm.default")
def product(call: Call) -> Found:
    """Scores of queries and keys, or means of values by their softmax."""
    names = ("self", "mat2" if "mat2" in call.given else "other")
    one, other = (call.found(name) for name in names)
    if isinstance(one, Scores):
        if not one.is_softmax:
            raise Refusal("weighs values by scores that no softmax makes shares", WHOLE)
        return _attended(call, one, call.as_value(other))
    if isinstance(other, Constant) and len(other.shape) == 2:
        return _linear(call, call.as_value(one), call.constant(names[1]))
    if isinstance(one, Constant) or isinstance(other, Constant):
        raise Refusal("multiplies by a matrix of the module's", "use a linear layer")
    query, key = call.as_value(one), call.as_value(other)
    order = (*key.dims[:-2], key.dims[-1], key.dims[-2])
    if query.dims[-1] != order[-1] or not _are_channels(query.dims[-1]):
        raise Refusal(f"multiplies {in_words(query.dims[-1], query)} with {in_words(order[-1], key)}", WHOLE)
    return Scores(query, key.viewed(order), 1.0, False, query.dims[:-2])


def _linear(call: Call, value: Value, matrix: Constant | None) -> Value:
    """A linear layer whose matrix has its outputs in its columns."""
    assert matrix is not None
    value = on_last(call, value)
    op = Linear(channels=matrix.shape[1], bias=False)
    return call.with_channels(op, value, len(value.dims) - 1, {"weight": Learned(matrix, (1, 0))})


def _attended(call: Call, scores: Scores, value: Value) -> Value:
    """The layer, once all three have their heads, clips and positions at the same places."""
    query, key, value = (call.settled(each) for each in (scores.query, scores.key, value))
    if any(each.is_each for each in (query, key, value)):
        raise Refusal("attends within one frame that a loop took out of the clip", "attend on the whole clip")
    heads = _heads_of(query)
    for each in (query, key, value):
        if len(each.dims) != len(query.dims) or _heads_of(each) != heads:
            raise Refusal("has other heads in its queries than in its keys or values", WHOLE)
        if _leading(each) != _leading(query):
            raise Refusal("attends from some clips, frames or heads to others", WHOLE)
    if key.dims[-2] != value.dims[-2] or scores.leading != query.dims[:-2]:
        raise Refusal("takes keys and values from different positions", WHOLE)
    wanted = (query.size(CHANNELS) // heads) ** -0.5
    if not math.isclose(scores.scale, wanted, rel_tol=1e-6):
        query = _scaled(call, query, scores.scale / wanted)
    if scores.added or _are_cut(query):
        edge = windowed(call, query, key, value, heads, scores.added)
    else:
        edge = call.add(Attention(over=_over(query, key), heads=heads), query, key, value)
    return _answered(call, query, value, edge, heads)


def _are_cut(value: Value) -> bool:
    """Whether axes of positions are cut into parts."""
    return any(
        atom.axis in (TIME, HEIGHT, WIDTH) and atom.size != value.size(atom.axis)
        for dim in value.dims
        for atom in dim
    )


def _answered(call: Call, query: Value, value: Value, edge: str, heads: int) -> Value:
    """What a layer of attention answers, with its positions where the queries have theirs."""
    made = call.builder.types[edge]
    size = int(made.channels)
    dims = replaced(query.dims, {len(query.dims) - 1: value.dims[-1]})
    # Heads of the value may be wider than those of the query.
    dims = tuple(_restrided(dim, heads, size // heads) for dim in dims)
    box = {**query.box, CHANNELS: Span(0, size)}
    return replace(query, edge=edge, kind=made, dims=dims, box=box)


def _scaled(call: Call, query: Value, factor: float) -> Value:
    """Queries times a number; where they were divided by it ahead of the product, as they were before."""
    node = next((each for each in call.builder.nodes if each.name == query.edge), None)
    if node is None or not isinstance(node.op, Scale) or node.op.per != "one":
        return times(call, query, factor)
    source = call.builder.weights[node.name]["weight"].source
    if isinstance(source, Constant) or not math.isclose(float(source()) * factor, 1, rel_tol=1e-6):
        return times(call, query, factor)
    return replace(query, edge=node.inputs[0])


def _restrided(dim: Dim, heads: int, stride: int) -> Dim:
    is_heads = [each.axis == CHANNELS and each.stride > 1 for each in dim]
    return tuple(
        Atom(CHANNELS, heads, stride) if found else each for each, found in zip(dim, is_heads, strict=True)
    )


def _heads_of(value: Value) -> int:
    """How many parts of the channels attend apart.

    Raises:
        Refusal: the channels of a part do not lie next to each other, in the last dimension.
    """
    inner = value.dims[-1]
    channels = value.size(CHANNELS)
    outer = [atom for dim in value.dims[:-1] for atom in dim if atom.axis == CHANNELS]
    width = math.prod(atom.size for atom in inner)
    if not _are_channels(inner) or channels % width:
        raise Refusal(f"has {in_words(inner, value)} in its last dimension, expected channels", WHOLE)
    heads = channels // width
    expected_inner = (Atom(CHANNELS, width),) if width > 1 else ()
    expected_outer = [Atom(CHANNELS, heads, width)] if heads > 1 else []
    if inner != expected_inner or outer != expected_outer:
        raise Refusal(
            "has heads whose channels do not lie next to each other",
            "split channels into heads by view(..., heads, channels // heads)",
        )
    return heads


def _are_channels(dim: Dim) -> bool:
    return all(atom.axis == CHANNELS for atom in dim)


def _leading(value: Value) -> tuple[Dim, ...]:
    """What stands ahead of positions and channels, without the width of a head."""
    return tuple(
        tuple(replace(atom, stride=1) if atom.axis == CHANNELS else atom for atom in dim)
        for dim in value.dims[:-2]
    )


def _over(query: Value, key: Value) -> Over:
    """Which positions attend to each other: those in the dimension ahead of the channels.

    Raises:
        Refusal: it holds parts of axes, or axes that no layer of ours attends over.
    """
    for each in (query, key):
        apart = [index for index in range(len(each.dims) - 1) if not _has(each.dims[index], CHANNELS)]
        must_be_whole(each, apart)
        _must_be_whole_but_heads(each)
    inside = {atom.axis for dim in (query.dims[-2], key.dims[-2]) for atom in dim}
    outside = {atom.axis for dim in query.dims[:-2] for atom in dim} - {BATCH, CHANNELS}
    if BATCH in inside:
        raise Refusal("attends between clips of the batch", "let each clip attend to itself")
    axes = [axis for axis in (TIME, HEIGHT, WIDTH) if query.size(axis) > 1 or key.size(axis) > 1]
    if not outside & set(axes):
        return "clip"
    if not inside & {TIME} and outside & set(axes) == {TIME}:
        return "frame"
    if inside == {TIME}:
        return "time"
    raise Refusal(
        f"attends over {' and '.join(sorted(inside)) or 'nothing'} alone",
        "attend within frames, over time at each position, or over all positions of the clip",
    )


def _must_be_whole_but_heads(value: Value) -> None:
    for index, dim in enumerate(value.dims[:-1]):
        others = tuple(atom for atom in dim if atom.axis != CHANNELS)
        if len(others) < len(dim):
            must_be_whole(value.viewed(replaced(value.dims, {index: others})), [index])


def _has(dim: Sequence[Atom], axis: str) -> bool:
    return any(atom.axis == axis for atom in dim)
