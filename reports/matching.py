"""Which layer of one network is which of another: matched by what they do and how they are joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from costmodel.graph import INPUT, Graph, Node

# What two layers of one kind have in common, and what it weighs: a name breaks ties, and matches nothing
# by itself.
LIKE = {"kind": 2, "name": 4, "joined": 2, "op": 8, "inputs": 3}


@dataclass(frozen=True)
class Pair:
    """A layer of one network and the same of the other; None where one of them has no such layer."""

    before: Node | None
    after: Node | None


def matched(before: Graph, after: Graph) -> list[Pair]:
    """The layers of two networks side by side, in the order of both.

    Of all ways to set them side by side it is one in which layers have most in common (Needleman 1970).
    """
    alike = _alike(before, after)
    best = _best(alike)
    pairs, row, column = [], *alike.shape
    while row or column:
        here = best[row, column]
        is_pair = row and column and alike[row - 1, column - 1]
        if is_pair and here == best[row - 1, column - 1] + alike[row - 1, column - 1]:
            row, column = row - 1, column - 1
            pairs.append(Pair(before.nodes[row], after.nodes[column]))
        elif column and here == best[row, column - 1]:
            column -= 1
            pairs.append(Pair(None, after.nodes[column]))
        else:
            row -= 1
            pairs.append(Pair(before.nodes[row], None))
    return pairs[::-1]


def _alike(before: Graph, after: Graph) -> np.ndarray:
    """What each layer of one network, a row, has in common with each of the other; 0: another kind."""
    numbers: dict[object, int] = {}
    left, right = (
        {
            name: np.array([numbers.setdefault(value, len(numbers)) for value in values])
            for name, values in _keys(each).items()
        }
        for each in (before, after)
    )
    same = {name: left[name][:, None] == right[name][None, :] for name in LIKE}
    weighed = sum(weight * same[name].astype(np.int32) for name, weight in LIKE.items())
    return np.asarray(weighed * same["kind"])


def _best(alike: np.ndarray) -> np.ndarray:
    """The most that the first layers of both can have in common, for each number of them."""
    rows, columns = alike.shape
    best = np.zeros((rows + 1, columns + 1), np.int64)
    for row in range(rows):
        paired = np.maximum(best[row, 1:], best[row, :-1] + alike[row])
        best[row + 1, 1:] = np.maximum.accumulate(paired)  # leaving one out costs nothing
    return best


def _keys(graph: Graph) -> Mapping[str, Sequence[object]]:
    """What the layers of a network are compared by."""
    order = {INPUT: -1} | {node.name: place for place, node in enumerate(graph.nodes)}
    # a stream's layers are those of its clip network, which only run in another way
    kinds = graph.map(lambda op, inputs: type(op.unwrapped).__name__)
    ops = graph.map(lambda op, inputs: repr(op.unwrapped))
    inputs = graph.map(lambda op, inputs: repr(inputs))
    of: dict[str, Callable[[Node], object]] = {
        "kind": lambda node: kinds[node.name],
        "name": lambda node: node.name,
        # counted back from the reader, so that a layer says the same wherever its block stands
        "joined": lambda node: tuple(order[node.name] - order[name] for name in node.inputs),
        "op": lambda node: ops[node.name],
        "inputs": lambda node: inputs[node.name],
    }
    return {key: [value(node) for node in graph.nodes] for key, value in of.items()}


def other_inputs(pairs: Sequence[Pair]) -> Iterator[str]:
    """The names in the second network of matched layers that read other layers than in the first.

    What one network alone has in between is looked through: a layer behind one that was added is the same.
    """
    partner = {pair.before.name: pair.after.name for pair in pairs if pair.before and pair.after}
    partner[INPUT] = INPUT
    removed = {pair.before.name: pair.before for pair in pairs if pair.before and not pair.after}
    added = {pair.after.name: pair.after for pair in pairs if pair.after and not pair.before}
    for pair in pairs:
        if pair.before is None or pair.after is None:
            continue
        theirs = [partner[_through(name, removed)] for name in pair.before.inputs]
        if theirs != [_through(name, added) for name in pair.after.inputs]:
            yield pair.after.name


def _through(name: str, between: Mapping[str, Node]) -> str:
    while name in between:
        name = between[name].inputs[0]
    return name
