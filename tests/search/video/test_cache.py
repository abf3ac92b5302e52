from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from encoded import encode, shown

from search.video.cache import Cache
from search.video.recording import recording

WHOLE = (0, 0, 32, 48)


def moments(*numbers: int) -> list[Fraction]:
    return [Fraction(number, 30) for number in numbers]


def test_a_clip_is_decoded_once_whatever_part_of_it_is_asked_for(tmp_path: Path):
    clip = recording(encode(tmp_path / "a.mp4", shown(20)), Fraction(30))
    cache = Cache(tmp_path / "cache", 1 << 20)
    first, again = (cache.taken(clip, moments(3, 9), box) for box in (WHOLE, (2, 4, 10, 12)))
    assert (first.decoded, again.decoded) == (10, 0)
    assert np.array_equal(np.stack(again.frames), shown(20)[[3, 9], 2:12, 4:16])


def test_it_never_takes_more_than_its_room(tmp_path: Path):
    clip = recording(encode(tmp_path / "a.mp4", shown(20)), Fraction(30))
    room = 3 * (32 * 48 * 3 + 128)
    cache = Cache(tmp_path / "cache", room)
    for number in (0, 1, 2, 0, 3):
        cache.taken(clip, moments(number), WHOLE)
        assert sum(each.stat().st_size for each in cache.folder.iterdir()) <= room
    # the one that was asked for again is still there, the one that was not is gone
    assert [cache.taken(clip, moments(number), WHOLE).decoded > 0 for number in (0, 1)] == [False, True]


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01\x00", b"no array"])
def test_a_damaged_entry_is_decoded_again(tmp_path: Path, content: bytes):
    path = encode(tmp_path / "a.mp4", shown(9))
    cache, clip = Cache(tmp_path / "cache", 1 << 20), recording(path, Fraction(30))
    cache.taken(clip, moments(2), WHOLE)
    (entry,) = cache.folder.iterdir()
    entry.write_bytes(content)
    assert np.array_equal(cache.taken(clip, moments(2), WHOLE).frames[0], shown(9)[2])


def test_another_file_under_the_same_name_is_another_clip(tmp_path: Path):
    cache = Cache(tmp_path / "cache", 1 << 20)
    for first in (0, 50):
        clip = recording(encode(tmp_path / "a.mp4", shown(9 + first // 50, first=first)), Fraction(30))
        assert np.array_equal(cache.taken(clip, moments(2), WHOLE).frames[0], shown(9, first=first)[2])
