"""K clips of each video beside one stream over it, at equal multiply-adds."""

from __future__ import annotations

import numpy as np

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate as metric
from costmodel.graph import Graph
from search.train.checkpoint import WeightsPath
from search.train.evaluate import Views, on_clips
from search.train.metrics import standard_error, top
from search.train.streaming import Streamed

CLIPS = (1, 2, 3, 5, 7, 10)  # Feichtenhofer 2020, Fig. A.2, has up to 10 and one crop each


def views_beside_stream(
    streamed: Streamed, clip: Graph, weights: WeightsPath, clips: tuple[int, ...] = CLIPS
) -> list[dict[str, float | None]]:
    """The accuracy of K clips over each video, and of one stream that may cost as much.

    Clips are averaged as in Feichtenhofer 2020, Fig. 3 and A.4; so are the stream's answers, from its first
    frame on to as many as K clips cost, or to the video's end  (Hedegaard 2022, Fig. 1). Nothing where videos
    end before the first answer.
    """
    if not streamed.answers_videos:
        return []
    per_clip = int(metric(Figures(clip), "macs_per_clip"))
    per_frame = float(metric(Figures(streamed.graph), "macs_per_frame"))
    rows: list[dict[str, float | None]] = []
    for number in clips:
        found = on_clips(clip, weights, streamed.tried, Views(number), streamed.device)
        frames = min(int(number * per_clip / per_frame), streamed.frames_of_videos())
        rows.append(
            {
                "clips": number,
                "clip_macs": number * per_clip,
                "clip_accuracy": found.accuracy,
                "clip_error": found.error,
                "frames": frames,
                "stream_macs": frames * per_frame,
                **_of_stream(streamed, frames),
            }
        )
    return rows


def _of_stream(streamed: Streamed, frames: int) -> dict[str, float | None]:
    """The accuracy of the mean of the answers to so many frames; None before the first."""
    steps, scores = streamed.answers()
    seen = scores[:, :, steps < frames]
    if not seen.shape[2]:
        return {"stream_accuracy": None, "stream_error": None}
    accuracy = top(seen.mean(2), streamed.labels)
    return {
        "stream_accuracy": float(accuracy),
        "stream_error": standard_error(accuracy, len(np.asarray(scores))),
    }
