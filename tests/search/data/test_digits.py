import numpy as np
import pytest

from search.data.digits import GROUPS, MOTIONS, MovingDigits, _choices, _paths


def videos(split="train", count=40, seed=0, length=6):
    made = MovingDigits(split, count, seed, length)
    return made.frames(np.arange(count), np.tile(np.arange(length), (count, 1)))


def test_the_same_seed_draws_the_same_videos_and_another_draws_others():
    assert np.array_equal(videos(seed=3), videos(seed=3))
    assert not np.array_equal(videos(seed=3), videos(seed=4))


def test_a_video_does_not_depend_on_how_many_there_are():
    assert np.array_equal(videos(count=40)[:24], videos(count=24))


def test_no_digit_image_serves_both_parts():
    train, validation = (set(np.concatenate(_choices(split))) for split in ("train", "validation"))
    assert not train & validation
    assert len(train | validation) == 1797


def test_labels_are_balanced_over_groups_and_motions():
    counts = np.bincount(MovingDigits("train", 120).labels)
    assert counts.tolist() == [10] * (len(GROUPS) * len(MOTIONS))


@pytest.mark.parametrize(("motion", "turns"), [("clockwise", 1), ("counterclockwise", -1), ("swing", 0)])
def test_digits_turn_as_their_label_says(motion: str, turns: int):
    random = np.random.default_rng(0)
    path = _paths(random, np.full(20, MOTIONS.index(motion)), 8).astype(float)
    steps = np.diff(path, axis=1)
    (y, x), (ahead_y, ahead_x) = np.moveaxis(steps[:, :-1], -1, 0), np.moveaxis(steps[:, 1:], -1, 0)
    turn = (
        x * ahead_y - y * ahead_x
    )  # in rows and columns, where y points down, a clockwise turn is above zero
    assert np.all(np.sign(np.round(turn, 6)) == turns)


def test_a_crossing_digit_goes_on_where_a_swinging_one_returns():
    random = np.random.default_rng(0)
    cross, swing = (_paths(random, np.full(50, number), 32) for number in (0, 1))
    far = [np.linalg.norm(path[:, -1] - path[:, 0], axis=-1).mean() for path in (cross, swing)]
    assert far[0] > 0.38 > 2 * far[1]


def test_every_digit_stays_on_its_frame():
    paths = _paths(np.random.default_rng(0), np.tile(np.arange(4), 100), 64)
    assert paths.min() > 0.15
    assert paths.max() < 0.85
