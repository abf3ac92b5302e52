"""Content addresses: what a network is, and what a result depends on, as hashes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from costmodel.graph import INPUT, Graph
from costmodel.ops import Op
from costmodel.types import TensorType


def address_lines(graph: Graph, index: int) -> Iterator[str]:
    """All that a network is, in text: its input, its layers and how they are joined; names play no part.

    Where the graph stands for many networks, that of one of them.
    """
    for part in (graph,) if graph.clip is None else (graph.clip, graph):
        yield f"{_plain(part.source, index)} every {_plain(part.every, index)}"
        kinds = part.map(lambda op, inputs: _described(op, inputs, index))
        order = {INPUT: -1} | {node.name: place for place, node in enumerate(part.nodes)}
        for place, node in enumerate(part.nodes):
            count = _plain(node.count, index)
            if count != "0":
                joined = ",".join(str(place - order[name]) for name in node.inputs)
                yield f"{kinds[node.name]} {joined} {count}"


def result_key(network: str, score: str, recipe: Mapping[str, Any], seed: int) -> str:
    """The content address of a result: equal ones are never scored twice."""
    content = {"network": network, "score": score, "recipe": recipe, "seed": seed}
    return hashlib.sha256(exact_json(content).encode()).hexdigest()


def exact_json(value: Any) -> str:
    """JSON with sorted keys; a fraction is written `a/b`, so that equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_exact, allow_nan=False)


def exact_settings(text: str) -> dict[str, Any]:
    """Settings that `exact_json` wrote: ints, flags, and `a/b` as fractions."""
    read = json.loads(text)
    return {name: Fraction(value) if isinstance(value, str) else value for name, value in read.items()}


def _exact(value: Any) -> Any:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no exact text")


def _described(op: Op, inputs: tuple[TensorType, ...], index: int) -> str:
    return f"{_plain(op, index)} {' '.join(_plain(x, index) for x in inputs)}"


def _plain(value: Any, index: int) -> str:
    if isinstance(value, Op):
        kind: Any = type(value)
        fields = (f"{key}={_plain(getattr(value, key), index)}" for key in _fields(kind))
        return f"{type(value).__name__}({','.join(fields)})"
    if isinstance(value, tuple):
        return f"({','.join(_plain(item, index) for item in value)})"
    return str(value[index]) if isinstance(value, np.ndarray) and value.ndim else str(value)


@cache
def _fields(op: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(op))
