"""The first few videos of a part of a data set."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from search.data.base import Frames, Videos
from search.data.cut import Numbers
from search.data.file_videos import FileVideos


@dataclass(frozen=True)
class _First:
    """The first videos of others."""

    videos: Videos
    number: int

    @property
    def labels(self) -> Numbers:
        return self.videos.labels[: self.number]

    @property
    def lengths(self) -> Numbers:
        return self.videos.lengths[: self.number]

    @property
    def height(self) -> int:
        return self.videos.height

    @property
    def width(self) -> int:
        return self.videos.width

    @property
    def channels(self) -> int:
        return self.videos.channels

    def frames(self, index: Numbers, times: Numbers) -> Frames:
        return self.videos.frames(index, times)


def first_of(videos: Videos, number: int) -> Videos:
    """The first so many of videos, as they are."""
    if isinstance(videos, FileVideos):
        labels = np.asarray(videos.labels[:number])
        return replace(videos, recordings=videos.recordings[:number], labels=labels)
    return _First(videos, number)
