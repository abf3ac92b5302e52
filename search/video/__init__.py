"""Video files: what is known of one without decoding it, and its frames at given moments.

Nothing here loads torch: decoding processes start fast.
"""

from search.video.decode import Decoded, frames_at, stream_frames
from search.video.opened import SUFFIXES, opened
from search.video.probe import Probe, probe

__all__ = ["SUFFIXES", "Decoded", "Probe", "frames_at", "opened", "probe", "stream_frames"]
