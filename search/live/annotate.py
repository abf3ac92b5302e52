"""A video of what the network saw, with its answers written on it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from costmodel.errors import DataError
from search.video.decode import Pixels
from search.video.opened import library

MARGIN = 4
LEAST_WIDTH = 160  # below it no line of text could be read


class Annotated:
    """Writes frames with lines of text on them, as an H.264 video of the network's rate."""

    def __init__(self, path: Path, rate: Fraction) -> None:
        self.path, self.rate = path, rate
        self._container: av.container.OutputContainer | None = None
        self._number = 0

    def add(self, frame: Pixels, lines: Sequence[str]) -> None:
        """Adds one frame; all get the size of the first.

        Raises:
            DataError: the file cannot be written.
        """
        drawn = _drawn(frame, lines)
        try:
            if self._container is None:
                self._begin(drawn)
            assert self._container is not None
            shown = av.VideoFrame.from_ndarray(drawn, "rgb24").reformat(
                self._stream.width, self._stream.height
            )
            shown.pts, shown.time_base = self._number, 1 / self.rate
            self._container.mux(self._stream.encode(shown))
        except library() as error:
            raise self._error(error) from error
        self._number += 1

    def close(self) -> None:
        """Ends the file.

        Raises:
            DataError: it cannot be written.
        """
        if self._container is None:
            return
        try:
            self._container.mux(self._stream.encode())
            self._container.close()
        except library() as error:
            raise self._error(error) from error

    def _begin(self, frame: Pixels) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._container = av.open(str(self.path), "w")
        self._stream = self._container.add_stream("libx264", rate=self.rate, options={"preset": "veryfast"})
        # an even size: the colours have half of it
        self._stream.height, self._stream.width = frame.shape[0] // 2 * 2, frame.shape[1] // 2 * 2
        self._stream.pix_fmt = "yuv420p"

    def _error(self, error: Exception) -> DataError:
        return DataError(f"--out {self.path}: cannot be written, {getattr(error, 'strerror', None) or error}")


def _drawn(frame: Pixels, lines: Sequence[str]) -> Pixels:
    from PIL import Image, ImageDraw  # comes with matplotlib

    image = Image.fromarray(frame)
    if image.width < LEAST_WIDTH:
        scale = -(-LEAST_WIDTH // image.width)
        image = image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(image)
    text = "\n".join(lines)
    # letters that the font has not would be an error, and names of classes are anybody's
    plain = text.encode("ascii", "replace").decode()
    left, top, right, bottom = draw.multiline_textbbox((MARGIN, MARGIN), plain)
    draw.rectangle((left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN), fill=(0, 0, 0))
    draw.multiline_text((MARGIN, MARGIN), plain, fill=(255, 255, 255))
    return np.asarray(image)
