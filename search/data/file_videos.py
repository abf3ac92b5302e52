"""Videos that stay on disk: of any size, rate and length, each clip decoded when it is asked for.

All share one clock of `fps` ticks a second. A video of another rate shows at each tick the frame nearest to
it, so that a clip spans the same time in every video.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from search.data.base import Frames, Videos
from search.data.cut import Cut, Numbers, resized_frames
from search.video.decoders import Decoders, Given
from search.video.recording import Recording

SHOWN, LONGEST = 3, 200
AHEAD = 3  # batches that are decoded ahead of the one that is learned from


@dataclass
class Tally:
    """What decoding came to: counted as it happens, told when asked for.

    Args:
        clips: decoded so far.
        frames: decoded for them.
        damaged: by video, clips that show its last good frame in place of what could not be decoded.
        failed: by video, why it could not be decoded any more.
    """

    clips: int = 0
    frames: int = 0
    damaged: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, clip: Recording, given: Given) -> None:
        """Counts one clip."""
        self.clips += 1
        self.frames += given.decoded
        if given.failure:
            self.failed[str(clip.path)] = given.failure
        elif given.missing or given.broken:
            self.damaged[str(clip.path)] += 1


@dataclass(frozen=True, eq=False)
class FileVideos:
    """Videos on disk, each with a label.

    Args:
        recordings: what is known of each.
        labels: the class of each, or (videos, classes) 0 or 1 where a video has several.
        fps: ticks a second of their clock.
        decoders: what decodes them.
        tally: what decoding came to.
    """

    recordings: Sequence[Recording]
    labels: Numbers
    fps: Fraction
    decoders: Decoders = field(default_factory=Decoders)
    tally: Tally = field(default_factory=Tally)
    channels: int = field(default=3, init=False)

    @cached_property
    def lengths(self) -> Numbers:
        """Ticks of the clock that each video spans."""
        return np.array([max(round(each.seconds * self.fps), 1) for each in self.recordings], dtype=np.int64)

    @cached_property
    def sizes(self) -> Numbers:
        """Height and width of each (videos, 2)."""
        return np.array([(each.height, each.width) for each in self.recordings], dtype=np.int64).reshape(
            -1, 2
        )

    @property
    def height(self) -> int:
        """The largest height."""
        return int(self.sizes[:, 0].max())

    @property
    def width(self) -> int:
        """The largest width."""
        return int(self.sizes[:, 1].max())

    def at(self, fps: Fraction) -> FileVideos:
        """The same videos on another clock."""
        return self if fps == self.fps else replace(self, fps=fps)

    def frames(self, index: Numbers, times: Numbers) -> Frames:
        """Whole frames (clips, time, height, width, channels) of videos of one size."""
        sizes = self.sizes[index]
        boxes = np.concatenate([np.zeros_like(sizes), sizes], axis=1)
        height, width = sizes[0].tolist()
        return self.pixels(Cut(index, times, boxes, (height, width), np.zeros(len(index), np.bool_)))

    def pixels(self, cut: Cut) -> Frames:
        """The parts of frames that clips show, at their size (clips, time, height, width, channels)."""
        return self.begun(cut)()

    def begun(self, cut: Cut) -> Callable[[], Frames]:
        """Begins to decode clips; the frames are what it gives when called."""
        clips = [self.recordings[number] for number in cut.index.tolist()]
        moments = [tuple(Fraction(tick) / self.fps for tick in ticks) for ticks in cut.times.tolist()]
        boxes = [(top, left, height, width) for top, left, height, width in cut.boxes.tolist()]
        pending = self.decoders.submit(list(zip(clips, moments, boxes, strict=True)))

        def finished() -> Frames:
            found = np.empty((*cut.times.shape, *cut.size, self.channels), np.uint8)
            for place, clip, each in zip(found, clips, pending, strict=True):
                given = each()
                self.tally.add(clip, given)
                place[...] = resized_frames(given.frames, cut.size)
            return found

        return finished


def notes_of(*parts: Videos) -> list[str]:
    """What went wrong in decoding so far: how many videos, and the first of them by name."""
    files = [part for part in parts if isinstance(part, FileVideos)]
    damaged = {name: number for part in files for name, number in part.tally.damaged.items()}
    failed = {name: why for part in files for name, why in part.tally.failed.items()}
    lines = []
    if damaged:
        lines.append(
            f"{len(damaged)} videos are damaged: {sum(damaged.values())} clips show the last good frame in "
            f"place of what could not be decoded: {_some(damaged)}"
        )
    if failed:
        lines.append(
            f"{len(failed)} videos could not be decoded any more, and were black: {_some(failed.values())}"
        )
    return lines


def _some(names: Iterable[str]) -> str:
    first = [name[:LONGEST] for name in names]
    return ", ".join(first[:SHOWN]) + (f" and {len(first) - SHOWN} more" if len(first) > SHOWN else "")
