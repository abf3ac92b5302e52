"""The three ways to run a clip in training: padded in time, without padding in time, or frame by frame."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

from torch import Tensor

from costmodel.analysis.temporal import Timing, excitation_pools, first_frames, timing
from costmodel.edit import Editor
from costmodel.emit import ClipNetwork, Network, StreamNetwork, StreamState, emit
from costmodel.emit.modules.pointwise import BatchNormLayer
from costmodel.errors import ShapeError, TransformError
from costmodel.graph import Graph
from costmodel.transforms.continual import continual
from costmodel.transforms.unpad import Unpad
from search.train.answers import LAST, Reader, Reading, over_places
from search.train.kinds import Kind

MOST_MORE: Final = 32  # frames beyond those that an answer sees, until all branches of a network fit


class Form(ABC):
    """A network together with the way in which it answers clips of `frames` frames."""

    kind: Kind
    network: Network
    frames: int

    @abstractmethod
    def logits(self, clips: Tensor) -> Tensor:
        """The scores (clips, classes) of clips (clips, channels, time, height, width)."""


@dataclass
class ClipForm(Form):
    """A clip network: as its paper trains it, or without padding in time (`Unpad`), as its stream answers."""

    network: ClipNetwork
    frames: int
    reader: Reader
    kind: Kind = "clip"

    def logits(self, clips: Tensor) -> Tensor:
        """The answer to the clip."""
        return self.reader(self.network(clips))


@dataclass
class StepForm(Form):
    """The stream itself, frame by frame, answering at the last frame  (Hedegaard 2022, sec. 3.8).

    Each batch norm sees T times as many batches as in clips of T frames, so that its momentum is
    2 / (1 + T (2/m - 1)). What reaches it before its layers are warm is not tracked.
    """

    network: StreamNetwork
    frames: int
    at: Mapping[str, Timing]
    kind: Kind = "stepwise"

    def __post_init__(self) -> None:
        assert self.network.graph.clip is not None
        self.clip_frames = int(self.network.graph.clip.source.time)
        # behind a layer that remembers for ever none is warm: there every frame is tracked
        fields = {name: at.receptive_field for name, at in self.at.items()}
        self.norms = [
            (layer, fields[name] - 1 if isinstance(fields[name], int) else 0)
            for name, layer in self.network.layers.items()
            if isinstance(layer, BatchNormLayer)
        ]

    def logits(self, clips: Tensor) -> Tensor:
        """The answer at the last frame; in evaluation that of the whole clip, which equals it."""
        if not self.network.training:
            answers: Tensor = self.network(clips)
            return over_places(answers)[..., -1]
        momenta = [layer.momentum for layer, _ in self.norms]
        # every batch is of new videos: nothing is carried over from the last one
        state: StreamState = self.network.initial_state(len(clips), clips)
        answer: Tensor | None = None
        try:
            for step, frame in enumerate(clips.unbind(2)):
                self._track(step, momenta)
                answer, state = self.network.step(frame, state)
        finally:
            for (layer, _), momentum in zip(self.norms, momenta, strict=True):
                layer.momentum = momentum
        assert answer is not None
        return over_places(answer)

    def _track(self, step: int, momenta: list[float]) -> None:
        for (layer, warm), momentum in zip(self.norms, momenta, strict=True):
            # momentum 0 leaves running statistics as they are
            layer.momentum = step_momentum(momentum, self.clip_frames) if step >= warm else 0.0


def step_momentum(momentum: float, frames: int) -> float:
    """The momentum of statistics taken frame by frame that equals one of clips: 2 / (1 + T (2/m - 1))."""
    return 2 / (1 + frames * (2 / momentum - 1)) if momentum else 0.0


def form_of(graph: Graph, kind: Kind, reading: Reading | None = None) -> Form:
    """A network with fresh weights, in one of the forms.

    Args:
        graph: the clip network, or what `continual` makes of it.
        kind: `clip` and `unpadded` run whole clips, `stepwise` runs frame by frame.
        reading: which answers count where it gives several.

    Raises:
        OptionError: the answers that count are not there.
        TransformError: it has no stream, or cannot run without padding in time.
    """
    reading = reading or Reading()
    form = FORMS[kind](graph, reading)
    form.network.checks_values = False  # the loss is checked instead
    return form


def _clip_form(graph: Graph, reading: Reading) -> Form:
    clip = reading.fed(graph if graph.clip is None else graph.clip)
    network = emit(clip)
    assert isinstance(network, ClipNetwork)
    return ClipForm(network, int(clip.source.time), reading.reader(clip))


def _step_form(graph: Graph, reading: Reading) -> Form:
    stream = graph if graph.is_stream else continual(graph)
    network = emit(stream)
    assert isinstance(network, StreamNetwork)
    return StepForm(network, _seen(stream, reading), dict(timing(stream)))


def _unpadded_form(graph: Graph, reading: Reading) -> Form:
    """What `--unpad` makes of the clip network, on the frames that an answer sees; the last one counts."""
    stream = graph if graph.is_stream else continual(graph)
    assert stream.clip is not None
    if any(stream.windows[name].span for name in excitation_pools(stream.clip)):
        raise TransformError("--unpadded: squeeze-excite over the clip sees padding; give --excite frame")
    clip = Unpad()(as_long(stream.clip, _seen(stream, reading)))
    network = emit(clip)
    assert isinstance(network, ClipNetwork)
    return ClipForm(network, int(clip.source.time), Reading(LAST).reader(clip), "unpadded")


FORMS: Mapping[Kind, Callable[[Graph, Reading], Form]] = {
    "clip": _clip_form,
    "unpadded": _unpadded_form,
    "stepwise": _step_form,
}


def _seen(stream: Graph, reading: Reading) -> int:
    """Exactly the frames that one answer sees: fewer would have no answer, more would not change it."""
    assert stream.clip is not None
    frames = warm_frames(stream)
    # never warm, so any length will do: that of the clips which the network was made for
    return max(frames, int(reading.fed(stream.clip).source.time)) if remembers(stream) else frames


def as_long(clip: Graph, frames: int) -> Graph:
    """A clip network fed so many frames, or a few more where its branches want an even number.

    Raises:
        TransformError: none of the next numbers fits either.
    """
    for more in range(MOST_MORE):
        try:
            return Editor(clip).graph(source=clip.source.with_time(frames + more))
        except ShapeError:
            continue
    most = frames + MOST_MORE - 1
    raise TransformError(f"--unpadded: no clip of {frames} to {most} frames fits its branches")


def warm_frames(stream: Graph) -> int:
    """The frames of a new stream up to its first answer that depends on nothing ahead of them.

    The receptive field, and with strides in time a few more: a stream answers at its own phase alone. Where
    a layer remembers for ever, the frames up to the first answer.
    """
    at = timing(stream)[stream.output]
    return int(at.delay) + first_frames(stream)[stream.output] * at.jump + 1


def remembers(stream: Graph) -> bool:
    """Whether a layer remembers for ever, so that the stream is never warm."""
    return bool(timing(stream)[stream.output].receptive_field == inf)
