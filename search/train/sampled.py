"""How many frames the clips of an evaluation had behind each sampler, and what each clip cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.active_bins import macs_of_clips
from costmodel.graph import Graph
from search.train.metrics import Labels, one_hot

Numbers = NDArray[np.int64]
# Made by a call, since `class` is no name in Python.
ClassBins = TypedDict(
    "ClassBins", {"class": str, "clips": int, "active_bins": float, "active_bins_error": float | None}
)


class HistogramRow(TypedDict):
    """How many clips have a number of active bins behind a sampler."""

    sampler: str
    active_bins: int
    clips: int
    share: float


@dataclass(frozen=True)
class ActiveBins:
    """The active bins of every clip.

    Args:
        samplers: the names of the samplers, those of several pathways in the order in which they run.
        numbers: active bins (clips, samplers).
        videos: the video of each clip.
        macs: multiply-adds of each clip, at its own numbers.
        most: multiply-adds of a clip of all bins.
    """

    samplers: tuple[str, ...]
    numbers: Numbers = field(repr=False)
    videos: Numbers = field(repr=False)
    macs: Numbers = field(repr=False)
    most: int

    @property
    def mean(self) -> float:
        """The mean over clips, of several pathways of their sum."""
        return float(self.numbers.sum(1).mean())

    @property
    def mean_macs(self) -> int:
        """Multiply-adds of a clip, as the mean over clips."""
        return round(float(self.macs.mean()))

    def histogram(self) -> list[HistogramRow]:
        """How many clips have each number of active bins, behind each sampler."""
        rows: list[HistogramRow] = []
        for place, name in enumerate(self.samplers):
            numbers, counts = np.unique(self.numbers[:, place], return_counts=True)
            rows += [
                {
                    "sampler": name,
                    "active_bins": int(number),
                    "clips": int(count),
                    "share": count / len(self.videos),
                }
                for number, count in zip(numbers, counts, strict=True)
            ]
        return rows

    def by_class(self, labels: Labels, classes: Sequence[str]) -> list[ClassBins]:
        """The mean of each class's clips with its standard error over them, the fewest first (Fig. A.5)."""
        of_clips = one_hot(labels, len(classes))[self.videos]
        total = self.numbers.sum(1)
        found = [(name, total[of_clips[:, place]]) for place, name in enumerate(classes)]
        rows = [_of_class(name, numbers) for name, numbers in found if len(numbers)]
        return sorted(rows, key=lambda row: row["active_bins"])


def active_bins_of(graph: Graph, found: Mapping[str, Sequence[int]], videos: Numbers) -> ActiveBins:
    """The active bins of clips, of the lists that running them gave for each sampler.

    Args:
        graph: the network that ran.
        found: active bins by sampler, clip by clip.
        videos: the video of each clip, in the same order.
    """
    numbers = np.array(list(found.values()), dtype=np.int64).T
    unequal, places = np.unique(numbers, axis=0, return_inverse=True)
    costs = macs_of_clips(graph, dict(zip(found, unequal.T, strict=True)))
    each = np.broadcast_to(np.asarray(costs, dtype=np.int64), len(unequal))
    most = max(int(str(macs_of_clips(graph, {}))), int(each.max()))
    return ActiveBins(tuple(found), numbers, videos, each[places.reshape(-1)], most)


def _of_class(name: str, numbers: Numbers) -> ClassBins:
    error = float(numbers.std(ddof=1)) / sqrt(len(numbers)) if len(numbers) > 1 else None
    return {
        "class": name,
        "clips": len(numbers),
        "active_bins": float(numbers.mean()),
        "active_bins_error": error,
    }
