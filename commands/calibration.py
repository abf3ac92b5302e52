"""Clips of a data set, as a network in 8 bits is calibrated on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from commands.printing import tell
from commands.source import Source

if TYPE_CHECKING:
    import numpy as np

    from costmodel.graph import Graph

LEAST_FRAMES = 400  # of a stream: its transient, and as much again of most networks behind it


def calibrating(source: Source, graph: Graph, data: str, seed: int) -> Iterator[np.ndarray]:
    """Training clips one after the other, until a stream has seen what it does once it has settled.

    Raises:
        CostModelError: there is no such data, or its frames do not fit the network.
    """
    from costmodel.analysis.figures import Figures
    from costmodel.analysis.metrics import evaluate
    from search.data import open_data
    from search.data.views import batches, centre_clips
    from search.train.fit import as_wide, must_fit, view_of

    found = open_data(data, seed)
    clip = graph.clip or graph
    must_fit(clip, found, spare_classes=True)
    view = view_of(clip, int(clip.source.time))
    wanted = max(LEAST_FRAMES, 2 * int(evaluate(Figures(graph), "delay")))
    tell(f"calibrates on {wanted} frames of {data}")
    frames = 0
    for index in batches(len(found.train.labels), 1):
        if frames >= wanted:
            return
        (one,) = as_wide(centre_clips(found.train, index, view), clip)
        yield one.numpy()
        frames += one.shape[1]
