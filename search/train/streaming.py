"""How well a trained network does frame by frame: after few frames, with longer pools, through noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate as metric
from costmodel.emit import StreamNetwork, emit
from costmodel.errors import OptionError
from costmodel.graph import Graph
from costmodel.transforms.continual import Continual
from search.data import Data, Videos, View, batches, centre_clips
from search.data.views import Numbers
from search.train.checkpoint import load_weights
from search.train.fit import EVALUATED_AT_ONCE, as_wide, must_fit, view_of

INITS = ("zeros", "replicate")
TENTHS = 10
ERASED = (0, 20, 40, 60, 80, 90)
MOST_POINTS = 40

Row = dict[str, float]


@dataclass(frozen=True)
class Seen:
    """The accuracy after so many frames of a video, by what stood ahead of the first."""

    frames: int
    accuracy: dict[str, float]


@dataclass
class Streamed:
    """A trained network that runs frame by frame, and the videos that it is tried on.

    Args:
        graph: what `continual` made of the clip network.
        weights: a file of the clip network's weights.
        data: whose validation part is looked at.
        limit: how many of its videos, all if None.
        device: where it runs.

    Raises:
        DataError: the weights or the data do not fit.
    """

    graph: Graph
    weights: Path
    data: Data
    limit: int | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        must_fit(self.graph, self.data)
        self.network = _running(self.graph, self.weights, self.device)
        number = len(self.videos.labels)
        self.number = number if self.limit is None else min(self.limit, number)

    @property
    def videos(self) -> Videos:
        """The videos that it is tried on."""
        return self.data.validation

    @property
    def labels(self) -> Numbers:
        """Their labels."""
        return self.videos.labels[: self.number]

    @cached_property
    def figures(self) -> dict[str, int]:
        """Delay, warm-up and receptive field, as computed."""
        figures = Figures(self.graph)
        return {name: int(metric(figures, name)) for name in ("delay", "warmup", "receptive_field")}

    def frames_seen(self, most: int | None = None) -> tuple[int, ...]:
        """Numbers of frames to try, about 40: from the first answer to a little beyond the warm-up."""
        first, steady = self.figures["delay"] + 1, self.figures["warmup"] + 1
        last = max(first, steady + max((steady - first) // 4, 2)) if most is None else most
        points = np.linspace(first, last, min(last - first + 1, MOST_POINTS)).round().astype(int)
        return tuple(
            int(point) for point in np.unique(np.append(points, [p for p in (first, steady) if p <= last]))
        )

    def after(self, frames: int, init: str) -> float:
        """The accuracy of the answer to the last of `frames` frames from the middle of each video.

        Temporal centre crops of T_init + 1 frames  (Hedegaard 2022, sec. 4.2).
        """
        self.network.init = init
        view = view_of(self.graph, frames)
        return self._accuracy(self._last(clips) for clips in self._clips(view))

    def transient(self, inits: Sequence[str] = INITS, frames: Sequence[int] | None = None) -> list[Seen]:
        """The accuracy against the frames seen  (Hedegaard 2022, Fig. 5)."""
        return [
            Seen(number, {init: self.after(number, init) for init in inits})
            for number in (self.frames_seen() if frames is None else frames)
        ]

    def by_tenth(self) -> list[Row]:
        """The accuracy in each tenth of the videos, its answers averaged  (Kopuklu 2022, Fig. 7a).

        Tenths that end before the first answer are left out.
        """
        scores = self._whole_videos(0)
        end = self.network.program
        steps = end.delay + end.jump * np.arange(scores.shape[2])
        tenth = TENTHS * steps // self._frames_of_videos()
        return [
            {"tenth": int(number) + 1, "accuracy": self._right(scores[:, :, tenth == number])}
            for number in np.unique(tenth)
        ]

    def erased(self, percents: Sequence[int] = ERASED) -> list[Row]:
        """The accuracy with the middle of the videos replaced by noise  (Kopuklu 2022, Fig. 7b)."""
        rows = []
        for percent in percents:
            scores = self._whole_videos(percent)
            rows.append(
                {"erased": percent, "last": self._right(scores[:, :, -1:]), "mean": self._right(scores)}
            )
        return rows

    def _clips(self, view: View) -> Iterator[Tensor]:
        for index in batches(self.number, EVALUATED_AT_ONCE):
            clips = centre_clips(self.videos, index, view, device=self.device)
            yield as_wide(clips, self.graph)

    @torch.no_grad()
    def _last(self, clips: Tensor) -> Tensor:
        """The answer to the last frame; a clip as long as the receptive field is answered at once."""
        steady = self.figures["receptive_field"]
        if clips.shape[2] >= steady:
            whole: Tensor = self.network(clips[:, :, -steady:])
            return whole[..., -1] if whole.dim() == 3 else whole
        self.network.reset()
        answer = None
        for frame in clips.unbind(2):
            answer = self.network.forward_step(frame)
        if answer is None:
            first = self.figures["delay"] + 1
            raise OptionError(
                f"{clips.shape[2]} frames: the stream has no answer yet, expected {first} or more"
            )
        return answer

    @torch.no_grad()
    def _whole_videos(self, percent: int) -> NDArray[np.float32]:
        """Softmax scores (videos, classes, answers) along the videos, the middle `percent` noise."""
        generator = torch.Generator().manual_seed(0)
        frames, needed = self._frames_of_videos(), self.figures["delay"] + 1
        if frames < needed:
            raise OptionError(f"videos of {frames} frames: shorter than the delay, expected {needed} or more")
        erased = round(frames * percent / 100)
        start = (frames - erased) // 2
        found = []
        self.network.init = "zeros"
        for clips in self._clips(view_of(self.graph, frames)):
            noise = torch.randn(clips[:, :, start : start + erased].shape, generator=generator)
            clips[:, :, start : start + erased] = noise.to(clips.device)
            self.network.reset()
            scores, _ = self.network.forward_steps(clips)
            found.append(scores.softmax(1).cpu().numpy())
        return np.concatenate(found)

    def _frames_of_videos(self) -> int:
        """How many frames a stream sees of the shortest video."""
        length = int(self.videos.lengths[: self.number].min())
        return int((length - 1) / view_of(self.graph, 1).every) + 1

    def _accuracy(self, answers: Iterator[Tensor]) -> float:
        chosen = torch.cat([answer.argmax(1) for answer in answers]).cpu().numpy()
        return float((chosen == self.labels).mean())

    def _right(self, scores: NDArray[np.float32]) -> float:
        return float((scores.mean(2).argmax(1) == self.labels).mean())


def with_pools(
    clip: Graph, options: Continual, pools: Sequence[int], weights: Path, data: Data, limit: int | None = None
) -> list[Row]:
    """Accuracy and cost in the steady state with longer last pools  (Hedegaard 2022, Table 3)."""
    rows = []
    for pool in pools:
        graph = Continual(pool, options.state, options.excite)(clip)
        streamed = Streamed(graph, weights, data, limit)
        field = streamed.figures["receptive_field"]
        rows.append(
            {
                "pool": pool,
                "accuracy": streamed.after(field, "zeros"),
                "macs_per_frame": float(metric(Figures(graph), "macs_per_frame")),
                "receptive_field": field,
            }
        )
    return rows


def _running(graph: Graph, weights: Path, device: str) -> StreamNetwork:
    network = emit(graph)
    assert isinstance(network, StreamNetwork)
    load_weights(network, weights)
    network.checks_values = False
    return network.to(torch.device(device)).eval()
