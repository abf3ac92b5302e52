"""The head transform: the classifier's layers taken off, and another head in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from costmodel.analysis.head import head_of
from costmodel.analysis.reach import head_pools
from costmodel.edit import Editor
from costmodel.errors import GraphError, OptionError, ShapeError, TransformError
from costmodel.graph import INPUT, Graph
from costmodel.numbers import Size, is_exact
from costmodel.ops import Conv, Gru, Linear, Lstm, Op
from costmodel.transforms.base import Carries, Transform, option

if TYPE_CHECKING:
    from torch import Tensor

FORMS = "features, fc[:FRAMES], lstm[:LAYERS] or gru[:LAYERS]"
HIDDEN = 1024  # as the recurrent heads of Kopuklu 2022, sec. 3.3
MOST_LAYERS, MOST_FRAMES = 16, 1000


@dataclass(frozen=True)
class Head(Transform):
    """A network with another head, or without one (Kopuklu 2022, sec. 3.3).

    With `features` it answers what its head reads, such as the features of each frame of a D-ResNet; pools
    over the answers of a classifier stay, and pool features then. The other heads answer for every frame, of
    features that are pooled over each frame's map alone.

    Args:
        head: what stands in the head's place: `features`, nothing; `fc:16`, a linear layer over the features
            of 16 frames, or of one without a number; `lstm:2` or `gru:2`, so many recurrent layers, or one
            without a number, and a linear layer.
        head_width: channels of each recurrent layer.
    """

    word: ClassVar[str] = "head"
    about: ClassVar[str] = "Put another head in the place of the classifier, or none."
    not_behind: ClassVar[frozenset[str]] = frozenset({"output"})

    head: str = option("features", f"What answers: {FORMS}.")
    head_width: int | None = option(
        None,
        f"Channels of each recurrent layer of the head, {HIDDEN} unless given.",
        kind=int,
        least=1,
        most=1_000_000,
        unit="channels",
        is_size=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        kind, _ = self._parsed()
        if self.head_width is not None and kind not in ("lstm", "gru"):
            raise OptionError("--head-width: is for the recurrent heads, lstm and gru")

    @property
    def carries(self) -> Carries:
        """Features are those of the network before; a new head is untrained."""
        return "exact" if self.head == "features" else "initial"

    def __call__(self, graph: Graph) -> Graph:
        """The network with the other head.

        Raises:
            TransformError: it has no classifier, or is a classifier alone, or its features are maps.
        """
        classes = graph.types[graph.output].channels
        features = _features(graph)
        kind, number = self._parsed()
        if kind == "features":
            return features
        framewise = _of_each_frame(features)
        editor, last = Editor(framewise), framewise.output
        for name, op in self._layers(kind, number, classes):
            last = editor.insert_after(last, op, f"head.{name}", 1)
        try:
            return editor.graph()
        except ShapeError as error:
            raise TransformError(f"--head: {error}") from error

    def weights(self, before: Graph, after: Graph, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The weights but those of the head; a new one has none yet."""
        return kept(after, tensors)

    def _parsed(self) -> tuple[str, int]:
        """The kind of head, and how many frames it sees or layers it has."""
        kind, colon, number = self.head.partition(":")
        most = MOST_FRAMES if kind == "fc" else MOST_LAYERS
        is_number = number.isascii() and number.isdecimal() and len(number) < 6 and 1 <= int(number) <= most
        if kind not in ("features", "fc", "lstm", "gru") or (colon and (kind == "features" or not is_number)):
            found = f", of 1 to {most}" if kind in ("fc", "lstm", "gru") else ""
            raise OptionError(f"--head: {self.head!r}, expected {FORMS}{found}")
        return kind, int(number) if colon else 1

    def _layers(self, kind: str, number: int, classes: Size) -> Iterator[tuple[str, Op]]:
        if kind == "fc" and number > 1:
            yield "fc", Conv(channels=classes, kernel=(number, 1, 1), causal=True, bias=True)
            return
        if kind != "fc":
            layer, width = (Lstm if kind == "lstm" else Gru), self.head_width or HIDDEN
            for place in range(1, number + 1):
                yield f"{kind}{place}", layer(channels=width)
        yield "fc", Linear(channels=classes)


def _features(graph: Graph) -> Graph:
    editor = Editor(graph)
    try:
        head = head_of(graph)
    except GraphError as error:
        raise TransformError(f"--head: {error}; name a layer with --output") from error
    if graph.by_name[head[0]].inputs == (INPUT,):
        raise TransformError(f"--head: {graph.name} is a classifier alone, nothing stands ahead of it")
    # From the last back, so that each layer is the one that answers when its turn comes.
    for name in reversed(head):
        if name == list(editor)[-1].name:
            editor.answer(editor.node(name).inputs[0])
        else:
            editor.bypass(name)
    return editor.graph()


def _of_each_frame(graph: Graph) -> Graph:
    """Features of each frame, where they are pooled over the clip.

    Raises:
        TransformError: they are maps, or branches of unequal frames meet.
    """
    editor = Editor(graph)
    for name in head_pools(graph):
        editor.of_each_frame(name)
    try:
        made = editor.graph()
    except ShapeError as error:
        raise TransformError(
            f"--head: {error}; its branches have unequal frames, and no features of each frame"
        ) from error
    x = made.types[made.output]
    if any(is_exact(size) and size != 1 for size in (x.height, x.width)):
        raise TransformError(
            f"--head: {graph.name} has maps of {x.height} x {x.width} where its head stands, expected a pool "
            "over all places ahead of the classifier"
        )
    return made


def kept(graph: Graph, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of the layers that a network still has."""
    return {name: value for name, value in tensors.items() if name.rpartition(".")[0] in graph.by_name}
