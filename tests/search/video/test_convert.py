import av
import numpy as np
import pytest

from search.video.convert import converted


@pytest.mark.parametrize("colours", ["yuv420p", "yuvj420p", "yuv422p10le", "gray", "rgb24"])
def test_one_converter_takes_frames_of_any_size_and_range_in_turn(colours: str):
    drawn = np.random.default_rng(0)
    for height, width in ((24, 32), (25, 33), (24, 32)):
        for full in (False, True):
            pixels = drawn.integers(0, 256, (height, width, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format=colours)
            frame.color_range = 2 if full else 1
            found = converted(frame, "rgb24").to_ndarray()
            assert (found == frame.to_ndarray(format="rgb24")).all()
