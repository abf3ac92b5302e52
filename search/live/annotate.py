"""A video of what the network saw, with its answers written on it."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Sequence
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from costmodel.errors import DataError
from search.video.convert import converted
from search.video.decode import Pixels
from search.video.opened import library

Grey = NDArray[np.uint8]
MARGIN = 4
GAP = 3  # pixels between two lines
LEAST_WIDTH = 160  # below it no line of text could be read
WAITING = 16  # frames that may wait to be written


class Annotated:
    """Writes frames with lines of text on them, as an H.264 video of the network's rate.

    Frames are drawn and encoded in a thread of their own, so that the network does not wait for either.
    """

    def __init__(self, path: Path, rate: Fraction) -> None:
        self.path, self.rate = path, rate
        self._container: av.container.OutputContainer | None = None
        self._number = 0
        self._waiting: queue.Queue[tuple[Pixels, Sequence[str]] | None] = queue.Queue(WAITING)
        self._trouble: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, frame: Pixels, lines: Sequence[str]) -> None:
        """Adds one frame; all get the size of the first.

        Raises:
            DataError: the file cannot be written.
        """
        self._must_be_well()
        self._waiting.put((frame, lines))

    def close(self) -> None:
        """Ends the file, once all frames are written.

        Raises:
            DataError: it cannot be written.
        """
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()
        container, self._container = self._container, None
        if container is not None:
            try:
                if self._trouble is None:
                    container.mux(self._stream.encode())
                container.close()
            except library() as error:
                self._trouble = self._trouble or error
        self._must_be_well()

    def _run(self) -> None:
        while (given := self._waiting.get()) is not None:
            if self._trouble is None:  # else what still comes is let go, so that nobody waits
                try:
                    self._write(*given)
                except Exception as error:  # told by the next `add`, or by `close`
                    self._trouble = error

    def _write(self, frame: Pixels, lines: Sequence[str]) -> None:
        drawn = _drawn(frame, lines)
        if self._container is None:
            self._begin(drawn)
        assert self._container is not None
        shown = converted(
            av.VideoFrame.from_ndarray(drawn, "rgb24"), "yuv420p", self._stream.width, self._stream.height
        )
        shown.pts, shown.time_base = self._number, 1 / self.rate
        self._container.mux(self._stream.encode(shown))
        self._number += 1

    def _begin(self, frame: Pixels) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._container = av.open(str(self.path), "w")
        self._stream = self._container.add_stream("libx264", rate=self.rate, options={"preset": "veryfast"})
        # an even size: the colours have half of it
        self._stream.height, self._stream.width = frame.shape[0] // 2 * 2, frame.shape[1] // 2 * 2
        self._stream.pix_fmt = "yuv420p"
        # by itself x264 takes more threads than there are cores, and the network's step waits for them
        self._stream.thread_count = max((os.cpu_count() or 1) // 2, 1)

    def _must_be_well(self) -> None:
        error = self._trouble
        if error is None:
            return
        if not isinstance(error, library()):
            raise error
        raise DataError(
            f"--out {self.path}: cannot be written, {getattr(error, 'strerror', None) or error}"
        ) from error


def _drawn(frame: Pixels, lines: Sequence[str]) -> Pixels:
    """A frame with lines of text in its corner, repeated to where they can be read."""
    scale = -(-LEAST_WIDTH // frame.shape[1])
    image = frame.repeat(scale, 0).repeat(scale, 1) if scale > 1 else frame.copy()
    rows = [_line(line) for line in lines]
    top = MARGIN
    # a dark ground for all of it, since video may be of any colour
    image[: top + len(rows) * rows[0].shape[0] + MARGIN, : max(row.shape[1] for row in rows) + 2 * MARGIN] = 0
    for row in rows:
        place = image[top : top + row.shape[0], MARGIN : MARGIN + row.shape[1]]
        place[...] = row[: place.shape[0], : place.shape[1], None]
        top += row.shape[0]
    return image


@lru_cache(maxsize=64)  # most lines stay as they are from one frame to the next
def _line(text: str) -> Grey:
    # letters that the font has not would be an error, and names of classes are anybody's
    plain = text.encode("ascii", "replace").decode()
    return np.concatenate([_letter(each) for each in plain] or [_letter(" ")], axis=1)


@cache
def _letter(letter: str) -> Grey:
    """A letter, drawn once: to lay out a line anew for each frame takes longer than small networks."""
    from PIL import Image, ImageDraw, ImageFont  # comes with matplotlib

    font = ImageFont.load_default()
    _, _, width, _ = font.getbbox(letter)
    _, _, _, height = font.getbbox("|")
    image = Image.new("L", (max(round(width), 1) + 1, round(height) + GAP))
    ImageDraw.Draw(image).text((0, 0), letter, 255, font)
    return np.asarray(image)
