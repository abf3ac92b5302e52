"""A network's head: the layers that make classes of features."""

from __future__ import annotations

from itertools import takewhile

from costmodel.errors import GraphError
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import is_exact


def head_of(graph: Graph) -> tuple[str, ...]:
    """The layers of the head, in order, such as recurrent and linear ones; pools of answers are not of it.

    Its classifier is the last layer with weights but norms; functions of its scores are of the head too. It
    begins behind the pool over all places of a map that stands ahead of the classifier, with only layers of
    one input between; where no such pool stands there, as in a network that classifies every place, with the
    dropouts right ahead of the classifier.

    Raises:
        GraphError: the network has no such classifier.
    """
    classifier, behind = _classifier(graph)
    upstream = _upstream(graph, classifier)
    pool = next((place for place, node in enumerate(upstream) if _pools_all_places(graph, node)), None)
    ahead = list(takewhile(lambda node: node.op.is_random, upstream)) if pool is None else upstream[:pool]
    return tuple(node.name for node in (*reversed(ahead), classifier, *behind))


def last_weighted(graph: Graph) -> Node:
    """The classifier: the last layer with weights but norms.

    Raises:
        GraphError: branches join behind it.
    """
    return _classifier(graph)[0]


def _classifier(graph: Graph) -> tuple[Node, list[Node]]:
    """The classifier, and the functions of its scores."""
    last = graph.by_name[graph.output]
    behind: list[Node] = []
    for node in (last, *_upstream(graph, last)):
        if len(node.inputs) != 1:
            break
        if _has_weights(graph, node) and node.op.norm_eps is None:
            return node, behind
        if not _is_pool(node):
            behind.insert(0, node)
    raise GraphError(
        f"{graph.name}: no layer with weights stands between {graph.output!r}, which answers, and where its "
        "branches join, expected a classifier"
    )


def _upstream(graph: Graph, node: Node) -> list[Node]:
    """The layers ahead of one, nearest first, up to where branches join or part."""
    found: list[Node] = []
    while len(node.inputs) == 1 and node.inputs[0] != INPUT and len(graph.consumers[node.inputs[0]]) == 1:
        node = graph.by_name[node.inputs[0]]
        if len(node.inputs) != 1:
            break
        found.append(node)
    return found


def _pools_all_places(graph: Graph, node: Node) -> bool:
    if node.op.flattens:
        return True
    (x,) = graph.inputs_of(node)
    _, *kernel = node.op.kernel_on(x)
    # a kernel of all is the size itself, whether that is a number, a symbol or an array
    covered = (size is of or (is_exact(of) and size == of) for size, of in zip(kernel, x[2:], strict=True))
    return _is_pool(node) and all(covered)


def _is_pool(node: Node) -> bool:
    return node.op.slides and not node.op.is_convolution


def _has_weights(graph: Graph, node: Node) -> bool:
    return bool(node.op.weights(*graph.inputs_of(node)))
