"""Small valid clip networks made at random, to try the analysis, the transforms and the emission on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf, lcm
from random import Random
from typing import TypedDict, get_args

from costmodel.analysis.temporal import excitation_pools, slides_over_clip, timing
from costmodel.errors import GraphError, ShapeError, TransformError
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import is_zero
from costmodel.ops import (
    Add,
    AvgPool,
    Concat,
    Conv,
    Flatten,
    Gate,
    GlobalPool,
    Linear,
    MaxPool,
    Op,
    Relu,
    Sigmoid,
    Subsample,
    infer,
)
from costmodel.ops.base import Triple
from costmodel.ops.merge import Crop
from costmodel.transforms.continual import Continual, Excite, State
from costmodel.types import TensorType
from costmodel.validation.random_layers import (
    attention,
    crop,
    cumulative_pool,
    on_values,
    pads_in_space,
    pool_to_size,
    recurrent,
    resized,
    shift,
    transposed,
)

MOST_ATTEMPTS = 1000
LONGEST_RECEPTIVE_FIELD = 150
MOST_LAYERS = 80
LONGEST_CYCLE = 12
DEEPEST_FORK = 3
STATES: tuple[State, ...] = get_args(State)
EXCITATIONS: tuple[Excite, ...] = get_args(Excite)
# What stands several times is drawn more often. Strides multiply, and a cycle is as long as their product.
STRIDES = (1, 1, 1, 1, 2, 3)
KERNELS = (1, 2, 3, 3, 4, 5)
DILATIONS = (1, 1, 1, 2, 3)


def random_graph(seed: int) -> Graph:
    """A valid clip network, the same for the same seed, that `continual` can run frame by frame.

    It may hold residuals inside residuals, concatenations, parallel branches of unequal delay and of equal
    stride at unequal phases, crops, strides and dilation in time, causal, unpadded and partly padded windows,
    grouped and depthwise convolutions, shifts into the past and the future, of shares of the channels too,
    recurrent layers, maps resized and pooled to a size, attention to the last frames, gates frame by frame,
    over the clip and over all frames so far, pools and subsampling in time, two pathways of unequal frame
    rate, and an end that answers once for the clip or for every frame. No stride stands beside a dilation: of
    a clip the analysis takes a window to see what lies between its taps, which a stride may pass by.

    Raises:
        GraphError: no valid network was found, which would be a mistake of the generator.
    """
    return _drawn(seed, lambda graph: _is_quick(graph) and not _passes_by(graph))


def _drawn(seed: int, fits: Callable[[Graph], bool]) -> Graph:
    random = Random(seed)
    for _ in range(MOST_ATTEMPTS):
        try:
            graph = _Maker(random).network(f"random_{seed}")
        except ShapeError:  # unpadded windows have eaten the clip
            continue
        if fits(graph):
            return graph
    raise GraphError(f"random_{seed}: no valid network in {MOST_ATTEMPTS} attempts")


def _is_quick(graph: Graph) -> bool:
    """Whether the network can be run frame by frame for a few cycles in no time."""
    times = timing(graph).values()
    cycle = lcm(*(at.jump for at in times))
    longest = max(at.receptive_field for at in times if at.receptive_field != inf)
    is_short = bool(longest <= LONGEST_RECEPTIVE_FIELD)
    return len(graph.nodes) <= MOST_LAYERS and is_short and cycle <= LONGEST_CYCLE


def _passes_by(graph: Graph) -> bool:
    """Whether strides may pass by frames that stand between the taps of a dilated window."""
    is_dilated = any(window.dilation > 1 and not is_zero(window.span) for window in graph.windows.values())
    return is_dilated and any(at.jump > 1 for at in timing(graph).values())


def random_stream(seed: int) -> Graph:
    """A network as of `random_graph` frame by frame, its state, its pool and its gates chosen at random.

    Strides and dilations may stand beside each other: over the frames of a stream every tap comes by.
    """
    graph, random = _drawn(seed, _is_quick), Random(seed)
    state, excite = random.choice(STATES), random.choice(EXCITATIONS)
    excitations = excitation_pools(graph)
    pools = [
        node.op for node in graph.nodes if node.name not in excitations and slides_over_clip(graph, node)
    ]
    pool = random.randint(1, 40) if pools and random.random() < 0.5 else None
    goes_on = bool(pools) and pool is None and random.random() < 0.5 and all(map(_goes_on, pools))
    return Continual(pool, state, excite, "cumulative" if goes_on else "window")(graph)


def _goes_on(pool: Op) -> bool:
    """Whether a pool over the clip can go on over all frames so far, as one of parts of the map cannot."""
    try:
        pool.cumulative()
    except TransformError:
        return False
    return True


class _Sliding(TypedDict):
    """What windows of every kind take."""

    kernel: Triple
    stride: Triple
    dilation: Triple
    padding: Triple | None


@dataclass
class _Maker:
    """Adds layers to a network; every method gives the name of the edge that leaves what it added."""

    random: Random
    nodes: list[Node] = field(default_factory=list)
    crops: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        pick = self.random.randint
        self.source = TensorType(pick(1, 3), pick(8, 20), pick(3, 6), pick(3, 6))
        self.types = {INPUT: self.source}

    def network(self, name: str) -> Graph:
        """A stem, some forks one after the other, perhaps a second pathway, and an end."""
        edge = self.windowed(INPUT) if self.chance(0.7) else INPUT
        # What else a seed draws stays as it is
        apart, self.crops = Random(name), Random(f"{name}: crops")
        if self.crops.random() < 0.1:
            edge = self.add(crop(self.crops, self.types[edge]), edge)
        if apart.random() < 0.1:
            edge = self.add(transposed(apart, self.types[edge]), edge)
        if apart.random() < 0.1:
            edge = self.add(resized(apart, self.types[edge]), edge)
        for _ in range(self.random.randint(1, 3)):
            edge = self.part(edge, self.random.choice(STRIDES), DEEPEST_FORK)
        if self.chance(0.2):
            self.two_pathways(edge)
        elif self.chance(0.6):
            is_to_size = apart.random() < 0.1
            self.head(self.add(pool_to_size(apart), edge) if is_to_size else self.clip_pool(edge))
        else:
            self.each_frame(edge)
        return Graph(name, self.source, tuple(self.nodes))

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def add(self, op: Op, *inputs: str) -> str:
        # Apart, for the third `relu6` and the 63rd `relu` would be one.
        name = f"{type(op).word}_{len(self.nodes)}"
        self.types[name] = infer(op, tuple(self.types[edge] for edge in inputs))
        self.nodes.append(Node(name, op, inputs))
        return name

    def part(self, source: str, stride: int, depth: int, space: int = 1) -> str:
        """A piece of a branch with these total strides in time and space."""
        if depth > 0 and self.chance(0.6):
            return self.fork(source, stride, depth - 1, space)
        if stride == space == 1 and self.crops.random() < 0.05:
            return self.add(crop(self.crops, self.types[source]), source)
        if stride == space == 1 and self.chance(0.2):
            return self.shifted(source)
        if stride == space == 1 and self.chance(0.06):
            return self.excite_so_far(source)
        if stride == space == 1 and self.chance(0.05):
            return self.add(recurrent(self.random), source)
        if stride == space == 1 and self.chance(0.06):
            return self.attend(source)
        if stride == space == 1 and self.chance(0.5):
            return self.excite(source) if self.chance(0.4) else self.pointwise(source)
        return self.windowed(source, stride, space)

    def branch(self, source: str, stride: int, depth: int, space: int) -> str:
        """A chain of one to three pieces, the strides at one of them."""
        length = self.random.randint(1, 3)
        strided = self.random.randrange(length)
        edge = source
        for place in range(length):
            edge = self.part(edge, stride, depth, space) if place == strided else self.part(edge, 1, depth)
        return edge

    def fork(self, source: str, stride: int, depth: int, space: int) -> str:
        """Two or three branches, each with the whole stride, and what joins them."""
        branches = [self.branch(source, stride, depth, space) for _ in range(self.random.choice((1, 2, 2)))]
        is_identity = stride == space == 1 and self.chance(0.6)
        branches.append(source if is_identity else self.windowed(source, stride, space))
        self.random.shuffle(branches)
        return self.join(branches)

    def join(self, branches: list[str]) -> str:
        """A sum, concatenation or gate of branches, cropped where they differ in frames."""
        frames = [self.types[edge].time for edge in branches]
        crop: Crop = self.random.choice((True, "centred", "newest")) if len(set(frames)) > 1 else False
        if self.chance(0.35):
            return self.add(Concat(crop), *branches)
        # A sum wants equal channels; which branch is projected is left to chance.
        channels = self.types[self.random.choice(branches)].channels
        alike = [
            edge if self.types[edge].channels == channels else self.add(Conv(channels=channels), edge)
            for edge in branches
        ]
        if len(alike) == 2 and min(frames) > 1 and self.chance(0.25):
            return self.add(Gate(crop), alike[0], self.add(Sigmoid(), alike[1]))
        return self.add(Add(crop), *alike)

    def windowed(self, source: str, stride: int = 1, space: int = 1) -> str:
        """A layer that looks through time."""
        x = self.types[source]
        kernel, dilation = self.random.choice(KERNELS), self.random.choice(DILATIONS)
        span = dilation * (kernel - 1)
        # Without padding no output of the clip would see the whole window.
        if span >= x.time:
            kernel, dilation, span = 1, 1, 0
        size = self.random.choice((1, 3))
        # None, below, is the usual padding; others leave frames out, or let the window see beyond the clip.
        ahead = self.random.choice((0, span, self.random.randint(0, span)))
        shared: _Sliding = {
            "kernel": (kernel, size, size),
            "stride": (stride, space, space),
            "dilation": (dilation, 1, 1),
            "padding": None if self.chance(0.5) else (ahead, *pads_in_space(self.random, size)),
        }
        causal = self.chance(0.25)
        if stride > 1 and self.chance(0.15):
            return self.add(Subsample(stride=shared["stride"]), source)
        if self.chance(0.3):
            if self.chance(0.5):
                return self.add(MaxPool(causal=causal, **shared), source)
            pool = AvgPool(causal=causal, **shared)
            counts = self.chance(0.5) or any(pool.pads(0, x))
            return self.add(replace(pool, count_include_pad=counts), source)
        return self.convolution(source, shared, causal)

    def convolution(self, source: str, shared: _Sliding, causal: bool) -> str:
        """A convolution of one group, some, or as many as channels."""
        channels = self.types[source].channels
        groups = self.random.choice([group for group in range(1, channels + 1) if channels % group == 0])
        wide = groups * self.random.randint(1, 2 if groups > 2 else 3)
        bias = self.chance(0.5)
        return self.add(Conv(channels=wide, groups=groups, bias=bias, causal=causal, **shared), source)

    def shifted(self, source: str) -> str:
        """A shift; one of shares stands between layers that mix channels, as in every public network.

        The analysis takes each channel to see what any of them sees. Behind a concatenation, or another
        shift, the channels that are shifted need not be those that see the most.
        """
        op = shift(self.random)
        if not (op.past or op.future):
            return self.add(op, source)
        return self.mixed(self.add(op, self.mixed(source)))

    def mixed(self, source: str) -> str:
        """Every channel made of all of them."""
        return self.add(Conv(channels=self.types[source].channels, bias=self.chance(0.5)), source)

    def pointwise(self, source: str) -> str:
        return self.add(on_values(self.random, self.types[source]), source)

    def attend(self, source: str) -> str:
        """Attention to the last frames, whose keys and values come later than what asks, where they can."""
        late = self.windowed(source)
        asks = source if self.types[source].time == self.types[late].time else late
        channels, frames = self.random.randint(1, 3), int(self.types[late].time)
        query, key = (self.add(Conv(channels=channels), edge) for edge in (asks, late))
        return self.add(attention(self.random, frames), query, key, late)

    def excite(self, source: str) -> str:
        """A gate that looks at the whole clip: squeeze-excite, of the average or the maximum."""
        channels = self.types[source].channels
        over = (None, None, None) if self.chance(0.7) else (None, 1, 1)
        edge = self.add(self.random.choice((GlobalPool, GlobalPool, MaxPool))(kernel=over), source)
        edge = self.add(Relu(), self.add(Conv(channels=self.random.randint(1, 3), bias=True), edge))
        edge = self.add(Sigmoid(), self.add(Conv(channels=channels, bias=True), edge))
        return self.add(Gate(), source, edge)

    def excite_so_far(self, source: str) -> str:
        """A gate that looks at all frames so far, beside the newest."""
        now = self.add(GlobalPool(kernel=(1, None, None)), source)
        past = self.add(cumulative_pool(self.random), now)
        edge = self.add(Conv(channels=self.types[source].channels, bias=True), self.add(Concat(), past, now))
        return self.add(Gate(), source, self.add(Sigmoid(), edge))

    def clip_pool(self, source: str) -> str:
        """A pool over the whole clip, of the map too or not."""
        is_map = self.chance(0.7)
        if self.chance(0.2):
            return self.add(cumulative_pool(self.random, "map" if is_map else "position", "last"), source)
        over = (None, None, None) if is_map else (None, 1, 1)
        return self.add(self.random.choice((GlobalPool, GlobalPool, MaxPool))(kernel=over), source)

    def two_pathways(self, source: str) -> None:
        """A slow pathway that reads some of the frames and a fast one, both pooled over the clip, joined."""
        slow = self.add(Subsample(stride=(self.random.choice((2, 3)), 1, 1)), source)
        slow = self.clip_pool_of_map(self.windowed(slow))
        fast = self.clip_pool_of_map(self.windowed(source))
        self.head(self.add(Concat(), *self.random.sample((slow, fast), 2)))

    def clip_pool_of_map(self, source: str) -> str:
        return self.add(GlobalPool(), source)

    def head(self, source: str) -> None:
        """What follows a pool over the clip: layers on each frame alone, perhaps around a residual."""
        edge = self.pointwise(source)
        if self.chance(0.3):
            edge = self.add(Add(), edge, self.add(Conv(channels=self.types[edge].channels), edge))
        if self.chance(0.4):
            edge = self.add(Flatten(), edge)
        self.add(Linear(self.random.randint(2, 4), bias=self.chance(0.7)), edge)

    def each_frame(self, source: str) -> None:
        """An end that answers every frame."""
        if self.chance(0.5):
            source = self.add(GlobalPool(kernel=(1, None, None)), source)
        self.add(Linear(self.random.randint(2, 4)), source)
