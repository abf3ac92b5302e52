"""The accuracy of a trained network frame by frame: after few frames, with longer pools, through noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate as metric
from costmodel.analysis.temporal import excitation_pools, is_whole_clip
from costmodel.emit import StreamNetwork, emit
from costmodel.errors import OptionError
from costmodel.graph import Graph
from costmodel.transforms.continual import Continual
from search.data import Data, Videos
from search.data.first import first_of
from search.data.views import Numbers, View, batches, centre_clips
from search.train.answers import over_places
from search.train.checkpoint import WeightsPath, load_weights
from search.train.fit import EVALUATED_AT_ONCE, as_wide, must_fit, view_of
from search.train.forms import warm_frames
from search.train.metrics import probabilities, standard_error, top

INITS = ("zeros", "replicate")
TENTHS = 10
ERASED = (0, 20, 40, 60, 80, 90)
MOST_POINTS = 40

Row = dict[str, float]


def most_frames(graph: Graph) -> int:
    """The frames of the longest trial of a stream: a little more than it needs to be warm.

    Where a layer remembers for ever, so that it is never warm: twice the frames of its clips.
    """
    steady, delay = _steady(graph), int(metric(Figures(graph), "delay"))
    if steady is None:
        assert graph.clip is not None
        return max(2 * int(graph.clip.source.time), delay + 1)
    # a quarter beyond the warm-up, where the curve must be flat
    return max(delay + 1, steady + max((steady - delay - 1) // 4, 2))


def _steady(graph: Graph) -> int | None:
    """Frames after which no answer depends on what stood ahead of the first; None where all do."""
    field = metric(Figures(graph), "receptive_field")
    return None if field == inf else int(field)


@dataclass
class Streamed:
    """A trained network run frame by frame on the validation videos of a data set.

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
    weights: WeightsPath
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
    def tried(self) -> Data:
        """The data, of whose validation part no more is looked at than the stream was tried on."""
        if self.number == len(self.videos.labels):
            return self.data
        return replace(self.data, validation=first_of(self.videos, self.number))

    @property
    def labels(self) -> Numbers:
        """Their labels."""
        return self.videos.labels[: self.number]

    @cached_property
    def delay(self) -> int:
        """Frames before the first answer, as computed."""
        return int(metric(Figures(self.graph), "delay"))

    @cached_property
    def steady(self) -> int | None:
        """The receptive field: frames after which no answer depends on the initial state; None if all do."""
        return _steady(self.graph)

    @property
    def warmup(self) -> int | None:
        """Frames before the first answer that does not depend on the initial state; None where all do."""
        return None if self.steady is None else self.steady - 1

    def frames_seen(self, most: int | None = None) -> tuple[int, ...]:
        """About 40 numbers of frames to try: from the first answer to a little beyond the warm-up."""
        first, last = self.delay + 1, most_frames(self.graph) if most is None else most
        points = np.linspace(first, last, min(last - first + 1, MOST_POINTS)).round().astype(int)
        # evenly spaced numbers may step over the two where the answers change most
        marks = [p for p in (first, self.steady) if p is not None and p <= last]
        return tuple(int(point) for point in np.unique(np.append(points, marks)))

    def span(self, frames: int) -> int:
        """Camera frames that a clip of so many network frames spans, both ends included."""
        return view_of(self.graph, frames).span

    def looped(self, frames: int) -> int:
        """How many videos are shorter than so many network frames, and are looped to fill them."""
        return int((self.videos.lengths[: self.number] < self.span(frames)).sum())

    def row(self, frames: int, inits: Sequence[str] = INITS) -> Row:
        """The accuracy after so many frames, with its standard error, for each initialisation."""
        (found,) = self.transient(inits, (frames,))
        return found

    def after(self, frames: int, init: str) -> float:
        """The accuracy of the answer to the last of `frames` frames from the middle of each video.

        Temporal centre crops of T_init + 1 frames  (Hedegaard 2022, sec. 4.2).
        """
        (found,) = self._after_each((frames,), init)
        return found

    def transient(self, inits: Sequence[str] = INITS, frames: Sequence[int] | None = None) -> Iterator[Row]:
        """A row for each number of frames seen, as they come  (Hedegaard 2022, Fig. 5)."""
        for group in self._side_by_side(self.frames_seen() if frames is None else frames):
            found = [self._after_each(group, init) for init in inits]
            for number, *accuracies in zip(group, *found, strict=True):
                row: Row = {"frames": number}
                for init, accuracy in zip(inits, accuracies, strict=True):
                    row |= {init: accuracy, f"{init}_error": standard_error(accuracy, self.number)}
                yield row | {"looped": self.looped(number)}

    @property
    def answers_videos(self) -> bool:
        """Whether the shortest video is long enough for an answer without looping it."""
        return self.frames_of_videos() > self.delay

    def by_tenth(self) -> list[Row]:
        """The accuracy in each tenth of the videos, its answers averaged  (Kopuklu 2022, Fig. 7a).

        Tenths that end before the first answer are left out; none is left where no whole video is answered.
        """
        if not self.answers_videos:
            return []
        steps, scores = self.answers()
        # answers, not frames, are shared out: the first comes after the delay, the next ones at the stride
        tenth = TENTHS * steps // self.frames_of_videos()
        return [
            {"tenth": int(number) + 1} | self._right(scores[:, :, tenth == number], "accuracy")
            for number in np.unique(tenth)
        ]

    def answers(self) -> tuple[Numbers, NDArray[np.float32]]:
        """The frames of the videos, from 0, that it answers, and its scores (videos, classes, answers)."""
        end = self.network.program
        return end.delay + end.jump * np.arange(self._untouched.shape[2]), self._untouched

    def erased(self, percents: Sequence[int] | None = None) -> list[Row]:
        """The accuracy with the middle of the videos replaced by noise  (Kopuklu 2022, Fig. 7b)."""
        if not self.answers_videos:
            return []
        percents = ERASED if percents is None else percents
        found = {0: self._untouched} if 0 in percents else {}
        for group in self._side_by_side([percent for percent in percents if percent]):
            found |= zip(group, self._whole_videos(group), strict=True)
        return [
            {"erased": percent}
            | self._right(found[percent][:, :, -1:], "last")
            | self._right(found[percent], "mean")
            for percent in percents
        ]

    def _side_by_side(self, trials: Sequence[int]) -> Iterator[Sequence[int]]:
        """Trials that run in one batch: a step of few small maps takes as long as one of many."""
        together = max(EVALUATED_AT_ONCE // max(self.number, 1), 1)
        return (trials[start : start + together] for start in range(0, len(trials), together))

    def _clips(self, view: View) -> Iterator[Tensor]:
        for index in batches(self.number, EVALUATED_AT_ONCE):
            clips = centre_clips(self.videos, index, view, device=self.device)
            yield as_wide(clips, self.graph)

    def _after_each(self, numbers: Sequence[int], init: str) -> list[float]:
        self.network.init = init
        clips = zip(*(self._clips(view_of(self.graph, number)) for number in numbers), strict=True)
        answers = zip(*map(self._last, clips), strict=True)
        return [top(torch.cat(each).cpu().numpy(), self.labels) for each in answers]

    @torch.no_grad()
    def _last(self, clips: Sequence[Tensor]) -> list[Tensor]:
        """The answer to the last frame of each of several batches of clips, which run side by side.

        A clip as long as the receptive field is answered at once.
        """
        warm = inf if self.steady is None else warm_frames(self.network.graph)
        found: dict[int, Tensor] = {
            place: self.network(each) for place, each in enumerate(clips) if each.shape[2] >= warm
        }
        found = {place: over_places(each)[..., -1] for place, each in found.items()}
        rest = [place for place in range(len(clips)) if place not in found]
        found |= self._step_by_step({place: clips[place] for place in rest})
        return [found[place] for place in range(len(clips))]

    def _step_by_step(self, clips: Mapping[int, Tensor]) -> dict[int, Tensor]:
        # The longest first: those that have ended are the last of the batch.
        running = sorted(clips.items(), key=lambda item: -item[1].shape[2])
        answers = dict[int, Tensor]()
        self.network.reset()
        for number in range(max((each.shape[2] for each in clips.values()), default=0)):
            going_on = [item for item in running if item[1].shape[2] > number]
            if len(going_on) < len(running):
                batch = sum(len(each) for _, each in going_on)
                self.network.set_state(self.network.get_state().first(batch))
            running = going_on
            answer = self.network.forward_step(torch.cat([each[:, :, number] for _, each in running]))
            if answer is not None:  # a stride in time skips frames
                parts = torch.split(answer, [len(each) for _, each in running])
                answers |= zip((place for place, _ in running), parts, strict=True)
        for place, each in clips.items():
            if place not in answers:
                raise OptionError(
                    f"{each.shape[2]} frames: the stream has no answer yet, expected {self.delay + 1} or more"
                )
        return {place: over_places(answer) for place, answer in answers.items()}

    @cached_property
    def _untouched(self) -> NDArray[np.float32]:
        """The scores along the videos as they are; two tables need them."""
        (scores,) = self._whole_videos((0,))
        return scores

    @torch.no_grad()
    def _whole_videos(self, percents: Sequence[int]) -> list[NDArray[np.float32]]:
        """Softmax scores (videos, classes, answers) along the videos, of each the middle percents noise."""
        # the same noise for every network, so that their accuracies differ by the networks alone
        generators = [torch.Generator().manual_seed(0) for _ in percents]
        frames, several = self.frames_of_videos(), self.labels.ndim == 2
        found: list[list[NDArray[np.float32]]] = [[] for _ in percents]
        self.network.init = "zeros"
        for clips in self._clips(view_of(self.graph, frames)):
            noisy = [_noisy(clips, *each) for each in zip(percents, generators, strict=True)]
            self.network.reset()
            scores, _ = self.network.forward_steps(torch.cat(noisy))
            shares = probabilities(over_places(scores), several).cpu().numpy()
            for each, of in zip(np.split(shares, len(percents)), found, strict=True):
                of.append(each)
        return [np.concatenate(each) for each in found]

    def frames_of_videos(self) -> int:
        """How many frames a stream sees of the shortest video."""
        length = int(self.videos.lengths[: self.number].min())
        # the shortest, so that no video is looped and all are answered equally often
        return int((length - 1) / view_of(self.graph, 1).every) + 1

    def _right(self, scores: NDArray[np.float32], name: str) -> Row:
        """The accuracy of answers averaged, under a name, and its standard error."""
        accuracy = top(scores.mean(2), self.labels)
        return {name: accuracy, f"{name}_error": standard_error(accuracy, self.number)}


def _noisy(clips: Tensor, percent: int, generator: torch.Generator) -> Tensor:
    """Clips of whose frames the middle percents are noise."""
    erased = round(clips.shape[2] * percent / 100)
    start = (clips.shape[2] - erased) // 2
    clips = clips.clone()  # grey clips share one plane among their channels
    noise = torch.randn(clips[:, :, start : start + erased].shape, generator=generator)
    clips[:, :, start : start + erased] = noise.to(clips.device)
    return clips


def with_pools(
    clip: Graph,
    options: Continual,
    pools: Sequence[int],
    weights: WeightsPath,
    data: Data,
    limit: int | None = None,
) -> list[Row]:
    """Accuracy and cost in the steady state with longer last pools  (Hedegaard 2022, Table 3).

    No rows where no pool covers the clip.
    """
    if not any(is_whole_clip(clip, node) for node in clip.nodes if node.name not in excitation_pools(clip)):
        return []
    rows = []
    for pool in pools:
        graph = replace(options, pool=pool)(clip)
        streamed = Streamed(graph, weights, data, limit)
        assert streamed.steady is not None
        seen = streamed.row(warm_frames(streamed.network.graph), ("zeros",))
        rows.append(
            {
                "pool": pool,
                "accuracy": seen["zeros"],
                "accuracy_error": seen["zeros_error"],
                "macs_per_frame": float(metric(Figures(graph), "macs_per_frame")),
                "receptive_field": streamed.steady,
                "looped": seen["looped"],
            }
        )
    return rows


def _running(graph: Graph, weights: WeightsPath, device: str) -> StreamNetwork:
    network = emit(graph)
    assert isinstance(network, StreamNetwork)
    load_weights(network, weights)
    network.checks_values = False
    return network.to(torch.device(device)).eval()
