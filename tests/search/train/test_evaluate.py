"""A tiny network on clips: which views of a video are looked at, and how their scores are combined."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tiny_network import data, network, saved_weights

from costmodel.errors import OptionError
from search.data.folder import StoredVideos
from search.data.views import View
from search.train.evaluate import Views, at_test_crop, on_clips, view_scores, views_of
from search.train.forms import form_of


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return saved_weights(tmp_path)


def test_views_are_read_from_text():
    assert views_of("10x3") == Views(10, 3)
    assert views_of("5") == Views(5, 1)


@pytest.mark.parametrize("text", ["0x1", "2x2", "x3", "ten"])
def test_wrong_views_are_named(text: str):
    with pytest.raises(OptionError) as error:
        views_of(text)
    expected = "expected KxC such as 10x1 or 10x3, C being 1 or 3 crops, or `all` or `sliding` in place of K"
    assert str(error.value) == f"--views: {text!r}, {expected}"


def test_three_crops_run_at_the_whole_shorter_side_and_cost_more():
    wide = at_test_crop(network(), 3)
    assert (wide.source.height, wide.source.width) == (16, 16)
    assert at_test_crop(network(), 1) is network()


def test_cost_is_that_of_a_view_times_their_number(weights: Path):
    one, six = (on_clips(network(), weights, data(), views) for views in (Views(), Views(2, 3)))
    macs = 4 * 7 * 7 * 27 * 4 + 4 * 7 * 7 * 3 * 4 * 6 + 6 * 12
    assert (one.macs, one.macs_per_view) == (macs, macs)
    assert six.macs == 6 * six.macs_per_view > 6 * macs


def test_softmax_scores_are_averaged_over_views(weights: Path):
    running = form_of(network(), "clip")
    both, _ = view_scores(running, data().validation, Views(2))
    assert np.allclose(both.sum(1), 1, atol=1e-5)
    single, _ = view_scores(running, data().validation, Views(1))
    assert not np.allclose(both, single)


def test_views_across_see_other_parts_of_a_wide_video():
    random = np.random.default_rng(0)
    video = random.integers(0, 255, (8, 16, 48, 1)).astype(np.uint8)
    videos = StoredVideos([video, video[:, :, ::-1]], np.array([0, 1]))
    running = form_of(at_test_crop(network(), 3), "clip")
    three, _ = view_scores(running, videos, Views(1, 3))
    assert not np.allclose(three[0], three[1])


def test_all_clips_do_not_overlap_and_sliding_ones_start_at_every_frame_of_the_network():
    view = View(4, Fraction(2), 14, 14)  # video frames 0, 2, 4, 6
    assert views_of("all").starts(view, 24).tolist() == [0, 8, 16]
    assert views_of("all").starts(view, 23).tolist() == [0, 8, 16]
    assert views_of("all").starts(view, 22).tolist() == [0, 8]
    assert views_of("sliding").starts(view, 12).tolist() == [0, 2, 4]
    assert views_of("allx3").starts(view, 3).tolist() == [0]


def test_the_scores_of_videos_of_unequal_length_are_their_own_clips():
    random = np.random.default_rng(0)
    videos = [random.integers(0, 255, (length, 14, 14, 1)).astype(np.uint8) for length in (24, 8)]
    form = form_of(network(), "clip")
    both, number = view_scores(form, StoredVideos(videos, np.array([0, 1])), views_of("all"))
    assert number == 2
    for each, scores in zip(videos, both, strict=True):
        alone = [
            view_scores(form, StoredVideos([each[at : at + 7]], np.array([0])), Views())[0][0]
            for at in range(0, len(each), 8)
        ]
        assert np.allclose(scores, np.mean(alone, axis=0), atol=1e-6)
        highest, _ = view_scores(form, StoredVideos([each], np.array([0])), views_of("all", "max"))
        assert np.allclose(highest[0], np.max(alone, axis=0), atol=1e-6)
