"""How far each edge of a graph looks through time, and when its frames come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from math import inf, lcm
from typing import NamedTuple

from costmodel.conditions import named
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import Size, ceil_div, is_zero, maximum, repeated
from costmodel.types import FRAMEWISE, TensorType, Window


class Timing(NamedTuple):
    """Timing of one edge: stride, reach back, reach ahead, in input frames.

    `back` is the largest sum of -first * jump over the paths to here, `delay` the largest sum of last * jump,
    `first` and `last` being the frames that a window sees. In a stream every wait at a merge fills its branch
    up to the latest one, so the delay is also the number of frames by which this edge lags behind the frame
    it is aligned with; below zero it runs ahead of it, as behind a shift into the past.
    """

    jump: int
    back: Size
    delay: Size

    @property
    def receptive_field(self) -> Size:
        """R = P + delay + 1 input frames."""
        return self.back + self.delay + 1

    def skipping(self, frames: Size, count: Size = 1) -> Timing:
        """The same edge read so many of its frames ahead, at each of so many equal layers."""
        if is_zero(frames):
            return self
        ahead = repeated(frames * self.jump, count)
        return self._replace(back=self.back - ahead, delay=self.delay + ahead)


START = Timing(1, 0, 0)


def timing(graph: Graph, *, repeats: bool = True) -> Mapping[str, Timing]:
    """The timing of every edge. With `repeats` false, a node that stands for many counts as one.

    A clip-wide squeeze-excite or attention counts as frame by frame: in a clip network, whose frames it all
    sees, it widens no window.
    """
    excitations = excitation_pools(graph)
    found: dict[str, Timing] = {INPUT: START}
    for node in graph.nodes:
        is_aside = node.name in excitations or (node.op.is_aside and is_whole_clip(graph, node))
        window = FRAMEWISE if is_aside else graph.windows[node.name]
        count = node.count if repeats else 1
        inputs = tuple(found[name] for name in node.inputs)
        if len(inputs) > 1:
            skips = graph.skips[node.name]
            inputs = tuple(at.skipping(skip, count) for at, skip in zip(inputs, skips, strict=True))
        found[node.name] = _after(window, inputs, count)
    return found


def _after(window: Window, inputs: tuple[Timing, ...], count: Size) -> Timing:
    if window is FRAMEWISE and len(inputs) == 1:
        return inputs[0]
    # Branches of different rates meet where both have a frame.
    jump = reduce(lcm, (at.jump for at in inputs))
    back = latest(at.back for at in inputs)
    delay = latest(at.delay for at in inputs)
    ahead = window.last * jump + window.wait
    reach = inf if window.unbounded else back - count * (window.first * jump)
    return Timing(jump * window.stride, reach, delay + count * ahead)


def cycle_of(graph: Graph) -> int:
    """Input frames after which the phases of all layers of a stream repeat."""
    return reduce(lcm, (at.jump for at in timing(graph).values()))


def step_types(graph: Graph) -> Mapping[str, TensorType]:
    """What one run of a network holds of every edge: a clip, or the frames of one step of a stream."""
    if graph.chunk == 1:
        return graph.types
    # A chunk is whole cycles, in which an edge has one frame for each of its jumps.
    jumps = {name: at.jump for name, at in timing(graph).items()}
    return {name: each.with_time(graph.chunk // jumps[name]) for name, each in graph.types.items()}


def latest(places: Iterable[Size]) -> Size:
    """The largest, under a name of its own in formulas: a maximum of maxima takes sympy minutes."""
    return named("path", reduce(maximum, places))


def is_whole_clip(graph: Graph, node: Node) -> bool:
    """Whether a node looks at its whole clip at once."""
    return graph.windows[node.name].whole_clip


def slides_over_clip(graph: Graph, node: Node) -> bool:
    """Whether a node pools its whole clip and could as well slide over any number of frames."""
    return node.op.slides and is_whole_clip(graph, node)


def excitation_pools(graph: Graph) -> frozenset[str]:
    """Pools over the whole clip that only gate another branch: the squeeze of squeeze-excite.

    Several may join ahead of the gate, such as an average and a maximum, where all of them only gate.
    """
    pools = {node.name for node in graph.nodes if slides_over_clip(graph, node)}
    while True:
        derived = _derived_from(graph, pools)
        gating = {name for name in pools if _only_gates(graph, name, derived)}
        if gating == pools:
            return frozenset(pools)
        pools = gating  # one that joins a pool with other readers is none itself: look again


def _derived_from(graph: Graph, pools: set[str]) -> set[str]:
    """The edges that depend on these pools alone, through layers that take each frame by itself."""
    derived = set(pools)
    for node in graph.nodes if pools else ():
        if all(name in derived for name in node.inputs) and graph.windows[node.name].is_framewise:
            derived.add(node.name)
    return derived


def _only_gates(graph: Graph, name: str, derived: set[str]) -> bool:
    pending = [name]
    while pending:
        source = pending.pop()
        readers = [graph.by_name[reader] for reader in graph.consumers[source]]
        if not readers:
            return False
        for reader in readers:
            if reader.op.is_gate:
                if reader.inputs[0] == source:
                    return False
            elif reader.name not in derived:
                return False
            else:
                pending.append(reader.name)
    return True


def first_frames(graph: Graph) -> Mapping[str, int]:
    """For each edge, the number of its first frame that depends on nothing ahead of the stream.

    Where a layer remembers for ever, that of a new stream's: 0.
    """
    if any(window.unbounded for window in graph.windows.values()):
        return dict.fromkeys((INPUT, *graph.by_name), 0)
    first = {INPUT: 0}
    for node in graph.nodes:
        skips = map(int, graph.skips[node.name])
        start = max(first[name] - skip for name, skip in zip(node.inputs, skips, strict=True))
        window = node.op.window(*graph.inputs_of(node))
        first[node.name] = (
            # The first n whose earliest frame, n * stride - before, is known: `start` or later.
            max(0, ceil_div(start + int(window.before), window.stride)) if node.op.is_step_form else start
        )
    return first
