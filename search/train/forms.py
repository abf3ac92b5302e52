"""The three ways to run a clip in training: padded in time, without padding in time, or frame by frame."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal

from torch import Tensor

from costmodel.analysis.temporal import Timing, timing
from costmodel.emit import ClipNetwork, Network, StreamNetwork, StreamState, emit
from costmodel.emit.modules.pointwise import BatchNormLayer
from costmodel.graph import Graph
from costmodel.transforms.continual import continual
from search.train.answers import Reader, Reading, over_places

Kind = Literal["clip", "unpadded", "stepwise"]


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
    """The clip network with its padding in time, as its paper trains it."""

    network: ClipNetwork
    frames: int
    reader: Reader
    kind: Kind = "clip"

    def logits(self, clips: Tensor) -> Tensor:
        """The answer to the clip."""
        return self.reader(self.network(clips))


@dataclass
class UnpaddedForm(Form):
    """The clip network without padding in time, so that it equals its stream  (Hedegaard 2022, sec. 3.8)."""

    network: StreamNetwork
    frames: int
    kind: Kind = "unpadded"

    def logits(self, clips: Tensor) -> Tensor:
        """The last answer to the frames of the clip."""
        answer: Tensor = self.network(clips)
        return over_places(answer)[..., -1]


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
            return UnpaddedForm(self.network, self.frames).logits(clips)
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
        TransformError: it cannot run without padding in time.
    """
    reading = reading or Reading()
    form = _clip_form(graph, reading) if kind == "clip" else _stream_form(graph, kind, reading)
    form.network.checks_values = False  # the loss is checked instead
    return form


def _clip_form(graph: Graph, reading: Reading) -> Form:
    clip = reading.fed(graph if graph.clip is None else graph.clip)
    network = emit(clip)
    assert isinstance(network, ClipNetwork)
    return ClipForm(network, int(clip.source.time), reading.reader(clip))


def _stream_form(graph: Graph, kind: Kind, reading: Reading) -> Form:
    stream = graph if graph.is_stream else continual(graph)
    assert stream.clip is not None
    network = emit(stream)
    assert isinstance(network, StreamNetwork)
    # exactly what one answer sees: fewer frames would have no answer, more would not change it
    frames = warm_frames(network)
    if remembers(stream):
        # never warm, so any length will do: that of the clips which the network was made for
        frames = max(frames, int(reading.fed(stream.clip).source.time))
    at = dict(timing(stream))
    return UnpaddedForm(network, frames) if kind == "unpadded" else StepForm(network, frames, at)


def warm_frames(network: StreamNetwork) -> int:
    """The frames of a new stream up to its first answer that depends on nothing ahead of them.

    The receptive field, and with strides in time a few more: a stream answers at its own phase alone. Where
    a layer remembers for ever, the frames up to the first answer.
    """
    end = network.graph.output
    at = timing(network.graph)[end]
    return int(at.delay) + network.first_output(end) * at.jump + 1


def remembers(stream: Graph) -> bool:
    """Whether a layer remembers for ever, so that the stream is never warm."""
    return bool(timing(stream)[stream.output].receptive_field == inf)
