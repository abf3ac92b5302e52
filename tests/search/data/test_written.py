from pathlib import Path

import numpy as np
import pytest

from costmodel.errors import DataError
from search.data import open_data
from search.data.digits import CLASSES, MovingDigits
from search.data.written import write_digits, write_video


def test_the_digits_are_written_as_they_are(tmp_path: Path):
    written = list(write_digits(tmp_path / "digits", 60, length=4))
    data = open_data(f"{tmp_path / 'digits'}:workers=0")
    assert (len(written), len(data.train.labels), len(data.validation.labels)) == (60, 48, 12)
    assert data.classes == tuple(sorted(CLASSES))
    drawn = MovingDigits("validation", 12, length=4)
    first = data.validation.frames(np.array([0]), np.arange(4)[None])
    number = int(sorted((tmp_path / "digits" / "val" / data.classes[0]).glob("*.mp4"))[0].stem)
    expected = drawn.frames(np.array([number]), np.arange(4)[None])
    # lossy, but hardly
    assert np.abs(first.astype(int) - expected).mean() < 6


def test_where_nothing_can_be_written_the_place_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"a.mp4: cannot be written, "):
        write_video(tmp_path / "file" / "a.mp4", np.zeros((2, 8, 8, 1), np.uint8))
