"""Evaluation of a tiny network on clips and frame by frame, and the commands that train and evaluate."""

import json
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from old_weights import save_old

import cli
from costmodel.errors import OptionError
from costmodel.graph import Graph
from costmodel.spec import elaborate
from costmodel.spec.document import from_text
from costmodel.transforms.continual import Continual, continual
from reports.evaluation import StreamAccuracy, draw, files_of, phase, table
from search.data import Data, View, open_data
from search.data.folder import StoredVideos
from search.train.evaluate import Views, at_test_crop, on_clips, view_scores, views_of
from search.train.forms import form_of
from search.train.streaming import Streamed, with_pools

SPEC = """
input: {channels: 1, time: frames, height: crop, width: crop, every: 2}
sizes: {frames: 4, classes: 12, crop: 14}
network:
  - conv: {name: stem, channels: 4, kernel: [3, 3, 3], stride: [1, 2, 2]}
  - relu
  - conv: {channels: 6, kernel: [3, 1, 1]}
  - global_pool
  - linear: {name: fc, channels: classes}
"""


@cache
def network() -> Graph:
    return elaborate(from_text(SPEC, "tiny"))


@cache
def data() -> Data:
    return open_data("digits:train=24,val=24,length=40")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save_old(form_of(network(), "clip").network, tmp_path / "weights.pt")
    return tmp_path / "weights.pt"


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
    whole = streamed._last(clips)
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
    once = streamed._last(clips)
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
        answers[init] = [streamed._last(clips[:, :, :frames]) for frames in (6, 8)]
    early, warm = zip(*answers.values(), strict=True)
    assert not torch.allclose(*early)
    torch.testing.assert_close(*warm)


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
    plain, noisy = (streamed._whole_videos(percent) for percent in (0, 10))
    assert np.allclose(plain[:, :, -1], noisy[:, :, -1], atol=1e-5)
    assert not np.allclose(plain[:, :, 5], noisy[:, :, 5])
    assert [row["erased"] for row in streamed.erased((0, 60))] == [0, 60]


def found() -> StreamAccuracy:
    errors = {"zeros_error": 0.1, "replicate_error": 0.1, "looped": 0}
    seen = [{"frames": frames, "zeros": frames / 20, "replicate": 0.4} | errors for frames in (6, 7, 8, 9)]
    return StreamAccuracy("tiny", 0.5, 0.1, 5, 7, seen, tenths=[{"tenth": 3, "accuracy": 0.4}])


def test_the_table_says_where_each_number_of_frames_stands():
    rows = table(found())
    columns = ["frames", "zeros", "zeros_error", "replicate", "replicate_error", "phase", "looped"]
    assert list(rows.columns) == columns
    assert rows["phase"].tolist() == ["first answer", "transient", "steady", "steady"]
    assert phase(found(), 7) == "transient"


def test_the_title_has_seconds_where_the_weights_know_their_rate():
    assert found().title == (
        "tiny: clip network 50.0% +- 10.0%; computed: first answer after 6 frames, warm after 8"
    )
    timed = replace(found(), frame_rate=12.5)
    assert timed.title.endswith("first answer after 6 frames (0.48 s), warm after 8 (0.64 s)")
    assert replace(timed, warmup=None).title.endswith("(0.48 s), never warm: it remembers all frames")
    assert timed.as_json()["frame_rate"] == 12.5


def test_the_drawing_marks_delay_warm_up_and_the_clip_network():
    axis = draw(found()).axes[0]
    assert {text.get_text() for text in axis.texts} == {"first answer: 6", "warm: 8"}
    labels = axis.get_legend_handles_labels()[1]
    assert "clip network" in labels
    assert len(labels) == 3


def test_files_are_a_table_and_two_drawings():
    files = files_of(found())
    assert sorted(files) == ["transient.csv", "transient.png", "transient.svg"]
    assert files["transient.png"].startswith(b"\x89PNG")


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = cli.main([str(each) for each in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_commands_train_and_evaluate(tmp_path: Path, capsys):
    spec = tmp_path / "tiny.yaml"
    spec.write_text(SPEC.replace("classes: 12", "classes: 99"))
    common = ("--data", "digits:train=24,val=24", "--threads", torch.get_num_threads(), "--format", "json")
    code, out, err = command(
        capsys, "train", spec, *common, "--recipe", "digits", "--epochs", 1, "--out", tmp_path / "run"
    )
    assert code == 0
    assert json.loads(out)["epochs"] == 1
    assert "epoch 1/1: loss" in err
    weights = ("--weights", tmp_path / "run" / "weights.safetensors")
    more = ("--views", "2x1", "--per-class", "--confusion")
    code, out, _ = command(capsys, "evaluate", spec, *weights, *common, *more)
    row = json.loads(out)
    assert (code, row["views"]) == (0, 2)
    assert row["accuracy"] == pytest.approx(sum(each["recall"] for each in row["classes"]) / 12)
    assert sum(each["videos"] for each in row["confusion"]) == round(24 * (1 - row["accuracy"]))
    options = ("--stepwise", "--pool", 6, "--init", "zeros", "--out", tmp_path / "plots")
    code, out, _ = command(capsys, "evaluate", spec, *weights, *common, *options)
    result = json.loads(out)
    assert code == 0
    assert (result["delay"], result["warmup"]) == (7, 9)
    assert [row["pool"] for row in result["pools"]] == [4, 6]
    assert list(result["transient"][0]) == ["frames", "zeros", "zeros_error", "looped"]
    assert (tmp_path / "plots" / "transient.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("evaluate", "digits", "--weights", "no.pt", "--data", "digits:val=4"),
            "no.pt: there is no such file",
        ),
        (
            ("train", "digits", "--data", "nowhere"),
            "--data nowhere: neither a folder nor a known data set; expected a path, or `digits`",
        ),
        (
            ("train", "digits", "--data", "digits", "--recipe", "x"),
            "--recipe: unknown 'x' (known: atfr, d3d, d3d_rnn, digits, efficient3d, "
            "efficient3d_finetune, x3d)",
        ),
    ],
)
def test_wrong_input_is_one_line_and_code_2(arguments: tuple[str, ...], message: str, capsys):
    code, out, err = command(capsys, *arguments)
    assert (code, out, err.splitlines()[-1]) == (2, "", f"error: {message}")
