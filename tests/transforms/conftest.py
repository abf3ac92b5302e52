"""Small networks made at random, and what a stream answers by the definitions alone."""

import math
import random
from collections.abc import Callable, Mapping

import pytest

from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Concat, Conv, Delay, Op, Relu, Step
from costmodel.types import TensorType

Frames = Mapping[int, float]  # the value that comes at each step, one number for a whole map


@pytest.fixture
def answers() -> Callable[[Graph, int], Frames]:
    return _answers


@pytest.fixture
def network() -> Callable[..., Graph]:
    return _network


def _answers(stream: Graph, steps: int) -> Frames:
    """The output at each step of a random video, every layer a nonlinear function with weights of its own."""
    video = random.Random(7)
    found: dict[str, Frames] = {INPUT: {step: video.uniform(-1, 1) for step in range(steps)}}
    for node in stream.nodes:
        found[node.name] = _run(stream, node, [found[name] for name in node.inputs], steps)
    return found[stream.output]


def _run(stream: Graph, node: Node, inputs: list[Frames], steps: int) -> Frames:
    if isinstance(node.op, Delay):
        late = {step + node.op.wait: value for step, value in inputs[0].items()}
        return {step: value for step, value in late.items() if step < steps}
    if isinstance(node.op, Step):
        return _slide(stream, node, inputs[0])
    start = max(min(frames) for frames in inputs)
    for frames in inputs[1:]:
        assert [s for s in frames if s >= start] == [s for s in inputs[0] if s >= start], (
            f"{node.name}: not aligned"
        )
    return {step: _layer(node, [frames[step] for frames in inputs]) for step in inputs[0] if step >= start}


def _slide(stream: Graph, node: Node, frames: Frames) -> Frames:
    window = node.op.window(*stream.inputs_of(node))
    steps, values = list(frames), list(frames.values())
    found = {}
    for newest in range(window.span - window.before, len(steps), window.stride):
        seen = [newest - window.span + window.dilation * tap for tap in range(window.kernel)]
        found[steps[newest]] = _layer(node, [values[at] if at >= 0 else 0.0 for at in seen])
    return found


def _layer(node: Node, values: list[float]) -> float:
    weights = random.Random(node.name)
    return math.sin(weights.uniform(1, 3) + sum(weights.uniform(0.5, 2) * value for value in values))


class _Maker:
    """Adds layers one after the other, named in order."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.nodes: list[Node] = []

    def add(self, op: Op, *inputs: str) -> str:
        name = f"{type(op).__name__.lower()}{len(self.nodes)}"
        self.nodes.append(Node(name, op, inputs))
        return name

    def conv(self, source: str, kernel: int = 1, stride: int = 1) -> str:
        channels = self.random.randint(1, 6)
        return self.add(Conv(channels=channels, kernel=(kernel, 1, 1), stride=(stride, 1, 1)), source)

    def branch(self, source: str, stride: int) -> str:
        edge = self.conv(source, self.random.choice([1, 3, 5]), stride) if stride > 1 else source
        for _ in range(self.random.randint(0, 2)):
            edge = (
                self.add(Relu(), edge)
                if self.random.random() < 0.3
                else self.conv(edge, self.random.choice([1, 3]))
            )
        return edge

    def fork(self, source: str, stride: int = 1) -> str:
        branches = [self.branch(source, stride) for _ in range(self.random.randint(2, 3))]
        if len(set(branches)) == 1:
            branches[-1] = self.conv(source, 3, stride)
        return self.add(Concat(), *branches)


def _network(seed: int, strides: tuple[int, ...] = (1, 1)) -> Graph:
    """Forks one after the other, and a branch around them all; each fork may answer every second frame."""
    maker = _Maker(seed)
    edge = start = maker.conv(INPUT, 3)
    for stride in strides:
        edge = maker.fork(edge, stride)
    if set(strides) == {1}:
        edge = maker.add(Concat(), edge, start)
    return Graph(f"random{seed}", TensorType(2, 16, 1, 1), tuple(maker.nodes))
