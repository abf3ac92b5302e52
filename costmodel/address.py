"""The content address of a network: all that it is, in text, and the hash of that."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from costmodel.graph import INPUT, Graph
from costmodel.numbers import is_array
from costmodel.ops import Op
from costmodel.transforms import Transform
from costmodel.types import TensorType

FORMAT = 2  # of addresses: one that a later version would reckon otherwise must never be taken for its own


def address(graph: Graph, transforms: Iterable[Transform] = (), index: int = 0) -> str:
    """The address of a network; where the graph stands for many networks, that of one of them."""
    import hashlib  # OpenSSL takes 4 MiB, and most commands need no address

    # Beside the layers: two transforms that make the same layers may carry weights over in different ways.
    made_by = [json.dumps(each.to_dict(), sort_keys=True) for each in transforms]
    lines = (f"format {FORMAT}", *made_by, *address_lines(graph, index))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def address_lines(graph: Graph, index: int) -> Iterator[str]:
    """The input, the layers and how they are joined; names play no part."""
    # A stream's clip network too: what it was made of decides how it is trained and checked.
    for part in (graph,) if graph.clip is None else (graph.clip, graph):
        yield f"{_plain(part.source, index)} every {_plain(part.every, index)}"
        kinds = part.map(lambda op, inputs: _described(op, inputs, index))
        order = {INPUT: -1} | {node.name: place for place, node in enumerate(part.nodes)}
        for place, node in enumerate(part.nodes):
            count = _plain(node.count, index)
            if count != "0":
                # Counted back from the reader, so that a layer's
                # line says the same wherever its block stands.
                joined = ",".join(str(place - order[name]) for name in node.inputs)
                yield f"{kinds[node.name]} {joined} {count}"


def _described(op: Op, inputs: tuple[TensorType, ...], index: int) -> str:
    return f"{_plain(op, index)} {' '.join(_plain(x, index) for x in inputs)}"


def _plain(value: object, index: int) -> str:
    if isinstance(value, Op):
        kind: type = type(value)
        fields = (f"{key}={_plain(getattr(value, key), index)}" for key in _fields(kind))
        return f"{kind.__name__}({','.join(fields)})"
    if isinstance(value, tuple):
        return f"({','.join(_plain(item, index) for item in value)})"
    # Of an array its element, so that a design has one address however many were worked out with it.
    return str(value[index]) if is_array(value) and getattr(value, "ndim", None) else str(value)


@cache
def _fields(op: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(op))
