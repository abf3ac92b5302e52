"""The unpad transform: a clip network that answers as its stream does (Hedegaard 2022, sec. 3.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import lcm
from typing import ClassVar

from costmodel.analysis.temporal import excitation_pools, slides_over_clip, timing
from costmodel.edit import Editor
from costmodel.errors import ShapeError, TransformError
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import Size, is_exact
from costmodel.ops import ClipCrop, Op, infer
from costmodel.ops.base import Kept
from costmodel.transforms.base import Transform, option
from costmodel.transforms.continual import Continual, Excite
from costmodel.types import Streaming, TensorType, Window


@dataclass(frozen=True)
class Unpad(Transform):
    """A clip network without padding in time, its branches cut to the frames that all have.

    Its answers are those of the stream once that is steady: it sees no zeros, at the price of fewer frames
    behind every window. A clip must have as many frames as an answer sees. Where a stride would begin at
    another frame than in the padded network, frames are left out ahead of it.

    Args:
        excite: squeeze-excite over each frame alone, as streams have it, or over the clip.
    """

    word: ClassVar[str] = "unpad"
    about: ClassVar[str] = "Pad no layer in time, so that the clip network answers as its stream does."

    excite: Excite = option(
        "frame", "Over what squeeze-excite pools, with --unpad.", choices=("frame", "clip")
    )

    def __call__(self, graph: Graph) -> Graph:
        """The network without padding in time.

        Raises:
            TransformError: the clip is too short, or its frames or its padding in time are no number.
        """
        if not is_exact(graph.source.time):
            raise TransformError("--unpad: its frames are no number, and where branches are cut hangs on it")
        excited = excitation_pools(graph) if self.excite == "frame" else frozenset()
        unpadded = _unpadded(graph, excited, {})
        if common := _common_frames(unpadded.pooled):
            unpadded = _unpadded(graph, excited, common)
        return unpadded.editor.graph(notes=(*graph.notes, *unpadded.notes))


def _unpadded(graph: Graph, excited: frozenset[str], pooled: Mapping[str, Frames]) -> _Unpadded:
    """Every node without its padding in time."""
    unpadded = _Unpadded(graph, excited, pooled)
    for node in graph.nodes:
        try:
            unpadded.add(node)
        except ShapeError as error:
            raise TransformError(
                f"--unpad: {node.name}: {error}; give the clip {_needed(graph)} frames or more"
            ) from error
    return unpadded


def _common_frames(pooled: Mapping[str, Frames]) -> Mapping[str, Frames]:
    """What each pool of the head reads where all are to see the same span of time, as in the padded network.

    Of two pathways the one that looks ahead and back less has more frames left.
    """
    spans = pooled.values()
    if len({(each.start * each.jump, each.end * each.jump) for each in spans}) < 2:
        return {}
    beat = lcm(*(each.jump for each in spans))
    start = -(-max(each.start * each.jump for each in spans) // beat) * beat
    end = min(each.end * each.jump for each in spans)
    end -= (end - start) % beat
    return {name: Frames(start // each.jump, end // each.jump, each.jump) for name, each in pooled.items()}


def _needed(graph: Graph) -> Size:
    """The frames that suffice for an answer, where a pool over the clip has one frame left."""
    from costmodel.analysis.figures import Figures
    from costmodel.analysis.metrics import evaluate

    pool = 1 if any(slides_over_clip(graph, node) for node in graph.nodes) else None
    try:
        figures = Figures(Continual(pool=pool)(graph))
    except TransformError:  # such as of squeeze-excite alone, which is no pool of the head
        figures = Figures(Continual()(graph))
    # With strides the frames of the first answer may begin a little later than the clip does.
    return evaluate(figures, "receptive_field") + timing(graph)[graph.output].jump - 1


@dataclass(frozen=True)
class Frames:
    """Frames `start` to `end - 1` of an edge, whose frames are `jump` frames of the input apart."""

    start: int
    end: int
    jump: int


@dataclass
class _Unpadded:
    """The network under construction: for each edge its type, and the number of its first frame.

    Frames keep the numbers that they have in the padded network.

    Args:
        graph: the padded network.
        excited: squeeze-excite pools that see each frame alone.
        common: the frames that pools of the head are to read, where not all that are left.
    """

    graph: Graph
    excited: frozenset[str]
    common: Mapping[str, Frames]
    pooled: dict[str, Frames] = field(default_factory=dict)
    types: dict[str, TensorType] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.editor = Editor(self.graph)
        self.types[INPUT], self.starts[INPUT] = self.graph.source, 0

    @property
    def notes(self) -> Iterator[str]:
        """What has been changed."""
        yield "unpadded: no layer is padded in time"
        if self.excited:
            yield "squeeze-excite pools each frame alone, not the clip; --excite clip keeps the clip"

    def add(self, node: Node) -> None:
        """Adds a node without its padding in time."""
        window, inputs = self.graph.windows[node.name], [self.types[name] for name in node.inputs]
        op, start = node.op.without_time_padding(), self.starts[node.inputs[0]]
        if len(node.inputs) > 1:
            op, start = self._joined(node, inputs)
        elif node.name in self.excited:
            op = node.op.streamed(Streaming(), *inputs)
        elif window.whole_clip:
            op, start = node.op, 0
            inputs[0] = self._pooled(node, inputs[0])
        elif not (window.unbounded or window.is_framewise):
            start = self._first(node, inputs)
        self.editor.replace(node.name, op)
        self.starts[node.name] = start
        self.types[node.name] = infer(op, tuple(inputs))
        self._without_cut_windows(node, window, inputs)

    def _pooled(self, node: Node, given: TensorType) -> TensorType:
        """What a layer over the whole clip reads: of the pools of a head the frames that all have."""
        if not slides_over_clip(self.graph, node):
            return given
        start, jump = self.starts[node.inputs[0]], int(timing(self.graph)[node.inputs[0]].jump)
        self.pooled[node.name] = read = Frames(start, start + int(given.time), jump)
        wanted = self.common.get(node.name, read)
        if wanted == read:
            return given
        if wanted.start >= wanted.end:
            raise ShapeError("its pathways have no frames in common")
        return self._cropped(node, 0, wanted.start - read.start, read.end - wanted.end)

    def _first(self, node: Node, inputs: list[TensorType]) -> int:
        """The number of the first output of a window that sees no padding.

        Where its stride would begin elsewhere than in the padded network, frames ahead of it are left out.
        """
        window = self.graph.windows[node.name]
        if not all(is_exact(each) for each in (window.before, window.stride)):
            raise TransformError(f"{node.name}: its padding in time is no number, give its sizes values")
        read = self.starts[node.inputs[0]] + int(window.before)
        late = -read % window.stride
        if late:
            inputs[0] = self._cropped(node, 0, late, 0)
        return (read + late) // window.stride

    def _without_cut_windows(self, node: Node, window: Window, inputs: list[TensorType]) -> None:
        """Leaves out what a layer answers whose window is cut at the ends of the clip, not padded."""
        out = self.types[node.name]
        if window.whole_clip or window.unbounded or window.is_framewise:
            return
        if out.time <= (inputs[0].time - window.span - 1) // window.stride + 1:
            return
        crop = ClipCrop(before=(window.before, 0, 0), after=(window.last, 0, 0))
        self.editor.insert_after(node.name, crop, f"{node.name}.crop")
        self.types[node.name] = infer(crop, (out,))
        if len(inputs) > 1:  # of one input its first whole window has been counted
            self.starts[node.name] += int(window.before)

    def _joined(self, node: Node, inputs: list[TensorType]) -> tuple[Op, int]:
        """What joins the frames that all branches have, and the number of the first."""
        places = range(len(inputs))
        if node.op.is_gate and inputs[-1].time == 1:  # a gate of one frame fits any
            places = range(len(inputs) - 1)
        skips = [int(skip) for skip in self.graph.skips[node.name]]
        starts = [self.starts[node.inputs[place]] - skips[place] for place in places]
        start, end = max(starts), min(starts[place] + int(inputs[place].time) for place in places)
        ahead = [start - each for each in starts]
        behind = [starts[place] + int(inputs[place].time) - end for place in places]
        is_cut = any((*ahead, *behind))
        # A join that crops keeps as many frames as its shortest branch has: all of them must be common.
        is_whole = not all(one + two for one, two in zip(ahead, behind, strict=True))
        for where, is_so in _KEPT.items():
            if is_cut and is_whole and all(map(is_so, ahead, behind)):
                return node.op.cropping(where), start
        for place in places:
            if ahead[place] or behind[place]:
                inputs[place] = self._cropped(node, place, ahead[place], behind[place])
        return node.op, start

    def _cropped(self, node: Node, place: int, ahead: int, behind: int) -> TensorType:
        """Leaves out frames ahead of a node and behind, on one edge that it reads; gives what is left."""
        crop = ClipCrop(before=(ahead, 0, 0), after=(behind, 0, 0))
        name = f"{node.name}.crop{place + 1 if len(node.inputs) > 1 else ''}"
        self.editor.insert_before(node.name, place, crop, name)
        return infer(crop, (self.types[node.inputs[place]],))


# What joins branches can cut them itself, where they lose frames in one of these ways.
_KEPT: Mapping[Kept, Callable[[int, int], bool]] = {
    "centred": lambda ahead, behind: behind - ahead in (0, 1),
    "newest": lambda ahead, behind: behind == 0,
    "first": lambda ahead, behind: ahead == 0,
}
