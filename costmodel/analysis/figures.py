"""Facts per layer, and sums over layers, that metrics are made of; each is computed once, when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cached_property, reduce
from math import lcm
from typing import TYPE_CHECKING

from costmodel.analysis.rates import checked_rate, frame_seconds
from costmodel.analysis.reach import Reach, clip_reach, stream_reach
from costmodel.analysis.temporal import Timing, step_types, timing
from costmodel.errors import OptionError, nearest
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import Number, Size, divide, maximum, repeated, where
from costmodel.types import DTYPE_BYTES, Carry, Shape, TensorType, Window, Work

if TYPE_CHECKING:  # for what few ask
    from costmodel.analysis.traffic import Traffic


class Figures:
    """Facts of a graph, per node, and the sums and maxima over nodes that metrics need.

    Args:
        graph: a clip network or a stream.
        dtype: what sizes in bytes are counted in.
        fps: frames a second of the camera; times in seconds do not apply without.
        batch: clips of a step of training; its memory does not apply without.

    Raises:
        OptionError: the dtype is not known, or the rate is not above zero.
    """

    def __init__(
        self, graph: Graph, dtype: str = "fp32", fps: float | Fraction | None = None, batch: int | None = None
    ) -> None:
        if dtype not in DTYPE_BYTES:
            raise OptionError(f"--dtype: unknown {dtype!r}{nearest(dtype, DTYPE_BYTES)}")
        self.graph = graph
        self.dtype = dtype
        self.fps = None if fps is None else checked_rate(fps)
        self.batch = batch
        self.evaluated: dict[str, Number] = {}

    @cached_property
    def work(self) -> Mapping[str, Work]:
        """Operations by kind for one output of each node."""
        return self.graph.map(lambda op, inputs: op.work(*inputs))

    @cached_property
    def weights(self) -> Mapping[str, Mapping[str, Shape]]:
        """Parameter shapes of each node."""
        return self.graph.map(lambda op, inputs: op.weights(*inputs))

    @cached_property
    def carry(self) -> Mapping[str, Carry]:
        """What each node keeps between frames."""
        return self.graph.map(lambda op, inputs: op.carry(*inputs))

    @cached_property
    def traffic(self) -> Mapping[str, Traffic]:
        """Numbers that each node moves for one output, or in a step of several."""
        from costmodel.analysis.traffic import Chunk, traffic_of

        if self.graph.chunk == 1:
            return self.graph.map(traffic_of)
        found = {}
        for node in self.graph.nodes:
            arrival, window = self.arrival(node), self.windows[node.name]
            # Chunks begin with a cycle, at a step that is a multiple of each jump.
            first = -(arrival.delay // arrival.jump)
            phase = 0 if window.stride == 1 else (first + window.before) % window.stride
            # A frame that comes at step t leaves at t + wait: those from t = -wait to -1 are still there.
            waiting = (window.wait + arrival.delay) // arrival.jump + first
            chunk = Chunk(self.answers_of_step(node), phase, waiting)
            found[node.name] = traffic_of(node.op, self.graph.inputs_of(node), chunk)
        return found

    def moved(self, node: Node) -> Number:
        """Numbers that a node moves, as a mean over input frames."""
        moved, outputs = self.traffic[node.name].total, self.answers_of_step(node)
        return self.per_frame(node, moved if outputs == 1 else divide(moved, outputs))

    @property
    def windows(self) -> Mapping[str, Window]:
        """The window of each node."""
        return self.graph.windows

    @cached_property
    def timing(self) -> Mapping[str, Timing]:
        """Jump, reach back and delay of each edge."""
        return timing(self.graph)

    @cached_property
    def reach(self) -> Mapping[str, Reach]:
        """How far each edge sees: a stream as far as its windows, a clip no further than its frames."""
        return stream_reach(self.timing) if self.graph.is_stream else clip_reach(self.graph)

    @cached_property
    def cycle(self) -> int:
        """Input frames after which the phases of all layers repeat."""
        return reduce(lcm, (at.jump for at in self.timing.values()))

    @cached_property
    def clip(self) -> Figures:
        """The figures of the clip network that a stream runs; a clip network's own."""
        return self if self.graph.clip is None else Figures(self.graph.clip, self.dtype, self.fps, self.batch)

    @property
    def frame_seconds(self) -> Number:
        """Seconds from one model frame to the next; None where no rate is given."""
        if self.fps is None:
            return None
        return frame_seconds(self.graph.every, self.graph.fps, self.fps)

    @property
    def bytes_per_value(self) -> int:
        """Bytes of one number."""
        return DTYPE_BYTES[self.dtype]

    def out(self, node: Node) -> TensorType:
        """The type of a node's output; of a stream for one frame."""
        return self.graph.types[node.name]

    @cached_property
    def in_step(self) -> Mapping[str, TensorType]:
        """What one run holds of every edge: of a stream the frames of a step."""
        return step_types(self.graph)

    def answers_of_step(self, node: Node) -> int:
        """How many outputs a node has in a step of several frames; 1 where steps are of one."""
        chunk = self.graph.chunk
        return 1 if chunk == 1 else chunk // self.timing[node.name].jump

    def at(self, node: Node) -> Timing:
        """The timing of a node's output."""
        return self.timing[node.name]

    def arrival(self, node: Node) -> Timing:
        """The timing of a node's inputs, once all are there."""
        inputs = [self.timing[name] for name in node.inputs]
        # Branches of a stream wait for each other, so all inputs come at the slowest one's frames, equally
        # late.
        return max(inputs, key=lambda at: at.jump) if len(inputs) > 1 else inputs[0]

    def per_frame(self, node: Node, amount: Size) -> Number:
        """An amount for each output of a node, as a mean over input frames: it answers every jump-th."""
        jump = self.timing[node.name].jump if self.graph.is_stream else 1
        return amount if jump == 1 else divide(amount, jump)

    def total(self, amounts: Iterable[tuple[Node, Number]]) -> Number:
        """The sum over nodes, each as often as it stands for."""
        result: Number = 0
        for node, amount in amounts:
            result = result + repeated(amount, node.count)
        return result

    def largest(self, amounts: Iterable[tuple[Node, Number]]) -> Number:
        """The maximum over the nodes that are there."""
        result: Number = 0
        for node, amount in amounts:
            # A free depth may be 0, and then the layer has no output that could be the largest.
            there = amount if isinstance(node.count, int) else where(node.count > 0, amount, 0)
            result = maximum(result, there)
        return result

    @property
    def frames(self) -> Size:
        """Frames of the clip."""
        return self.clip.graph.types[INPUT].time
