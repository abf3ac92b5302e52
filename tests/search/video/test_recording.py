from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from encoded import encode, shown
from PIL import Image

from costmodel.errors import DataError
from search.video.recording import recording, taken

WHOLE = (0, 0, 32, 48)


def stored(folder: Path, kind: str) -> Path:
    if kind == "video":
        return encode(folder / "a.mp4", shown(12))
    if kind == "array":
        np.save(folder / "a.npy", shown(12))
        return folder / "a.npy"
    for number, frame in enumerate(shown(12)):
        Image.fromarray(frame).save(folder / f"{number:03d}.png")
    return folder


@pytest.mark.parametrize("kind", ["video", "array", "images"])
def test_what_it_is_stored_as_makes_no_difference(tmp_path: Path, kind: str):
    clip = recording(stored(tmp_path, kind), Fraction(30))
    assert (clip.kind, clip.height, clip.width, clip.seconds) == (kind, 32, 48, Fraction(12, 30))
    # between two frames the nearer one, and the earlier of two equally near
    moments = [Fraction(at, 60) for at in (0, 7, 8, 40)]
    found = taken(clip, moments, (1, 2, 30, 40))
    assert np.array_equal(np.stack(found.frames), shown(12)[[0, 3, 4, 11], 1:31, 2:42])


def test_a_part_begins_at_its_own_moment(tmp_path: Path):
    clip = recording(stored(tmp_path, "video"), Fraction(30)).part(Fraction(1, 10), Fraction(3, 10))
    assert clip.seconds == Fraction(2, 10)
    assert np.array_equal(taken(clip, [Fraction(0)], WHOLE).frames[0], shown(12)[3])


def test_grey_frames_have_three_equal_channels(tmp_path: Path):
    np.save(tmp_path / "a.npy", shown(3)[..., 0])
    frame = taken(recording(tmp_path / "a.npy", Fraction(30)), [Fraction(0)], WHOLE).frames[0]
    assert np.array_equal(frame, np.repeat(shown(3)[0, ..., :1], 3, 2))


def test_images_of_several_sizes_are_named(tmp_path: Path):
    folder = stored(tmp_path, "images")
    Image.fromarray(shown(1, 16, 16)[0]).save(folder / "005.png")
    clip = recording(folder, Fraction(30))
    with pytest.raises(DataError, match=r"images of several sizes, expected frames of one"):
        taken(clip, [Fraction(5, 30)], WHOLE)
