"""Where convolutions over time stand in a network: in its stem, first or later on a path, in its head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from costmodel.analysis.head import head_of
from costmodel.errors import Divergence, GraphError, TransformError
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import even, is_array, is_exact

Place = Literal["stem", "first", "later", "head", "frame"]


class _Ahead(NamedTuple):
    """What stands between the input and an edge."""

    convolutions: int = 0
    over_time: bool = False  # whether one of them slides over frames
    forks: bool = False  # whether branches part behind one of them


def places(graph: Graph) -> Mapping[str, Place]:
    """Where each layer stands, by name.

    * `head`: behind the pool over all places of the map, up to the answer.
    * `stem`: the first convolution over time, where at most one other stands ahead of it and no branches part
      on the way, as the 5 x 1 x 1 of X3D's `conv1` behind its 1 x 3 x 3.
    * `first`, `later`: other convolutions over time, by whether their path has one since it left the main
      line or branches joined. Each on the main line itself is the first of its own.
    * `frame`: all other layers.

    Raises:
        TransformError: a kernel in time is a symbol or an array.
    """
    head, main = _head(graph), _main_line(graph)
    found: dict[str, Place] = {}
    ahead = {INPUT: _Ahead()}
    sees = {INPUT: False}  # whether the path to this edge has a convolution over time
    for node in graph.nodes:
        arriving = _joined([ahead[name] for name in node.inputs])
        is_over_time = is_over_frames(graph, node)
        # The branch that a gate scales is what goes on; what weighs it is aside.
        sees_one = any(sees[name] for name in (node.inputs[:1] if node.op.is_gate else node.inputs))
        if node.name in head:
            found[node.name] = "head"
        elif not is_over_time:
            found[node.name] = "frame"
        elif arriving.convolutions <= 1 and not arriving.over_time and not arriving.forks:
            found[node.name] = "stem"
        else:
            found[node.name] = "later" if sees_one else "first"
        joins = len(node.inputs) > 1 and not node.op.is_gate
        sees[node.name] = not joins and node.name not in main and (sees_one or is_over_time)
        ahead[node.name] = _behind(arriving, graph, node, is_over_time)
    return found


def behind_a_convolution(graph: Graph) -> frozenset[str]:
    """The layers that read what a convolution has made, through others or not."""
    behind: set[str] = set()
    for node in graph.nodes:
        if any(
            name in behind or (name != INPUT and graph.by_name[name].op.is_convolution)
            for name in node.inputs
        ):
            behind.add(node.name)
    return frozenset(behind)


def is_over_frames(graph: Graph, node: Node) -> bool:
    """Whether a layer is a convolution of more than one frame.

    Raises:
        TransformError: its kernel in time is a symbol or an array.
    """
    if not node.op.is_convolution:
        return False
    kernel, *_ = node.op.kernel_on(*graph.inputs_of(node))
    if is_exact(kernel):
        return kernel > 1
    message = f"{node.name}: its kernel in time is no number, give its sizes values"
    if not is_array(kernel):
        raise TransformError(message)
    slides = even(kernel > 1)
    if is_array(slides):  # those that slide over frames part from those that do not
        raise TransformError(message) from Divergence(slides)
    return bool(slides)


def _head(graph: Graph) -> frozenset[str]:
    try:
        names = head_of(graph)
    except GraphError:
        return frozenset()
    # What answers maps has a last layer like any other; in a head each frame is one place.
    (x,) = graph.inputs_of(graph.by_name[names[0]])
    is_one_place = all(is_exact(size) and size == 1 for size in (x.height, x.width))
    return frozenset(names if is_one_place else ())


def _joined(branches: list[_Ahead]) -> _Ahead:
    return _Ahead(
        max(each.convolutions for each in branches),
        any(each.over_time for each in branches),
        any(each.forks for each in branches),
    )


def _behind(arriving: _Ahead, graph: Graph, node: Node, is_over_time: bool) -> _Ahead:
    convolutions = arriving.convolutions + node.op.is_convolution
    parts = len(graph.consumers[node.name]) > 1
    return _Ahead(
        convolutions, arriving.over_time or is_over_time, arriving.forks or (parts and convolutions > 0)
    )


def _main_line(graph: Graph) -> frozenset[str]:
    """The layers that all paths from the input to the answer go through."""
    order = {name: place for place, name in enumerate((INPUT, *graph.by_name))}
    last_read = {
        name: max(map(order.__getitem__, names), default=0) for name, names in graph.consumers.items()
    }
    found, farthest = [], last_read[INPUT]
    for node in graph.nodes:
        # No edge from ahead of it ends behind it.
        if farthest <= order[node.name]:
            found.append(node.name)
        farthest = max(farthest, last_read[node.name])
    return frozenset(found)
