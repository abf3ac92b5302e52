"""How soon a stream is right after a cut: videos of two classes in a row, nothing reset between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate as metric
from search.data.views import Numbers, batches, centre_clips
from search.train.answers import over_places
from search.train.fit import EVALUATED_AT_ONCE, as_wide, view_of
from search.train.metrics import standard_error
from search.train.streaming import Row, Streamed

MOST_POINTS = 40


@dataclass(frozen=True)
class Cuts:
    """What a stream answers after cuts.

    Args:
        rows: after so many frames of the new video the share of cuts that are answered by its label, with its
            standard error, and by the label of the video before.
        lookahead: frames that an answer looks ahead, its last pool apart, as computed.
        delay: frames before an answer that is aligned with the new video's first frame, as computed.
        warmup: frames before an answer of the new video alone, as computed; None where there is none.
        median: frames after which half of the cuts that are right in the end are right, and stay so; None
            where none is.
        settled: the share of cuts that are right in the end.
        cuts: how many there are.
    """

    rows: tuple[Row, ...]
    lookahead: int
    delay: int
    warmup: int | None
    median: float | None
    settled: float
    cuts: int


def after_cuts(streamed: Streamed) -> Cuts | None:
    """The answers of a stream after cuts from each video to the next one of another label.

    None where there is no such pair, or videos end before the first answer.
    """
    pairs = _pairs(streamed.labels)
    if not len(pairs) or not streamed.answers_videos:
        return None
    answers = [_answers(streamed, pairs[index]) for index in batches(len(pairs), EVALUATED_AT_ONCE // 2)]
    steps, found = answers[0][0], np.concatenate([each for _, each in answers])
    new, old = (_is_of(found, streamed.labels[pairs[:, place]]) for place in (1, 0))
    settled = _settled(new, steps)
    figures = Figures(streamed.graph)
    return Cuts(
        tuple(_rows(steps, new, old)),
        int(metric(figures, "lookahead")),
        streamed.delay,
        streamed.warmup,
        float(np.median(settled)) if len(settled) else None,
        len(settled) / len(pairs),
        len(pairs),
    )


def _pairs(labels: Numbers) -> Numbers:
    """Videos and the next one of other labels (cuts, 2)."""
    rows = labels.reshape(len(labels), -1)
    # what both share would be right before anything of the new video is seen
    together = (rows[:-1] * rows[1:]).any(1) if labels.ndim == 2 else (rows[:-1] == rows[1:])[:, 0]
    first = np.flatnonzero(~together)
    return np.stack([first, first + 1], axis=1)


@torch.no_grad()
def _answers(streamed: Streamed, pairs: Numbers) -> tuple[Numbers, Numbers]:
    """Frames of the second video that had come at each answer, and the classes answered (cuts, answers)."""
    network, graph, frames = streamed.network, streamed.graph, streamed.frames_of_videos()
    network.init = "zeros"
    network.reset()
    found, steps = [], []
    for place in range(2):
        clips = centre_clips(streamed.videos, pairs[:, place], view_of(graph, frames), device=streamed.device)
        for number, frame in enumerate(as_wide(clips, graph).unbind(2)):
            answer = network.forward_step(frame)
            if place and answer is not None:
                steps.append(number + 1)
                found.append(over_places(answer).argmax(1).cpu().numpy())
    return np.array(steps), np.stack(found, axis=1)


def _is_of(found: Numbers, labels: Numbers) -> NDArray[np.bool_]:
    """Which answers (cuts, answers) are right by the labels of the cuts."""
    if labels.ndim == 1:
        return np.asarray(found == labels[:, None])
    return np.take_along_axis(labels, np.minimum(found, labels.shape[1] - 1), axis=1) > 0


def _settled(right: NDArray[np.bool_], steps: Numbers) -> NDArray[np.float64]:
    """Of cuts that are right in the end, the frames after which they are right and stay so."""
    # from the end backwards, as long as all answers are right
    stays = np.flip(np.logical_and.accumulate(np.flip(right, 1), axis=1), 1)
    return np.array([steps[int(row.argmax())] for row in stays if row[-1]], dtype=np.float64)


def _rows(steps: Numbers, new: NDArray[np.bool_], old: NDArray[np.bool_]) -> Iterator[Row]:
    places = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), MOST_POINTS)).round().astype(int))
    for place in places:
        accuracy = float(new[:, place].mean())
        yield {
            "after": int(steps[place]),
            "accuracy": accuracy,
            "accuracy_error": standard_error(accuracy, len(new)),
            "still_before": float(old[:, place].mean()),
        }
