"""The nodes of a stream: frame-by-frame forms, branches aligned  (Hedegaard 2022, sec. 3.2 to 3.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

from costmodel.analysis.temporal import (
    START,
    Timing,
    excitation_pools,
    is_whole_clip,
    latest,
    slides_over_clip,
)
from costmodel.conditions import assume, differ, either, equal
from costmodel.edit import Editor
from costmodel.errors import TransformError
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import (
    Size,
    ceil_div,
    is_array,
    is_never_below,
    is_symbolic,
    is_zero,
    repeated,
    share_of,
)
from costmodel.ops import Delay, Op, Step, Subsample
from costmodel.types import Form, Streaming, TensorType

if TYPE_CHECKING:
    from costmodel.transforms.continual import Continual

LONGEST_JUMP = 100_000


class _Edge(NamedTuple):
    """What a layer reads at a place."""

    reader: str
    place: int
    source: str


@dataclass
class StreamGraph:
    """A stream under construction: nodes without delays, and the waits that each edge needs."""

    options: Continual
    clip: Graph
    at: dict[str, Timing] = field(default_factory=lambda: {INPUT: START})
    waits: dict[tuple[str, int], tuple[Size, str, int]] = field(default_factory=dict)
    pooled: set[str] = field(default_factory=set)
    pools: list[str] = field(default_factory=list)
    excited: bool = False

    def __post_init__(self) -> None:
        self.editor = Editor(self.clip)
        self.excitations = excitation_pools(self.clip)
        self.readers = {name: len(readers) for name, readers in self.clip.consumers.items()}

    def add(self, node: Node) -> None:
        """Adds the frame-by-frame form of a clip node, its branches aligned."""
        inputs = self.clip.inputs_of(node)
        # In the order of the clip's nodes: what a node reads has its timing by now.
        self.editor.replace(node.name, self._step_form(node, inputs))
        is_cumulative = node.op.is_cumulative and is_whole_clip(self.clip, node)
        is_pool = node.name in self.pools or is_cumulative or node.op.takes_newest
        if is_pool or any(name in self.pooled for name in node.inputs):
            self.pooled.add(node.name)
        if len(node.inputs) > 1:
            self._to_same_jump(node)
        self._time(node.name, inputs)
        if len(node.inputs) > 1:
            self._align(node.name)

    def skip(self, node: Node) -> None:
        """Goes on behind a clip node that has no frame-by-frame form, as if it took each frame alone."""
        first, *_ = (self.at[name] for name in node.inputs)
        self.at[node.name] = first
        if any(name in self.pooled for name in node.inputs):
            self.pooled.add(node.name)

    def result(self) -> Graph:
        """Nodes in order, delays inserted before their readers; equal waits share one."""
        shared: dict[tuple[str, object], str] = {}
        for node in tuple(self.editor):
            for position, source in enumerate(node.inputs):
                wait, merge, branch = self.waits.get((node.name, position), (0, "", 0))
                if is_zero(wait):
                    continue
                # Arrays have no hash; those that are the same wait are the same object.
                key = (source, id(wait) if is_array(wait) else wait)
                if key in shared:
                    self.editor.redirect(node.name, position, shared[key])
                    continue
                _must_differ(wait, [other for name, other in shared if name == source])
                name = f"{merge}.delay{branch + 1 if branch else ''}"
                delay, count = Delay(wait, self.at[source].jump), self.editor.node(merge).count
                shared[key] = self.editor.insert_before(node.name, position, delay, name, count)
        return self.editor.graph(
            source=self.clip.source.with_time(1),
            clip=self.clip,
            notes=self.notes(),
            pool=self.options.pool,
        )

    def notes(self) -> tuple[str, ...]:
        """What the transform changed."""
        notes = list(self.clip.notes)
        if self.excited:
            notes.append(
                "squeeze-excite pools each frame alone, not the clip (Hedegaard 2022, sec. 3.4); "
                "--excite clip keeps the clip"
            )
        if self.pools and self.options.head_pool == "cumulative":
            notes.append("the head pools all frames so far, not the last ones of a clip's length")
        return tuple(notes)

    def _time(self, name: str, clip_inputs: tuple[TensorType, ...]) -> None:
        node = self.editor.node(name)
        # Of frames, as the step form reads them; the clip's own window would see its whole clip at once.
        window = node.op.window(*(x.with_time(1) for x in clip_inputs))
        arrivals = self._arrivals(node)
        jump = arrivals[0].jump
        if jump * window.stride > LONGEST_JUMP:
            raise TransformError(
                f"{node.name}: answers every {jump * window.stride} frames, at most {LONGEST_JUMP}; give it "
                "a smaller stride in time"
            )
        self.at[node.name] = Timing(
            jump * window.stride,
            latest(at.back for at in arrivals) - repeated(window.first * jump, node.count),
            latest(at.delay for at in arrivals) + repeated(window.last * jump, node.count),
        )

    def _arrivals(self, node: Node) -> list[Timing]:
        """The timing of each input of a node as it reads it, the frames left out ahead counted in."""
        arriving = (self.at[name] for name in node.inputs)
        skips = self._skips(node)
        return [at.skipping(skip, node.count) for at, skip in zip(arriving, skips, strict=True)]

    def _skips(self, node: Node) -> tuple[Size, ...]:
        """How many frames of each input a node leaves out ahead, as its step form has it of the clip."""
        return node.op.skips(*(self.clip.source.with_time(1),) * len(node.inputs))

    def _step_form(self, node: Node, inputs: tuple[TensorType, ...]) -> Op:
        is_behind_pool = any(name in self.pooled for name in node.inputs)
        form: Form = "window" if self.options.state == "window" else "partial"
        covers = self._covered(node, inputs, is_behind_pool)
        cumulates = node.name in self.pools and self.options.head_pool == "cumulative"
        stream = Streaming(form, covers, cumulates, is_behind_pool)
        try:
            return node.op.streamed(stream, *inputs)
        except TransformError as error:
            raise TransformError(f"{node.name}: {error}") from error

    def _covered(self, node: Node, inputs: tuple[TensorType, ...], is_behind_pool: bool) -> Size | None:
        """The frames that a pool over the clip covers in the stream; None where it takes each alone."""
        if not slides_over_clip(self.clip, node):
            return None
        if node.name in self.excitations:
            self.excited = self.excited or self.options.excite == "frame"
            return None if self.options.excite == "frame" else inputs[0].time
        if is_behind_pool:  # one frame is left to pool, in a clip and in every step
            return None
        self.pools.append(node.name)
        if self.options.pool is None:
            return inputs[0].time
        # `--pool` counts frames of the input, the pool those that reach it.
        return ceil_div(self.options.pool, self.at[node.inputs[0]].jump)

    def _to_same_jump(self, node: Node) -> None:
        jumps = [self.at[name].jump for name in node.inputs]
        slowest = reduce(lcm, jumps)
        for position, jump in enumerate(jumps):
            if jump != slowest:
                self._every(node, position, slowest // jump)

    def _every(self, node: Node, position: int, stride: int) -> None:
        source = node.inputs[position]
        # Behind a pool over the clip a clip has one frame, which any step's may stand for; elsewhere frames
        # that the clip network reads would be left out.
        if source not in self.pooled:
            raise TransformError(
                f"{node.name}: its branches come at different frame rates, {source!r} {stride} times as "
                "often; give each branch the same stride in time"
            )
        every = Step(Subsample(stride=(stride, 1, 1)))
        name = self.editor.insert_before(node.name, position, every, f"{node.name}.every{stride}")
        self.pooled.add(name)
        self.readers[name] = 1
        self._time(name, (self.clip.types[source],))

    def _align(self, merge: str) -> None:
        """Lets the early branches of a merge wait."""
        latest = self.at[merge].delay
        # Asked once for all branches: a merge of many would walk each of them for each.
        is_for_shift = self._waits_for_shift(merge)
        node = self.editor.node(merge)
        for position, skip in enumerate(self._skips(node)):
            # Asked anew: an earlier branch may have made what this one reads come later.
            wait = latest - self.at[node.inputs[position]].skipping(skip, node.count).delay
            if is_zero(wait):
                continue
            count = node.count  # each of so many equal merges waits its share
            share = wait if isinstance(count, int) else share_of(wait, count)
            edges = self._branch(merge, position)
            place = self._place_of_wait(merge, edges, wait, is_for_shift=is_for_shift)
            # Behind the wait, towards the merge, everything comes later by it.
            for edge in edges[:place]:
                at = self.at[edge.source]
                self.at[edge.source] = at._replace(delay=at.delay + wait)
            reader, position_there, _ = edges[place]
            # Two merges may delay one edge: their waits add up, under the name of the first.
            earlier, first, branch = self.waits.get((reader, position_there), (0, merge, position))
            self.waits[reader, position_there] = (earlier + share, first, branch)

    def _branch(self, merge: str, position: int) -> list[_Edge]:
        """The edges of one branch of a merge, from the merge back to where the branch leaves its fork."""
        edges = [_Edge(merge, position, self.editor.node(merge).inputs[position])]
        while self._is_inner(edges[-1].source):
            reader = edges[-1].source
            edges.append(_Edge(reader, 0, self.editor.node(reader).inputs[0]))
        return edges

    def _place_of_wait(self, merge: str, edges: list[_Edge], wait: Size, *, is_for_shift: bool) -> int:
        """At which edge of its branch a wait stands: at the head, where the branch leaves the fork.

        Where a layer of the branch looks at the past alone, the wait is that layer's past; where one of
        another branch looks ahead alone, it is that layer's future. Then it stands where it holds the fewest
        numbers, nearest to the merge among equals.
        """
        if not (is_for_shift or any(self._looks_back(edge.source) for edge in edges[:-1])):
            return len(edges) - 1
        held = [self._held(edge.source, wait) for edge in edges]
        for place, floats in enumerate(held):
            if all(is_never_below(other, floats) for other in held):
                return place
        raise TransformError(
            f"{merge}: on which edge its branch waits with the fewest numbers depends on sizes that are not "
            "numbers; give them values"
        )

    def _looks_back(self, name: str) -> bool:
        return name in self.clip.windows and self.clip.windows[name].looks_back

    def _waits_for_shift(self, merge: str) -> bool:
        """Whether a branch of a merge holds a layer that sees frames to come alone."""
        branches = (self._branch(merge, place) for place in range(len(self.editor.node(merge).inputs)))
        sources = (edge.source for edges in branches for edge in edges[:-1])
        return any(name in self.clip.windows and self.clip.windows[name].looks_ahead for name in sources)

    def _held(self, source: str, wait: Size) -> Size:
        known = source if source in self.clip.types else self.editor.node(source).inputs[0]
        return ceil_div(wait, self.at[source].jump) * self.clip.types[known].with_time(1).values

    def _is_inner(self, name: str) -> bool:
        """Whether an edge leaves a layer in the middle of a branch, not a fork, a merge or the input."""
        return name != INPUT and self.readers[name] == 1 and len(self.editor.node(name).inputs) == 1


def _must_differ(wait: Size, others: list[Size]) -> None:
    """Assumes that waits behind one layer with different formulas differ, since equal waits share a delay."""
    for other in others:
        if is_symbolic(wait) or is_symbolic(other):
            assume(either(differ(wait, other), equal(wait, 0)))
