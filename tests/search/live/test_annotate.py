from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from encoded import shown

from costmodel.errors import DataError
from search.live.annotate import WAITING, Annotated


def test_answers_are_written_on_the_frames(tmp_path: Path):
    written = Annotated(tmp_path / "new" / "seen.mp4", Fraction(5))
    for frame in shown(4, 120, 161):
        written.add(frame, ["0.00 s, steady", "wälk 87%"])
    written.close()
    with av.open(str(tmp_path / "new" / "seen.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 5
    assert frames[0].shape == (120, 160, 3)
    # text stands in the corner, the rest is the frame
    assert frames[0][8:30, 8:80].max() > 200
    assert np.abs(frames[0][60:90, 20:].astype(int) - shown(1, 120, 161)[0, 60:90, 20:160]).mean() < 12


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    written = Annotated(tmp_path / "file" / "seen.mp4", Fraction(5))
    with pytest.raises(DataError, match=r"seen.mp4: cannot be written"):
        _write_many(written)


def _write_many(written: Annotated) -> None:
    """More frames than may wait for the thread that writes them, which must not wait for ever."""
    for _ in range(3 * WAITING):
        written.add(shown(1)[0], ["a"])
    written.close()
