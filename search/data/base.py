"""What a data set is: videos with labels, one part to train on and one to validate with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import DataError

Frames = NDArray[np.uint8]
FASTEST = 1e6  # frames a second


class Videos(Protocol):
    """Videos of equal height, width and channels, each with a label."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class of each video, or (videos, classes) 0 or 1 where a video has several."""
        ...

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many frames each video has."""
        ...

    @property
    def height(self) -> int:
        """Height of every frame."""
        ...

    @property
    def width(self) -> int:
        """Width of every frame."""
        ...

    @property
    def channels(self) -> int:
        """Channels of every frame."""
        ...

    def frames(self, index: NDArray[np.int64], times: NDArray[np.int64]) -> Frames:
        """Frames (clips, time, height, width, channels) of the videos `index` at `times` (clips, time)."""
        ...


@dataclass(frozen=True)
class Data:
    """A data set.

    Args:
        key: what it is, so that equal keys hold equal clips.
        classes: the names of the labels.
        train: videos to train on.
        validation: videos never trained on.
        mirrors: whether a mirrored video keeps its label.
        given: how `--data` named it.
        seed: that it was opened with.
        fps: frames a second of its videos; None where nothing says so.
        left: by the reason, the names of what lies beside its clips and is no clip of it, or not a whole one.
    """

    key: str
    classes: tuple[str, ...]
    train: Videos
    validation: Videos
    mirrors: bool = True
    given: str = ""
    seed: int = 0
    fps: float | None = None
    left: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        name = self.given or self.key.partition(":")[0]  # without the hash of what it holds
        if self.fps is not None and not 0 < self.fps < FASTEST:
            raise DataError(f"{name}: {self.fps} frames a second, expected a rate above zero")
        for part, videos in (("train", self.train), ("validation", self.validation)):
            if not len(videos.labels):
                raise DataError(f"{name}: the {part} part is empty, expected clips")
        if len(self.classes) < 2:
            raise DataError(f"{name}: one class, {self.classes[0]!r}; expected two or more")
        if len(np.unique(self.train.labels)) < 2:
            raise DataError(f"{name}: all training clips have one label, expected two or more")
