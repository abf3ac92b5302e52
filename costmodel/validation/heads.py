"""Where a stream is held against a clip network's module: what enters its head, and at which positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isinf

from costmodel.analysis.reach import head_pools
from costmodel.analysis.temporal import excitation_pools, timing
from costmodel.graph import Graph, Node
from costmodel.numbers import ceil_div

ANSWERS = 3  # that are compared


@dataclass(frozen=True)
class Interior:
    """The positions of a long clip that see nothing of what stands ahead of it and behind it.

    Args:
        edges: what enters the head, or the answer itself where each frame has one; the frames of each that
            one answer takes.
        jumps: input frames between two frames of each edge, and of the answer.
        first: the first answer that is compared.
        frames: of the long clip.
    """

    edges: Mapping[str, int]
    jumps: Mapping[str, int]
    first: int
    frames: int

    def numbers(self, edge: str, answer: int) -> range:
        """The frames of an edge that an answer takes, by number."""
        start = answer * self.jumps[""] // self.jumps[edge]
        return range(start, start + self.edges[edge])

    @property
    def answers(self) -> range:
        """The answers that are compared, by number."""
        return range(self.first, self.first + ANSWERS)


def interior_of(stream: Graph, edges: Mapping[str, int]) -> Interior:
    """The positions at which a stream must answer as an untouched module."""
    times = timing(stream)
    jump = times[stream.output].jump
    jumps = {"": jump, **{edge: times[edge].jump for edge in edges}}
    # Where a layer remembers for ever, the stream is new where the clip begins.
    back = max(0 if isinf(times[edge].back) else int(times[edge].back) for edge in edges)
    first = ceil_div(back, jump)
    newest = max(
        (first + ANSWERS - 1) * jump + (taken - 1) * jumps[edge] + max(int(times[edge].delay), 0)
        for edge, taken in edges.items()
    )
    assert stream.clip is not None
    # As many frames as so many clips: what divides one into chunks divides the other.
    whole = int(stream.clip.source.time)
    return Interior(edges, jumps, first, ceil_div(newest + 1, whole) * whole)


def heads_of(clip: Graph) -> Mapping[str, int]:
    """What enters the head of a clip network that answers once, and how many frames; else nothing."""
    pools = head_pools(clip) or _closing(clip) or _last_pools(clip)
    edges = {clip.by_name[name].inputs[0] for name in pools}
    return {edge: int(clip.types[edge].time) for edge in clip.types if edge in edges}


def _closing(clip: Graph) -> frozenset[str]:
    """The layers whose one window is the whole clip, such as the convolution of a flattened clip."""
    squeezed = excitation_pools(clip)
    return frozenset(
        node.name
        for node in clip.nodes
        if len(node.inputs) == 1 and node.name not in squeezed and _is_whole(clip, node)
    )


def _is_whole(clip: Graph, node: Node) -> bool:
    window, frames = clip.windows[node.name], int(clip.inputs_of(node)[0].time)
    sees_all = int(window.first) == 0 and int(window.last) == frames - 1
    return frames > 1 and node.op.slides and sees_all and int(clip.types[node.name].time) == 1


def _last_pools(clip: Graph) -> frozenset[str]:
    """Of a clip of which strides leave one frame: the last layers that pool its map."""
    if int(clip.types[clip.output].time) > 1:
        return frozenset()
    found: set[str] = set()
    behind: set[str] = set()  # what stands ahead of a pool that was found
    for node in reversed(clip.nodes):
        if node.name in behind:
            behind |= set(node.inputs)
        elif _pools_map(clip, node):
            found.add(node.name)
            behind |= set(node.inputs)
    return frozenset(found)


def _pools_map(clip: Graph, node: Node) -> bool:
    x, *_ = clip.inputs_of(node)
    out = clip.types[node.name]
    is_one = (int(x.time), int(out.height), int(out.width)) == (1, 1, 1)
    return is_one and node.op.slides and not node.op.weights(x) and int(x.height) * int(x.width) > 1
