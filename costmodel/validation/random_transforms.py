"""Random networks made over by transforms that are drawn, with options that are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import lcm
from random import Random

from costmodel.analysis.temporal import timing
from costmodel.errors import CostModelError, GraphError
from costmodel.graph import Graph
from costmodel.options import Option, Value
from costmodel.transforms.base import TRANSFORMS, Transform, composed
from costmodel.validation.random_maker import Kind
from costmodel.validation.random_networks import MOST_ATTEMPTS, drawn_graph, is_quick

SEEDS_APART = 1_000_003  # between the networks that one seed tries, so that no other seed tries them too
LARGEST = 12  # of numbers that are drawn for options

Draw = Callable[[Random, Graph], Value]


@dataclass(frozen=True)
class Made:
    """A clip network and the transforms that it went through.

    Args:
        start: the network ahead of them.
        transforms: in order.
        graph: the network behind them.
    """

    start: Graph
    transforms: tuple[Transform, ...]
    graph: Graph

    @classmethod
    def of(cls, start: Graph, transforms: tuple[Transform, ...]) -> Made:
        """The network behind transforms.

        Raises:
            CostModelError: one of them cannot be.
        """
        graph = start
        for each in transforms:
            graph = each(graph)
        return cls(start, transforms, graph)

    @property
    def flags(self) -> str:
        """The transforms as a command line has them."""
        return " ".join(each.flags for each in self.transforms)


def random_made(seed: int) -> Made:
    """A random network behind one to three transforms, the same for the same seed.

    One draws from all transforms alike, so that those which refuse most networks come too.

    Raises:
        GraphError: no valid network was found, which would be a mistake of the generator.
    """
    random = Random(f"{seed}: transforms")
    wanted = random.choice(tuple(TRANSFORMS))
    kind: Kind = "images" if wanted == "inflate" else random.choice(("stream", "stream", "clip"))
    for attempt in range(MOST_ATTEMPTS):
        start = drawn_graph(seed + attempt * SEEDS_APART, is_quick, kind)
        try:
            made = Made.of(start, _drawn(random, start, wanted))
        except CostModelError:  # a network, or options, that the transform refuses
            continue
        if is_quick(made.graph) and made.graph != start and not _has_empty_maximum(made.graph):
            return made
    raise GraphError(f"random_{seed}: no network for --{wanted} in {MOST_ATTEMPTS} attempts")


def _has_empty_maximum(graph: Graph) -> bool:
    """Whether a maximum is taken of padding alone, as of few frames sampled: it is no number."""
    for node in graph.nodes:
        inputs, window = graph.inputs_of(node), graph.windows[node.name]
        if graph.is_stream or node.op.carry(*inputs).combine != "max":
            continue
        frames = int(inputs[0].time)
        taps = [int(window.dilation) * tap - int(window.before) for tap in range(int(window.kernel))]
        starts = range(0, int(graph.types[node.name].time) * int(window.stride), int(window.stride))
        if not all(any(0 <= start + tap < frames for tap in taps) for start in starts):
            return True
    return False


def _drawn(random: Random, start: Graph, wanted: str) -> tuple[Transform, ...]:
    """The transform, perhaps another one ahead of it, and perhaps a stream of what they make.

    Raises:
        CostModelError: one of them refuses what it is given, or may not stand behind another.
    """
    words = [wanted]
    if not TRANSFORMS[wanted].gives_stream and random.random() < 0.5:
        words.append("continual")
    if random.random() < 0.3:
        words.insert(0, random.choice(tuple(TRANSFORMS)))
    made, found = start, list[Transform]()
    for word in words:
        found.append(_with_options(random, TRANSFORMS[word], made))
        made = found[-1](made)
    return composed(found)


def _with_options(random: Random, kind: type[Transform], graph: Graph) -> Transform:
    given = {
        each.name: OPTIONS[each.name](random, graph) if each.name in OPTIONS else _value(random, each)
        for each in kind.options()
        if each.name == kind.word or random.random() < 0.5
    }
    return kind(**given)


def _value(random: Random, option: Option) -> Value:
    if option.choices:
        return random.choice(option.choices)
    if option.kind is bool:
        return random.random() < 0.5
    return random.randint(option.least or 0, LARGEST)


def _layer(random: Random, graph: Graph) -> str:
    return random.choice(graph.nodes).name


def _output(random: Random, graph: Graph) -> str:
    return _layer(random, graph) + random.choice(("", "@frame"))


def _head(random: Random, graph: Graph) -> str:
    return random.choice(("features", "fc", "fc:3", "lstm:1", "gru:2"))


def _block(random: Random, graph: Graph) -> int:
    return random.choice((0, 2, 3, 4))


def _chunk(random: Random, graph: Graph) -> int:
    """Whole cycles of the stream, which any common multiple of the strides is."""
    return lcm(*(at.jump for at in timing(graph).values())) * random.choice((1, 2))


def _answers(random: Random, graph: Graph) -> str:
    return "last"  # refused where no chunk was drawn, so that the other, its default, comes more often


# Options whose values are words, or few of the numbers that they may be.
OPTIONS: Mapping[str, Draw] = {
    "sgs": _layer,
    "output": _output,
    "head": _head,
    "sgs_block": _block,
    "chunk": _chunk,
}
