"""A trained network frame by frame: while it warms up, once warm, with longer pools, through noise."""

from pathlib import Path

import numpy as np
import pytest
import torch
from old_weights import save_old
from tiny_network import SPEC, data, network, saved_weights

from costmodel.errors import OptionError
from costmodel.spec import elaborate
from costmodel.spec.document import from_text
from costmodel.transforms.continual import Continual, continual
from search.data import open_data
from search.train.evaluate import Views, on_clips
from search.train.forms import form_of
from search.train.streaming import Streamed, with_pools


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return saved_weights(tmp_path)


def test_videos_too_short_for_a_trial_are_marked_in_its_row(weights: Path):
    short = open_data("digits:train=24,val=24,length=15")  # 8 frames of the network, one in two
    streamed = Streamed(continual(network()), weights, short)
    assert [row["looped"] for row in streamed.transient(("zeros",), (6, 8, 9))] == [0, 0, 24]
    (pool,) = with_pools(network(), Continual(), (8,), weights, short)
    assert pool["looped"] == 24
    assert on_clips(network(), weights, open_data("digits:train=24,val=3,length=6"), Views()).looped == 3


def test_videos_that_end_before_the_first_answer_are_looped_in_every_row_and_never_answered_whole(
    weights: Path,
):
    streamed = Streamed(continual(network()), weights, open_data("digits:train=24,val=3,length=4"))
    assert streamed.delay + 1 > 2
    assert [row["looped"] for row in streamed.transient(("zeros",))] == [3] * len(streamed.frames_seen())
    assert (streamed.answers_videos, streamed.by_tenth(), streamed.erased()) == (False, [], [])


def test_a_network_that_remembers_for_ever_is_never_steady(tmp_path: Path):
    spec = SPEC.replace("  - linear", "  - lstm: {channels: 5}\n  - linear").replace("global_pool", "spatial")
    spec = spec.replace("spatial", "avg_pool: {kernel: [1, all, all]}")
    graph = elaborate(from_text(spec, "recurrent"))
    save_old(form_of(graph, "clip").network, tmp_path / "w.pt")
    streamed = Streamed(continual(graph), tmp_path / "w.pt", data())
    assert streamed.warmup is None
    assert streamed.frames_seen() == (3, 4, 5, 6, 7, 8)
    assert 0 <= streamed.row(8)["zeros"] <= 1
    assert with_pools(graph, Continual(), (4, 8), tmp_path / "w.pt", data()) == []


def test_a_warm_stream_answers_as_its_clip_without_padding(weights: Path):
    streamed = Streamed(continual(network()), weights, data())
    clips = torch.randn(3, 1, streamed.steady, 14, 14)
    (whole,) = streamed._last([clips])
    streamed.network.reset()
    steps, _ = streamed.network.forward_steps(clips)
    torch.testing.assert_close(steps[..., -1], whole)


@pytest.mark.parametrize("frames", [7, 8, 9, 12, 13, 14])
def test_a_stream_with_strides_in_time_answers_a_clip_as_it_answers_frames(tmp_path: Path, frames: int):
    spec = SPEC.replace("stride: [1, 2, 2]", "stride: [2, 2, 2]").replace(
        "kernel: [3, 1, 1]", "kernel: [3, 1, 1], stride: [2, 1, 1]"
    )
    graph = elaborate(from_text(spec, "strided"), None, {"frames": 8})
    save_old(form_of(graph, "clip").network, tmp_path / "w.pt")
    streamed = Streamed(continual(graph, pool=2), tmp_path / "w.pt", data())
    clips = torch.randn(2, 1, frames, 14, 14)
    (once,) = streamed._last([clips])
    streamed.network.reset()
    steps, _ = streamed.network.forward_steps(clips)
    torch.testing.assert_close(once, steps[..., -1])


def test_frames_seen_start_at_the_first_answer_and_pass_the_warm_up(weights: Path):
    streamed = Streamed(continual(network()), weights, data())
    seen = streamed.frames_seen()
    assert (streamed.delay, streamed.warmup, streamed.steady) == (5, 7, 8)
    assert seen == (6, 7, 8, 9, 10)


def test_both_initialisations_agree_once_warm_and_differ_before(weights: Path):
    streamed = Streamed(continual(network()), weights, data())
    clips = torch.randn(2, 1, 8, 14, 14)
    answers = {}
    for init in ("zeros", "replicate"):
        streamed.network.init = init
        answers[init] = streamed._last([clips[:, :, :frames] for frames in (6, 8)])
    early, warm = zip(*answers.values(), strict=True)
    assert not torch.allclose(*early)
    torch.testing.assert_close(*warm)


def test_clips_of_other_lengths_side_by_side_are_answered_as_each_alone(tmp_path: Path):
    spec = SPEC.replace("  - linear", "  - gru: {channels: 5}\n  - linear")
    graph = elaborate(from_text(spec.replace("global_pool", "avg_pool: {kernel: [1, all, all]}"), "gru"))
    save_old(form_of(graph, "clip").network, tmp_path / "w.pt")
    streamed = Streamed(continual(graph), tmp_path / "w.pt", data())
    clips = [torch.randn(2, 1, frames, 14, 14) for frames in (6, 3, 8, 3)]
    alone = [streamed._last([each])[0] for each in clips]
    torch.testing.assert_close(streamed._last(clips), alone)


def test_a_stream_has_no_answer_before_its_delay(weights: Path):
    streamed = Streamed(continual(network()), weights, data())
    with pytest.raises(OptionError) as error:
        streamed.after(5, "zeros")
    assert str(error.value) == "5 frames: the stream has no answer yet, expected 6 or more"


def test_longer_pools_see_more_frames_at_no_more_macs(weights: Path):
    rows = with_pools(network(), Continual(), (4, 8), weights, data())
    assert [row["receptive_field"] for row in rows] == [8, 12]
    assert rows[0]["macs_per_frame"] == rows[1]["macs_per_frame"]


def test_tenths_before_the_first_answer_are_left_out(weights: Path):
    rows = Streamed(continual(network()), weights, data()).by_tenth()
    assert [row["tenth"] for row in rows] == list(range(3, 11))  # 20 frames, the first answer at frame 5


def test_noise_in_the_middle_leaves_the_end_as_it_was(weights: Path):
    streamed = Streamed(continual(network()), weights, data())
    plain, noisy = streamed._whole_videos((0, 10))
    assert np.allclose(plain[:, :, -1], noisy[:, :, -1], atol=1e-5)
    assert not np.allclose(plain[:, :, 5], noisy[:, :, 5])
    assert [row["erased"] for row in streamed.erased((0, 60))] == [0, 60]
