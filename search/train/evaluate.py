"""How well a trained network does on clips: several views of each video, averaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate as metric
from costmodel.emit import Network
from costmodel.errors import OptionError
from costmodel.graph import Graph
from search.data import Data, Videos, batches, centre_clips
from search.data.views import TEST_SCALE, positions
from search.train.checkpoint import load_weights
from search.train.fit import EVALUATED_AT_ONCE, as_wide, must_fit, view_of
from search.train.forms import form_of

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Views:
    """K clips, evenly over time, of each video; one crop from the middle, or three across the longer side."""

    clips: int = 1
    crops: int = 1

    @property
    def number(self) -> int:
        """How often the network runs for a video."""
        return self.clips * self.crops


@dataclass(frozen=True)
class ClipAccuracy:
    """What a network gave on the views of each video.

    Args:
        accuracy: of the softmax scores, averaged over the views.
        views: as asked for.
        crop: height and width that it ran at.
        macs_per_view: multiply-adds of one run.
    """

    accuracy: float
    views: Views
    crop: int
    macs_per_view: int

    @property
    def macs(self) -> int:
        """Multiply-adds for a video."""
        return self.macs_per_view * self.views.number


def views_of(text: str) -> Views:
    """The views that `10x3` or `10` names.

    Raises:
        OptionError: it has another form.
    """
    clips, _, crops = text.partition("x")
    if not clips.isdecimal() or int(clips) < 1 or crops not in ("", "1", "3"):
        raise OptionError(f"--views: {text!r}, expected KxC such as 10x1 or 10x3, C being 1 or 3 crops")
    return Views(int(clips), int(crops or 1))


def at_test_crop(graph: Graph, crops: int) -> Graph:
    """The network as it runs on `crops` crops: three take the whole shorter side, 128 instead of 112."""
    if crops == 1:
        return graph
    height, width = (int(size * TEST_SCALE) for size in (graph.source.height, graph.source.width))
    return replace(graph, source=graph.source._replace(height=height, width=width))


def on_clips(graph: Graph, weights: Path, data: Data, views: Views, device: str = "cpu") -> ClipAccuracy:
    """The accuracy of a clip network: K-Center or K-LeftCenterRight clips  (Feichtenhofer 2020, sec. 4).

    Raises:
        DataError: the weights or the data do not fit the network.
    """
    graph = at_test_crop(graph, views.crops)
    must_fit(graph, data)
    form = form_of(graph, "clip")
    load_weights(form.network, weights)
    network = form.network.to(torch.device(device)).eval()
    scores = view_scores(network, data.validation, views, device)
    accuracy = float((scores.argmax(1) == data.validation.labels).mean())
    macs = int(metric(Figures(graph), "macs_per_clip"))
    return ClipAccuracy(accuracy, views, int(graph.source.width), macs)


@torch.no_grad()
def view_scores(network: Network, videos: Videos, views: Views, device: str = "cpu") -> Scores:
    """Softmax scores (videos, classes), averaged over the views of each video."""
    graph = network.graph
    view = view_of(graph, int(graph.source.time))
    scale = TEST_SCALE if views.crops == 1 else Fraction(1)
    found = []
    for index in batches(len(videos.labels), EVALUATED_AT_ONCE):
        scores = [
            _softmax(
                network, centre_clips(videos, index, view, at=at, across=across, scale=scale, device=device)
            )
            for at, across in _places(views)
        ]
        found.append(torch.stack(scores).mean(0).cpu().numpy())
    return np.concatenate(found)


def _softmax(network: Network, clips: Tensor) -> Tensor:
    answer: Tensor = network(as_wide(clips, network.graph))
    return answer.softmax(1)


def _places(views: Views) -> Iterator[tuple[Fraction, Fraction]]:
    for at in positions(views.clips):
        for across in positions(views.crops):
            yield at, across
