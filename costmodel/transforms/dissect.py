"""The dissect transform: a clip network made over for streams (Kopuklu 2022, sec. 3.1 and 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from costmodel.edit import Editor
from costmodel.errors import ShapeError, TransformError
from costmodel.graph import Graph, Node
from costmodel.ops import Add, Shift
from costmodel.transforms.base import Carries, Transform, option
from costmodel.transforms.continual import Continual, State
from costmodel.transforms.flattened import convolve_flattened
from costmodel.transforms.paths import Place, places

if TYPE_CHECKING:
    from torch import Tensor

NOTE = "dissected: answers for every frame and sees none to come (Kopuklu 2022); no longer the spec's network"
Skips = Literal["concat", "sum", "none"]


@dataclass(frozen=True)
class Dissect(Transform):
    """A network without strides and pools in time, each of whose answers stands for the newest frame.

    In each block the first convolution over time of each path sees the frame before beside its own, later
    ones their own alone; the stem sees the newest three. Pools take each frame alone, squeeze-excite and the
    head too, so that the head answers for every frame. It gives the stream; its clip network, which trains,
    has all padding in time ahead. Strides and pools in space, groups and channels stay.

    Args:
        stem_frames: frames that the stem's convolution sees: three, or the newest alone.
        skips: how a block sees the frame before: `concat`, under a kernel of 2 in time; `sum`, added to the
            newest under a kernel of 1; `none`, not at all (table 2 there).
        state: what a step keeps, as `--continual` has it; D3D keeps the frame before, which is `window`.
    """

    word: ClassVar[str] = "dissect"
    about: ClassVar[str] = (
        "Dissect the network for a stream: no stride in time, a frame before in each block."
    )
    gives_stream: ClassVar[bool] = True

    stem_frames: int = option(
        3, "Frames that the stem's convolution sees, with --dissect.", least=1, most=100, unit="frames"
    )
    skips: Skips = option(
        "concat",
        "How blocks see the frame before, with --dissect.",
        choices=("concat", "sum", "none"),
    )
    state: State = option(
        "partial", "What a step keeps, with --continual.", choices=("partial", "window", "smallest")
    )

    @property
    def carries(self) -> Carries:
        """A first value: frames to come are no longer seen."""
        return "initial"

    @property
    def takes_symbols(self) -> bool:
        """As the stream does."""
        return Continual(state=self.state).takes_symbols

    def prepared(self, graph: Graph) -> Graph:
        """The dissected network as one of clips, all padding in time ahead.

        Raises:
            TransformError: it has no convolution over time, or a layer needs frames to come.
        """
        if graph.is_stream:
            raise TransformError(f"{graph.name}: is a stream already")
        found = places(graph)
        if not any(place in ("stem", "first", "later") for place in found.values()):
            raise TransformError(
                f"--dissect: {graph.name} has no convolution over several frames, expected one; --inflate "
                "gives a network of images such ones"
            )
        editor = Editor(graph)
        for node in graph.nodes:
            try:
                self._dissect(editor, graph, node, found[node.name])
            except TransformError as error:
                raise TransformError(f"{node.name}: {error}") from error
        try:
            return editor.graph(notes=(*graph.notes, NOTE))
        except ShapeError as error:
            raise TransformError(f"--dissect: {error}; with every frame kept it does not fit") from error

    def streamed(self, clip: Graph) -> Graph:
        """The stream that runs the dissected network frame by frame."""
        return Continual(state=self.state)(clip)

    def weights(self, before: Graph, after: Graph, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The taps of the newest frames; what the dropped ones weighed is added to the newest.

        So a still clip is answered as before, away from its ends. No published rule: D3D trains from scratch.
        """
        found = dict(tensors)
        for node in before.nodes:
            name = f"{node.name}.weight"
            if node.name not in after.by_name or name not in found:
                continue
            wanted = after.by_name[node.name].op
            if wanted.is_convolution and found[name].dim() == 2:
                found[name] = _of_one_frame(before, node, found[name])
            elif node.op.is_convolution:
                kernel = wanted.unwrapped.kernel_on(*before.inputs_of(node))
                found[name] = _newest_taps(before, node, found[name], int(kernel[0]))
        return found

    def _dissect(self, editor: Editor, graph: Graph, node: Node, place: Place) -> None:
        inputs = graph.inputs_of(node)
        if editor.node(node.name).op != node.op:  # what reads a flattened clip has been made over with it
            return
        if place == "head":
            editor.replace(node.name, node.op.made_causal(*inputs))
        elif place in ("stem", "first"):
            self._see_before(editor, node, place)
        elif node.op.flattens:
            _classify_each_frame(editor, graph, node)
        else:
            editor.of_each_frame(node.name)

    def _see_before(self, editor: Editor, node: Node, place: Place) -> None:
        kernel = 1
        if place == "stem":
            kernel = self.stem_frames
        elif self.skips == "concat":
            kernel = 2
        elif self.skips == "sum":
            source = editor.node(node.name).inputs[0]  # what it read first may have gone
            editor.insert_before(node.name, 0, Shift(frames=1), f"{node.name}_before")
            editor.insert_before(node.name, 0, Add(), f"{node.name}_sum", beside=source)
        editor.replace(node.name, node.op.with_taps(kernel))


def _classify_each_frame(editor: Editor, graph: Graph, node: Node) -> None:
    """The linear layer behind a flattened clip as the convolution of one frame that it is there."""
    readers = [graph.by_name[name] for name in graph.consumers[node.name]]
    if not readers or any(reader.op.word != "linear" for reader in readers):
        raise TransformError(
            f"{node.op.word} joins all frames into channels, and no linear layer reads it; pool over time"
        )
    convolve_flattened(editor, graph, node, frames=1)


def _newest_taps(before: Graph, node: Node, weight: Tensor, kept: int) -> Tensor:
    """The weights of a kernel (out, in, time, height, width) on the newest frames that it saw."""
    taps = weight.shape[2]
    window = before.windows[node.name]
    # The tap of the frame that an output stands for; without padding none says which, and the middle one is.
    newest = int(window.before) // int(window.dilation) or (taps // 2)
    newest = min(newest, taps - 1)
    kept_of_it = weight[:, :, max(newest - kept + 1, 0) : newest + 1]
    made = weight.new_zeros((*weight.shape[:2], kept, *weight.shape[3:]))
    made[:, :, kept - kept_of_it.shape[2] :] = kept_of_it
    made[:, :, -1] += weight.sum(2) - kept_of_it.sum(2)
    return made


def _of_one_frame(before: Graph, node: Node, weight: Tensor) -> Tensor:
    """The weights of a linear layer on a flattened clip as a convolution's on one frame of it."""
    flattened = before.by_name[node.inputs[0]]
    (x,) = before.inputs_of(flattened)
    shape = (len(weight), int(x.channels), int(x.time), int(x.height), int(x.width))
    return weight.view(shape).sum(2, keepdim=True)
