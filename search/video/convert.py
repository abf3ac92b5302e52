"""Frames of a video in other colours or at another size."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_OF_THREAD = threading.local()


def converted(
    frame: VideoFrame, colours: str, width: int | None = None, height: int | None = None
) -> VideoFrame:
    """A frame in a pixel format of FFmpeg's such as `rgb24`, at its own size where none is given.

    Each thread has one converter, without threads of its own: to prepare one for every frame takes several
    times as long as to convert it.
    """
    if not hasattr(_OF_THREAD, "converter"):
        from av.video.reformatter import VideoReformatter

        _OF_THREAD.converter = VideoReformatter()
    found: VideoFrame = _OF_THREAD.converter.reformat(frame, width, height, colours, threads=1)
    return found
