"""Decoded clips in a folder of bounded size; what was not asked for longest is thrown away first."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from costmodel.files import OutputError, write_whole
from search.video.decode import Decoded
from search.video.recording import Box, Recording, taken

SUFFIX = ".clip.npy"


@dataclass(frozen=True)
class Cache:
    """Clips as they were decoded.

    Args:
        folder: where they are stored; nothing else in it is touched.
        most_bytes: that all of them may take together.
    """

    folder: Path
    most_bytes: int

    def taken(self, clip: Recording, moments: Sequence[Fraction], box: Box) -> Decoded:
        """Frames of a clip, from the folder where they were decoded before.

        Raises:
            DataError: not one frame can be read.
        """
        place = self.folder / (self._key(clip, moments) + SUFFIX)
        top, left, height, width = box
        # whole frames are stored: another part of the same ones is then found as well
        frames = self._read(place)
        if frames is not None and frames.shape == (len(moments), clip.height, clip.width, 3):
            return Decoded(list(frames[:, top : top + height, left : left + width].copy()))
        found = taken(clip, moments, (0, 0, clip.height, clip.width))
        if not (found.broken or found.missing):
            self._write(place, np.stack(found.frames))
        found.frames = [frame[top : top + height, left : left + width].copy() for frame in found.frames]
        return found

    def _key(self, clip: Recording, moments: Sequence[Fraction]) -> str:
        stat = clip.path.stat() if clip.path.exists() else None
        content = None if stat is None else (stat.st_size, stat.st_mtime_ns)
        asked = (str(clip.path.resolve()), content, clip.begin, clip.rate, [str(each) for each in moments])
        return hashlib.sha256(repr(asked).encode()).hexdigest()[:32]

    def _read(self, place: Path) -> np.ndarray | None:
        """A stored clip; None where it is not there, or is damaged."""
        with suppress(OSError, ValueError, EOFError):
            frames = np.load(place, allow_pickle=False, mmap_mode="r")
            os.utime(place)  # asked for just now
            return np.asarray(frames) if frames.dtype == np.uint8 else None
        return None

    def _write(self, place: Path, frames: np.ndarray) -> None:
        import io

        content = io.BytesIO()
        np.save(content, frames, allow_pickle=False)
        if content.tell() > self.most_bytes:
            return
        self._make_room(content.tell())
        # a cache on a full disk is of no use, and no reason to stop
        with suppress(OutputError):
            write_whole(place, content.getvalue())

    def _make_room(self, needed: int) -> None:
        with suppress(OSError):
            stored = [(each.stat(), each) for each in self.folder.glob(f"*{SUFFIX}")]
            total = sum(stat.st_size for stat, _ in stored)
            for stat, each in sorted(stored, key=lambda found: found[0].st_mtime_ns):
                if total + needed <= self.most_bytes:
                    return
                each.unlink(missing_ok=True)
                total -= stat.st_size
