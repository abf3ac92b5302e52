"""Makes random networks of layers: forks in forks, pools, pathways, and an end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal, TypedDict

from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import (
    Add,
    AvgPool,
    Concat,
    Conv,
    Flatten,
    Gate,
    GlobalPool,
    Last,
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
from costmodel.types import TensorType
from costmodel.validation.random_layers import (
    attention,
    crop,
    cumulative_pool,
    on_channels,
    on_values,
    over_clip,
    pads_in_space,
    part_of,
    pool_to_size,
    recurrent,
    resized,
    roll,
    shift,
    transposed,
    windows,
)

Kind = Literal["stream", "clip", "images"]
DEEPEST_FORK = 3
# What stands several times is drawn more often. Strides multiply, and a cycle is as long as their product.
STRIDES = (1, 1, 1, 1, 2, 3)
KERNELS = (1, 2, 3, 3, 4, 5)
DILATIONS = (1, 1, 1, 2, 3)


class _Sliding(TypedDict):
    """What windows of every kind take."""

    kernel: Triple
    stride: Triple
    dilation: Triple
    padding: Triple | None


@dataclass
class Maker:
    """Adds layers to a network; every method gives the name of the edge that leaves what it added.

    Args:
        random: what is drawn from.
        kind: of networks that have a stream; of any clip networks, some of whose layers have none; of image
            networks, whose layers take each frame alone.
    """

    random: Random
    kind: Kind = "stream"
    nodes: list[Node] = field(default_factory=list)
    crops: Random = field(default_factory=Random)
    further: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        pick = self.random.randint
        self.source = TensorType(pick(1, 3), pick(8, 20), pick(3, 6), pick(3, 6))
        self.types = {INPUT: self.source}

    def network(self, name: str) -> Graph:
        """A stem, some forks one after the other, perhaps a second pathway, and an end."""
        # Each draws for itself: what else a seed draws stays as it is.
        apart, self.crops, self.further = Random(name), Random(f"{name}: crops"), Random(f"{name}: further")
        edge = self.windowed(INPUT) if self.chance(0.7) else INPUT
        if self.crops.random() < 0.1:
            edge = self.add(crop(self.crops, self.types[edge]), edge)
        if apart.random() < 0.1:
            edge = self.add(transposed(apart, self.types[edge]), edge)
        if apart.random() < 0.1:
            edge = self.add(resized(apart, self.types[edge]), edge)
        for _ in range(self.random.randint(1, 3)):
            stride = self.random.choice(STRIDES)
            space = self.further.choice((1, 2) if self.kind == "images" else (1, 1, 1, 2))
            edge = self.part(edge, 1 if self.kind == "images" else stride, DEEPEST_FORK, space)
        if self.kind == "clip":
            edge = self.over_clip(edge)
        if self.kind == "images":
            self.head(self.clip_pool_of_map(edge))
        elif self.further.random() < 0.06:
            self.head(self.add(Last(), self.add(GlobalPool(kernel=(1, None, None)), edge)))
        elif self.chance(0.2):
            self.two_pathways(edge)
        elif self.chance(0.6):
            is_to_size = apart.random() < 0.1
            self.head(self.add(pool_to_size(apart), edge) if is_to_size else self.clip_pool(edge))
        else:
            self.each_frame(edge)
        return Graph(name, self.source, tuple(self.nodes))

    def chance(self, probability: float) -> bool:
        """Yes, as often as that."""
        return self.random.random() < probability

    def add(self, op: Op, *inputs: str) -> str:
        """Any layer."""
        # Apart, for the third `relu6` and the 63rd `relu` would be one.
        name = f"{type(op).word}_{len(self.nodes)}"
        self.types[name] = infer(op, tuple(self.types[edge] for edge in inputs))
        self.nodes.append(Node(name, op, inputs))
        return name

    def part(self, source: str, stride: int, depth: int, space: int = 1) -> str:
        """A piece of a branch with these total strides in time and space."""
        if depth > 0 and self.chance(0.6):
            return self.fork(source, stride, depth - 1, space)
        if self.kind == "images":
            is_windowed = space > 1 or self.chance(0.5)
            return self.windowed(source, 1, space) if is_windowed else self.pointwise(source)
        if stride == space == 1 and self.crops.random() < 0.05:
            return self.add(crop(self.crops, self.types[source]), source)
        if stride == space == 1 and self.further.random() < 0.15:
            return self.rearranged(source)
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
        if span >= x.time or self.kind == "images":
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
            rounds_up = self.further.random() < 0.3
            if self.chance(0.5):
                return self.add(MaxPool(causal=causal, ceil_mode=rounds_up, **shared), source)
            pool = AvgPool(causal=causal, ceil_mode=rounds_up, **shared)
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

    def rearranged(self, source: str) -> str:
        """Channels or positions moved, or attended to within windows of each frame."""
        draw, x = self.further, self.types[source]
        what = draw.choice(("channels", "part", "roll", "windows"))
        if what == "channels":
            return self.add(on_channels(draw, x), source)
        if what == "part":
            # As of a shift: of channels that are not mixed a part need not see what all of them see.
            return self.add(part_of(draw, x), self.mixed(source))
        return self.add(roll(draw, x), source) if what == "roll" else self.attend_in_windows(source)

    def attend_in_windows(self, source: str, in_time: bool = False) -> str:
        """Attention within windows, whose queries, keys and values are as many channels."""
        op = windows(self.further, self.types[source]._replace(channels=2), in_time)
        return self.add(op, *(self.add(Conv(channels=2), source) for _ in range(3)))

    def over_clip(self, source: str) -> str:
        """A layer that sees all frames of the clip at once, which no stream has."""
        draw, x = self.further, self.types[source]
        what = draw.choice(("attention", "windows", "roll", "pool"))
        if what == "attention":
            return self.add(over_clip(draw), *(self.add(Conv(channels=2), source) for _ in range(3)))
        if what == "windows":
            return self.attend_in_windows(source, in_time=True)
        if what == "roll":
            return self.add(roll(draw, x, in_time=True), source)
        return self.add(pool_to_size(draw, draw.randint(1, int(x.time))), source)

    def mixed(self, source: str) -> str:
        """Every channel made of all of them."""
        return self.add(Conv(channels=self.types[source].channels, bias=self.chance(0.5)), source)

    def pointwise(self, source: str) -> str:
        """A layer that keeps the shape of what it reads."""
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
        """The mean of the clip and its map."""
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
