"""How a network sees clips in training: whole and padded, without padding in time, or frame by frame."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from costmodel.analysis.temporal import Timing, timing
from costmodel.emit import ClipNetwork, Network, StreamNetwork, StreamState, emit
from costmodel.emit.modules.pointwise import BatchNormLayer
from costmodel.errors import OptionError
from costmodel.graph import Graph
from costmodel.transforms.continual import continual

Kind = Literal["clip", "unpadded", "stepwise"]


class Form(ABC):
    """A network and how it answers clips of `frames` frames."""

    kind: Kind
    network: Network
    frames: int

    @abstractmethod
    def logits(self, clips: Tensor) -> Tensor:
        """What the network answers (clips, classes) to clips (clips, channels, time, height, width)."""


@dataclass
class ClipForm(Form):
    """The clip network, padded in time."""

    network: ClipNetwork
    frames: int
    kind: Kind = "clip"

    def logits(self, clips: Tensor) -> Tensor:
        """The answer to the clip."""
        answer: Tensor = self.network(clips)
        return answer


@dataclass
class UnpaddedForm(Form):
    """The clip network without padding in time, so that it equals its stream  (Hedegaard 2022, sec. 3.8)."""

    network: StreamNetwork
    frames: int
    kind: Kind = "unpadded"

    def logits(self, clips: Tensor) -> Tensor:
        """The last answer to the frames of the clip."""
        answer: Tensor = self.network(clips)
        return answer[..., -1] if answer.dim() == 3 else answer


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
        self.norms = [
            (layer, int(self.at[name].receptive_field) - 1)
            for name, layer in self.network.layers.items()
            if isinstance(layer, BatchNormLayer)
        ]

    def logits(self, clips: Tensor) -> Tensor:
        """The answer at the last frame; in evaluation that of the whole clip, which equals it."""
        if not self.network.training:
            return UnpaddedForm(self.network, self.frames).logits(clips)
        momenta = [layer.momentum for layer, _ in self.norms]
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
        return answer

    def _track(self, step: int, momenta: list[float]) -> None:
        for (layer, warm), momentum in zip(self.norms, momenta, strict=True):
            layer.momentum = step_momentum(momentum, self.clip_frames) if step >= warm else 0.0


def step_momentum(momentum: float, frames: int) -> float:
    """The momentum of statistics taken frame by frame that equals one of clips: 2 / (1 + T (2/m - 1))."""
    return 2 / (1 + frames * (2 / momentum - 1)) if momentum else 0.0


def form_of(graph: Graph, kind: Kind) -> Form:
    """A network with fresh weights, in one of the forms.

    Args:
        graph: the clip network, or what `continual` makes of it.
        kind: `clip` and `unpadded` run whole clips, `stepwise` runs frame by frame.

    Raises:
        OptionError: the network does not answer with one score for each class.
        TransformError: it cannot run without padding in time.
    """
    end = graph.types[graph.output]
    if end.positions != 1:
        raise OptionError(
            f"{graph.name}: answers a map of {end}, expected one score for each class to train on"
        )
    if kind == "clip":
        clip = graph if graph.clip is None else graph.clip
        network = emit(clip)
        assert isinstance(network, ClipNetwork)
        form: Form = ClipForm(network, int(clip.source.time))
    else:
        stream = graph if graph.is_stream else continual(graph)
        at = dict(timing(stream))
        last = at[stream.output]
        frames = last.receptive_field
        if not isinstance(frames, int):
            raise OptionError(f"{graph.name}: its receptive field is unbounded; train it as a clip")
        running = emit(stream)
        assert isinstance(running, StreamNetwork)
        form = UnpaddedForm(running, frames) if kind == "unpadded" else StepForm(running, frames, at)
    form.network.checks_values = False  # the loss is checked instead
    return form
