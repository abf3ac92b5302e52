"""The smallest state of a stream: layers in their smaller form, delays where they hold the least."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from costmodel.analysis.temporal import timing
from costmodel.errors import TransformError
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Delay, Step
from costmodel.transforms.registers import Placement, Registers, feed, place
from costmodel.types import TensorType


def retime(stream: Graph) -> Graph:
    """A stream with the same answers at the same frames and the smallest state among its retimings.

    Delays move along branches, past any layer: one that answers frames as they come answers delayed frames
    just as much later, and its own state starts when its first frame comes. No output changes, not even
    before the warm-up. The network's delay is the look-ahead of its longest path, which no delay can shorten,
    so it stays as it is.

    Raises:
        TransformError: the graph is no stream, or a size is a symbol or an array: which place is the smallest
        depends on the numbers.
    """
    return retimed(stream).graph


@dataclass(frozen=True)
class Retiming:
    """A retimed stream, and the numbers that its delays hold beside what no retiming goes below."""

    graph: Graph
    placement: Placement


def retimed(stream: Graph) -> Retiming:
    """As `retime`, with the proof that no retiming holds fewer numbers."""
    if not stream.is_stream:
        raise TransformError(f"{stream.name}: is no stream; make it continual first")
    _check_numbers(stream)
    layers = [_smaller_form(stream, node) for node in _without_delays(stream)]
    jumps = {name: at.jump for name, at in timing(stream).items()}
    ahead = {INPUT: 0} | {node.name: _ahead(stream, node, jumps) for node in layers}
    placement = place(ahead, _registers(stream, layers, ahead, jumps), stream.output)
    nodes = tuple(_with_delays(layers, ahead, placement.times, jumps))
    graph = replace(stream, nodes=nodes, notes=(*stream.notes, _note(layers, placement)))
    return Retiming(graph, placement)


def _check_numbers(stream: Graph) -> None:
    for node in stream.nodes:
        for size in (node.count, *stream.types[node.name], *stream.source):
            if not isinstance(size, int):
                raise TransformError(
                    f"--state smallest: {node.name} has sizes that are not numbers, and where a delay is "
                    "smallest depends on them; take partial or window"
                )


def _without_delays(stream: Graph) -> list[Node]:
    behind = {INPUT: INPUT}
    layers = []
    for node in stream.nodes:
        inputs = tuple(behind[name] for name in node.inputs)
        is_delay = isinstance(node.op, Delay)
        behind[node.name] = inputs[0] if is_delay else node.name
        if not is_delay:
            layers.append(replace(node, inputs=inputs))
    return layers


def _smaller_form(stream: Graph, node: Node) -> Node:
    """The layer keeping the smaller of open results and input window; results where both are equal."""
    if not isinstance(node.op, Step):
        return node
    x = stream.types[node.inputs[0]]
    forms = (replace(node.op, form="partial"), replace(node.op, form="window"))
    return replace(node, op=min(forms, key=lambda op: _kept(op, x)))


def _kept(op: Step, x: TensorType) -> int:
    return sum(int(kept.values) for kept in op.carry(x).kept.values())


def _ahead(stream: Graph, node: Node, jumps: Mapping[str, int]) -> int:
    window = node.op.window(*(stream.types[name] for name in node.inputs))
    return int(window.span - window.before) * jumps[node.inputs[0]]


def _registers(
    stream: Graph, layers: list[Node], ahead: Mapping[str, int], jumps: Mapping[str, int]
) -> list[Registers]:
    readers: dict[str, dict[str, int]] = {name: {} for name in ahead}
    for node in layers:
        for name in node.inputs:
            readers[name][node.name] = ahead[node.name]
    return [
        Registers(name, tuple(found.items()), jumps[name], int(stream.types[name].values))
        for name, found in readers.items()
        if found
    ]


def _with_delays(
    layers: list[Node], ahead: Mapping[str, int], times: Mapping[str, int], jumps: Mapping[str, int]
) -> Iterator[Node]:
    """The layers with delays put in; those behind one layer feed each other and share what they hold."""
    waits: dict[str, dict[int, str]] = {}
    for node in layers:
        for position, source in enumerate(node.inputs):
            wait = times[node.name] - ahead[node.name] - times[source]
            name = f"{node.name}.delay{position + 1 if position else ''}"
            waits.setdefault(source, {0: source}).setdefault(wait, name)
    placed: set[str] = set()
    for node in layers:
        inputs = []
        for source in node.inputs:
            wait = times[node.name] - ahead[node.name] - times[source]
            yield from _chain(waits[source], wait, jumps[source], placed)
            inputs.append(waits[source][wait])
        yield replace(node, inputs=tuple(inputs))


def _chain(names: Mapping[int, str], wait: int, jump: int, placed: set[str]) -> Iterator[Node]:
    """The delay of this wait and those that feed it, unless they are there already."""
    if wait == 0 or names[wait] in placed:
        return
    fed_by = feed(wait, names, jump)
    yield from _chain(names, fed_by, jump, placed)
    placed.add(names[wait])
    yield Node(names[wait], Delay(wait - fed_by, jump), (names[fed_by],))


def _note(layers: list[Node], placement: Placement) -> str:
    windows = sum(isinstance(node.op, Step) and node.op.form == "window" for node in layers)
    proof = (
        "the fewest of all retimings"
        if placement.is_proven
        else f"found; no retiming holds fewer than {placement.bound:,}"
    )
    return (
        f"delays retimed (Leiserson and Saxe 1991): they hold {placement.floats:,} floats, {proof}; "
        f"layers that keep their input window, smaller than their open results: {windows}"
    )
