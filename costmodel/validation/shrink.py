"""A network that fails made smaller for as long as it fails, so that a person sees what is wrong.

Delta debugging (Zeller 2002): layers go in ever smaller pieces, then sizes and options; what still fails is
kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from costmodel.edit import Editor
from costmodel.errors import CostModelError
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Op
from costmodel.spec.write import dump
from costmodel.transforms.base import Transform
from costmodel.types import TensorType
from costmodel.validation.random_transforms import Made

MOST_TRIED = 400  # networks: some take a second each
SMALLEST = {"channels": 1, "time": 1, "height": 1, "width": 1}

Fails = Callable[[Graph], bool]
Changed = Iterator[tuple[tuple[Node, ...], TensorType]]
Kind = TypeVar("Kind", Op, Transform)


def shrunk(made: Made, fails: Fails) -> Made:
    """The smallest network found that fails as the given one does, with the fewest transforms."""
    tried = 0
    while True:
        for smaller in _smaller(made):
            tried += 1
            if tried > MOST_TRIED:
                return made
            if fails(smaller.graph):
                made = smaller
                break
        else:
            return made


def shown(made: Made, what: str) -> str:
    """A network as a spec, and the command that repeats what failed."""
    flags = f" {made.flags}" if made.transforms else ""
    return f"# {what}\n# validate this file{flags}\n{dump(made.start)}"


def _smaller(made: Made) -> Iterator[Made]:
    """Networks a little smaller, those that leave out most first; those that are none are passed over."""
    for start in _smaller_graphs(made.start):
        yield from _made(start, made.transforms)
    for at, each in enumerate(made.transforms):
        ahead, behind = made.transforms[:at], made.transforms[at + 1 :]
        yield from _made(made.start, (*ahead, *behind))
        for plainer in _plainer(each):
            yield from _made(made.start, (*ahead, plainer, *behind))


def _made(start: Graph, transforms: tuple[Transform, ...]) -> Iterator[Made]:
    try:
        yield Made.of(start, transforms)
    except CostModelError:  # no network any more
        return


def _smaller_graphs(graph: Graph) -> Iterator[Graph]:
    for change in (_pieces, _answering_earlier, _joining_less, _smaller_sources, _plainer_layers):
        for nodes, source in change(graph):
            try:
                yield replace(graph, nodes=nodes, source=source)
            except CostModelError:
                continue


def _pieces(graph: Graph) -> Changed:
    """Runs of layers of one input taken out, half of all layers at a time first."""
    size = len(graph.nodes) // 2
    while size:
        for at in range(0, len(graph.nodes), size):
            editor = Editor(graph)
            for node in graph.nodes[at : at + size]:
                try:
                    editor.bypass(node.name)
                except CostModelError:
                    continue
            nodes = tuple(editor)
            if nodes and nodes != graph.nodes:
                yield nodes, graph.source
        size //= 2


def _answering_earlier(graph: Graph) -> Changed:
    """The network up to one of its layers."""
    for node in graph.nodes[:-1]:
        editor = Editor(graph)
        editor.answer(node.name)
        yield tuple(editor), graph.source


def _joining_less(graph: Graph) -> Changed:
    """One branch in the place of what joins several."""
    for node in graph.nodes:
        for source in dict.fromkeys(node.inputs) if len(node.inputs) > 1 else ():
            yield from _instead(graph, node.name, source)


def _instead(graph: Graph, name: str, source: str) -> Changed:
    nodes = tuple(
        replace(node, inputs=tuple(source if each == name else each for each in node.inputs))
        for node in graph.nodes
        if node.name != name
    )
    answer = source if name == graph.output else graph.output
    if answer == INPUT:
        return
    # What only the other branches needed goes with them.
    needed = _needed(nodes, answer)
    yield tuple(node for node in nodes if node.name in needed), graph.source


def _needed(nodes: tuple[Node, ...], answer: str) -> set[str]:
    needed = {answer}
    for node in reversed(nodes):
        if node.name in needed:
            needed |= set(node.inputs)
    return needed


def _smaller_sources(graph: Graph) -> Changed:
    for axis, least in SMALLEST.items():
        size = int(getattr(graph.source, axis))
        for smaller in dict.fromkeys((least, size // 2, size - 1)):
            if least <= smaller < size:
                yield graph.nodes, graph.source._replace(**{axis: smaller})


def _plainer_layers(graph: Graph) -> Changed:
    for at, node in enumerate(graph.nodes):
        for op in _plainer(node.op):
            changed = replace(node, op=op)
            yield (*graph.nodes[:at], changed, *graph.nodes[at + 1 :]), graph.source


def _plainer(given: Kind) -> Iterator[Kind]:
    """The same with one field at its default, or a smaller number."""
    for field in dataclasses.fields(given):
        value = getattr(given, field.name)
        for plainer in _plainer_values(value, field.default):
            try:
                yield replace(given, **{field.name: plainer})
            except (CostModelError, ValueError, TypeError):
                continue


def _plainer_values(value: object, default: object) -> Iterator[object]:
    if default is not dataclasses.MISSING and value != default:
        yield default
    if isinstance(value, tuple):
        for at, each in enumerate(value):
            yield from ((*value[:at], less, *value[at + 1 :]) for less in _less(each))
    yield from _less(value)


def _less(value: object) -> Iterator[object]:
    if isinstance(value, int) and not isinstance(value, bool):
        # Not 0, with which a stride or a kernel would divide by nothing.
        yield from (each for each in dict.fromkeys((1, value // 2, value - 1)) if 0 < each < value)
