"""How accurate a trained network is on clips: over several views of each video, averaged or the best one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate as metric
from costmodel.errors import OptionError
from costmodel.graph import Graph
from search.data import Data, Videos
from search.data.views import TEST_SCALE, Numbers, View, batches, clips_at, evaluated_times, positions
from search.train.checkpoint import WeightsPath, load_weights
from search.train.fit import EVALUATED_AT_ONCE, as_wide, must_fit, reading_of, view_of
from search.train.forms import Form, form_of
from search.train.metrics import (
    ClassRow,
    Scores,
    mean_average_precision,
    per_class,
    probabilities,
    standard_error,
    top,
)
from search.train.sampled import ActiveBins, active_bins_of

Along = Literal["even", "all", "sliding"]
Combine = Literal["mean", "max"]


@dataclass(frozen=True)
class Views:
    """Which clips of each video are looked at, as one centre crop or as three across the longer side.

    Args:
        clips: how many, evenly over time; what `along` says where it is not `even`.
        crops: 1 or 3.
        along: `even`, `all` clips that do not overlap, or one at every frame of the network (`sliding`).
        combine: whether the scores of a video's views are averaged, or the highest counts for each class.
    """

    clips: int = 1
    crops: int = 1
    along: Along = "even"
    combine: Combine = "mean"

    def starts(self, view: View, length: int) -> Numbers:
        """The frames of a video of `length` frames at which its clips start."""
        free = max(length - view.span, 0)
        if self.along == "even":
            at = np.array([float(place) for place in positions(self.clips)])
            # not numpy.round, which takes halves to the even number: spaces between clips would differ
            return np.floor(free * at + 0.5).astype(np.int64)
        # kept a fraction: were it rounded, later clips would start ever further from where they belong
        step = view.frames * view.every if self.along == "all" else view.every
        return np.array([int(number * step) for number in range(int(free / step) + 1)])


@dataclass(frozen=True)
class ClipAccuracy:
    """The scores of a network over the views of each video, and the accuracy that they amount to.

    Args:
        scores: from 0 to 1 (videos, classes), over the views of each video.
        data: whose validation part it was tried on.
        views: as asked for.
        view: what one run of the network looks at.
        number: views of a video, on average.
        macs_per_view: multiply-adds of one run; of a sampled network the mean over the runs, each at its own
            number of active bins.
        sampled: the active bins of each run, of a network that leaves their number to its clips.
    """

    scores: Scores = field(repr=False)
    data: Data = field(repr=False)
    views: Views
    view: View
    number: float
    macs_per_view: int
    sampled: ActiveBins | None = None

    @property
    def accuracy(self) -> float:
        """The share of videos whose highest score is of their label, or of one of their labels."""
        return top(self.scores, self.data.validation.labels)

    @property
    def error(self) -> float:
        """The standard error of the accuracy."""
        return standard_error(self.accuracy, len(self.scores))

    @property
    def macs(self) -> int:
        """Multiply-adds for a video, on average."""
        return round(self.macs_per_view * self.number)

    @property
    def looped(self) -> int:
        """How many videos are shorter than a clip, and are looped to fill it."""
        return int((self.data.validation.lengths < self.view.span).sum())

    def metrics(self) -> dict[str, float]:
        """Top-1 and top-5 accuracy with standard errors, and where a video has several labels their mAP."""
        labels = self.data.validation.labels
        found = {"accuracy": self.accuracy, "accuracy_error": self.error}
        # among five classes or fewer the top five always hold the right one
        if self.scores.shape[1] > 5:
            found["top5"] = top(self.scores, labels, 5)
            found["top5_error"] = standard_error(found["top5"], len(labels))
        if labels.ndim == 2:
            found["mean_average_precision"] = mean_average_precision(self.scores, labels)
        return found

    def by_class(self) -> list[ClassRow]:
        """For each class the number of its videos, recall, precision and average precision."""
        return per_class(self.scores, self.data.validation.labels, self.data.classes)


def views_of(text: str, combine: Combine = "mean") -> Views:
    """The views that `10x3`, `10`, `all`, `allx3` or `sliding` names.

    Raises:
        OptionError: it has another form.
    """
    clips, _, crops = text.partition("x")
    along: Along = "even"
    if clips == "all" or clips == "sliding":
        clips, along = "1", clips  # type: ignore[assignment]
    if not clips.isdecimal() or int(clips) < 1 or crops not in ("", "1", "3"):
        raise OptionError(
            f"--views: {text!r}, expected KxC such as 10x1 or 10x3, C being 1 or 3 crops, "
            "or `all` or `sliding` in place of K"
        )
    return Views(int(clips), int(crops or 1), along, combine)


def at_test_crop(graph: Graph, crops: int) -> Graph:
    """The network at the size of its test crops: of three, each is the whole shorter side, 128 for 112."""
    if crops == 1:
        return graph
    height, width = (int(size * TEST_SCALE) for size in (graph.source.height, graph.source.width))
    return replace(graph, source=graph.source._replace(height=height, width=width))


def on_clips(
    graph: Graph, weights: WeightsPath, data: Data, views: Views, device: str = "cpu"
) -> ClipAccuracy:
    """The accuracy of a clip network: K-Center or K-LeftCenterRight clips  (Feichtenhofer 2020, sec. 4).

    With `sliding` views, as Kopuklu 2022, sec. 3.3 "Recognition" has it for fc heads.

    Raises:
        DataError: the weights or the data do not fit the network.
    """
    graph = at_test_crop(graph, views.crops)
    must_fit(graph, data)
    form = form_of(graph, "clip", reading_of(weights))
    load_weights(form.network, weights)
    form.network.to(torch.device(device))
    return accuracy_of(form, data, views, device)


def accuracy_of(form: Form, data: Data, views: Views, device: str = "cpu") -> ClipAccuracy:
    """The accuracy of a clip network with the weights that it has."""
    ran: list[Numbers] = []
    with form.network.active_bins() as bins:
        scores, number = view_scores(form, data.validation, views, device, ran.append)
    graph = form.network.graph
    found = active_bins_of(graph, bins, np.concatenate(ran)) if bins else None
    macs = int(metric(Figures(graph), "macs_per_clip")) if found is None else found.mean_macs
    return ClipAccuracy(scores, data, views, view_of(graph, form.frames), number, macs, found)


@torch.no_grad()
def view_scores(
    form: Form,
    videos: Videos,
    views: Views,
    device: str = "cpu",
    told: Callable[[Numbers], object] = lambda videos: None,
) -> tuple[Scores, float]:
    """Scores from 0 to 1 (videos, classes) over the views of each video, and how many views that were.

    Args:
        form: the network.
        videos: what it is tried on.
        views: which clips of each.
        device: where it runs.
        told: called with the videos of each batch of clips that ran.
    """
    graph = form.network.eval().graph
    view = view_of(graph, form.frames)
    index, starts = _clips_of(videos, views, view)
    found: NDArray[np.float64] = np.zeros((len(videos.labels), int(graph.types[graph.output].channels)))
    for rows in batches(len(index), EVALUATED_AT_ONCE):
        mine = index[rows]
        # batches are of clips, so the clips of one video may lie in two of them
        times = evaluated_times(videos, mine, view, starts[rows])
        for across, scale in _crops(views):
            clips = clips_at(videos, mine, times, view, across=across, scale=scale, device=device)
            logits = form.logits(as_wide(clips, graph))
            told(mine)
            scores = probabilities(logits, videos.labels.ndim == 2).double().cpu().numpy()
            # `ufunc.at`, since found[mine] += scores adds only one of several views of a video in a batch;
            # scores are 0 or more, so that a maximum can begin at 0 as a sum does
            (np.add if views.combine == "mean" else np.maximum).at(found, mine, scores)
    number = np.bincount(index, minlength=len(found)) * views.crops
    mean = found / number[:, None] if views.combine == "mean" else found
    return mean.astype(np.float32), float(number.mean())


def _clips_of(videos: Videos, views: Views, view: View) -> tuple[Numbers, Numbers]:
    """The video of every clip, and the frame that it starts at."""
    starts = [views.starts(view, int(length)) for length in videos.lengths]
    index = np.repeat(np.arange(len(starts)), [len(each) for each in starts])
    return index, np.concatenate(starts)


def _crops(views: Views) -> Iterator[tuple[Fraction, Fraction]]:
    """For each crop where it stands across the longer side, and the scale of the shorter one."""
    scale = TEST_SCALE if views.crops == 1 else Fraction(1)
    for across in positions(views.crops):
        yield across, scale
