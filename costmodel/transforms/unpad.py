"""The unpad transform: a clip network that answers as its stream does (Hedegaard 2022, sec. 3.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from costmodel.analysis.temporal import slides_over_clip
from costmodel.edit import Editor
from costmodel.errors import ShapeError, TransformError
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import Size, is_exact
from costmodel.ops import infer
from costmodel.ops.base import Kept
from costmodel.transforms.base import Transform
from costmodel.transforms.continual import Continual
from costmodel.types import TensorType


@dataclass(frozen=True)
class Unpad(Transform):
    """A clip network without padding in time, its branches cut to the frames that all have.

    Its answers are those of the stream once that is steady: it sees no zeros, at the price of fewer frames
    behind every window. A clip must have as many frames as an answer sees.
    """

    word: ClassVar[str] = "unpad"
    about: ClassVar[str] = "Pad no layer in time, so that the clip network answers as its stream does."

    def __call__(self, graph: Graph) -> Graph:
        """The network without padding in time.

        Raises:
            TransformError: the clip is too short, or branches or strides meet at other frames then.
        """
        unpadded = _Unpadded(graph)
        for node in graph.nodes:
            try:
                unpadded.add(node)
            except ShapeError as error:
                frames = _needed(graph)
                raise TransformError(
                    f"--unpad: {node.name}: {error}; give the clip {frames} frames or more"
                ) from error
        return unpadded.editor.graph(notes=(*graph.notes, "unpadded: no layer is padded in time"))


def _needed(graph: Graph) -> Size:
    """The frames that an answer sees, where a pool over the clip has one frame left."""
    from costmodel.analysis.figures import Figures
    from costmodel.analysis.metrics import evaluate

    pool = 1 if any(slides_over_clip(graph, node) for node in graph.nodes) else None
    try:
        return evaluate(Figures(Continual(pool=pool)(graph)), "receptive_field")
    except TransformError:  # such as of squeeze-excite alone, which is no pool of the head
        return evaluate(Figures(Continual()(graph)), "receptive_field")


@dataclass
class _Unpadded:
    """The network under construction: for each edge its type, and the number of its first frame.

    Frames keep the numbers that they have in the padded network.
    """

    graph: Graph
    types: dict[str, TensorType] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.editor = Editor(self.graph)
        self.types[INPUT], self.starts[INPUT] = self.graph.source, 0

    def add(self, node: Node) -> None:
        """Adds a node without its padding in time."""
        window = self.graph.windows[node.name]
        op = node.op if window.whole_clip else node.op.without_time_padding()
        if len(node.inputs) > 1:
            op, start = node.op, self._meet(node)
            crop = self._crop(node, start)
            op = op if crop is None else op.cropping(crop)
        elif window.whole_clip:
            start = 0
        elif window.unbounded or window.is_framewise:
            op, start = node.op, self.starts[node.inputs[0]]
        else:
            start = self._first(node)
        self.editor.replace(node.name, op)
        self.starts[node.name] = start
        self.types[node.name] = infer(op, tuple(self.types[name] for name in node.inputs))

    def _first(self, node: Node) -> int:
        """The number of the first output of a window that sees no padding."""
        window = self.graph.windows[node.name]
        if not all(is_exact(each) for each in (window.before, window.stride)):
            raise TransformError(f"{node.name}: its padding in time is no number, give its sizes values")
        read = self.starts[node.inputs[0]] + int(window.before)
        if read % window.stride:
            raise TransformError(
                f"--unpad: {node.name} strides over {window.stride} frames and would begin at another one "
                "without padding; its stream answers at other frames than its clip"
            )
        return read // window.stride

    def _meet(self, node: Node) -> int:
        """The number of the first frame that all branches have."""
        return max(self.starts[name] - int(skip) for name, skip in self._branches(node))

    def _branches(self, node: Node) -> list[tuple[str, Size]]:
        """What a node joins, and the frames left out ahead of each; a gate of one frame fits any."""
        pairs = list(zip(node.inputs, self.graph.skips[node.name], strict=True))
        is_held = node.op.is_gate and self.types[node.inputs[-1]].time == 1
        return pairs[:1] if is_held else pairs

    def _crop(self, node: Node, start: int) -> Kept | None:
        """Which frames of unequal branches are kept; None where they are equal."""
        branches = self._branches(node)
        ahead = [start + int(skip) - self.starts[name] for name, skip in branches]
        frames = [int(self.types[name].time) for name, _ in branches]
        left_out = [each - min(frames) for each in frames]
        if not any(left_out) and not any(ahead):
            return None
        kept: Mapping[Kept, list[int]] = {
            "centred": [each // 2 for each in left_out],
            "newest": left_out,
            "first": [0] * len(frames),
        }
        for where, wanted in kept.items():
            if ahead == wanted:
                return where
        raise TransformError(
            f"--unpad: {node.name} joins branches that lose {ahead} frames ahead of {left_out} in all, "
            "expected as many on both sides, or all on one"
        )
