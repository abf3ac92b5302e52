from fractions import Fraction

import numpy as np
import pytest
import torch

from search.data.folder import StoredVideos
from search.data.views import MEAN, View, batches, centre_clips, positions, training_clips


def ramp(frames=10, height=16, width=16):
    """A video whose pixels tell their time (first channel) and column (second)."""
    time = np.arange(frames, dtype=np.uint8)[:, None, None]
    column = np.arange(width, dtype=np.uint8)[None, None]
    return np.stack(np.broadcast_arrays(time, column, np.zeros((1, height, 1), np.uint8)), axis=-1)


def pixels(clips: torch.Tensor) -> torch.Tensor:
    return (clips * 0.225 + MEAN) * 255


def stored(*videos: np.ndarray) -> StoredVideos:
    return StoredVideos(videos, np.zeros(len(videos), np.int64))


def test_the_centre_clip_takes_every_nth_frame_about_the_middle():
    clips = pixels(centre_clips(stored(ramp(11)), np.array([0]), View(3, Fraction(2), 14, 14)))
    assert clips.shape == (1, 3, 3, 14, 14)
    assert clips[0, 0, :, 0, 0].round().tolist() == [3, 5, 7]


def test_a_fractional_rate_takes_whole_frames():
    times = View(4, Fraction(3, 2), 1, 1).times(np.array([0]), np.array([9]))
    assert times.tolist() == [[0, 1, 3, 4]]


def test_a_short_video_is_looped():
    times = View(5, Fraction(1), 1, 1).times(np.array([0]), np.array([3]))
    assert times.tolist() == [[0, 1, 2, 0, 1]]


def test_the_views_across_cover_the_longer_side():
    view, videos = View(1, Fraction(1), 8, 8), stored(ramp(1, 8, 24))
    left, right = (
        pixels(centre_clips(videos, np.array([0]), view, across=across, scale=Fraction(1)))
        for across in (0, 1)
    )
    assert left[0, 1, 0, 0].round().tolist() == list(range(8))
    assert right[0, 1, 0, 0].round().tolist() == list(range(16, 24))


def test_a_mirrored_clip_is_the_clip_from_right_to_left():
    view, videos = View(1, Fraction(1), 14, 14), stored(ramp(1))
    index = np.zeros(64, np.int64)
    plain, both = (
        training_clips(videos, index, view, np.random.default_rng(0), mirror=mirror)
        for mirror in (False, True)
    )
    turned = [torch.equal(a.flip(-1), b) for a, b in zip(plain, both, strict=True)]
    kept = [torch.equal(a, b) for a, b in zip(plain, both, strict=True)]
    assert sum(turned) + sum(kept) == 64
    assert 16 < sum(turned) < 48


def test_training_clips_come_from_all_times():
    index = np.zeros(200, np.int64)
    clips = training_clips(
        stored(ramp(10)), index, View(2, Fraction(3), 8, 8), np.random.default_rng(0), mirror=False
    )
    first = pixels(clips)[:, 0, 0, 0, 0].round()
    assert sorted(first.unique().tolist()) == list(range(7))


def test_clips_are_laid_out_with_channels_last():
    clips = centre_clips(stored(ramp()), np.array([0, 0]), View(2, Fraction(1), 8, 8))
    assert clips.is_contiguous(memory_format=torch.channels_last_3d)


@pytest.mark.parametrize(("number", "at"), [(1, [0.5]), (3, [0, 0.5, 1])])
def test_positions_are_even(number: int, at: list[float]):
    assert list(positions(number)) == at


def test_random_batches_hold_each_clip_once_but_never_one_alone():
    found = list(batches(9, 4, np.random.default_rng(0)))
    assert [len(batch) for batch in found] == [4, 4]
    assert len(set(np.concatenate(found))) == 8


@pytest.mark.parametrize(("clips", "frames"), [(3, 1), (2, 3), (5, 4), (1, 1)])
def test_grey_clips_resized_together_are_those_resized_alone(clips: int, frames: int):
    random = np.random.default_rng(0)
    shown = [random.integers(0, 256, (6, 33, 33, 1), dtype=np.uint8) for _ in range(clips)]
    view = View(frames, Fraction(1), 16, 16)
    together = centre_clips(stored(*shown), np.arange(clips), view)
    first = (6 - frames + 1) // 2
    for clip, video in zip(together, shown, strict=True):
        for place in range(frames):
            frame = stored(video[first + place : first + place + 1])
            alone = centre_clips(frame, np.array([0]), View(1, Fraction(1), 16, 16))
            assert torch.equal(clip[:, place], alone[0, :, 0])
