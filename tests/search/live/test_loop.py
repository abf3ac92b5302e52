import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from encoded import encode, shown
from live_networks import RATE, VIEW, live, scores_of, stream

from costmodel.emit.state import StreamState
from costmodel.errors import DataError
from search.data.file_videos import FileVideos
from search.data.views import View, centre_clips
from search.live.loop import STEADY, TRANSIENT, WARM_UP, Answer
from search.live.sources import PERIOD
from search.video.recording import recording


def by_recording(answers: list[Answer]) -> dict[str, list[Answer]]:
    return {
        name: [each for each in answers if each.fed.recording == name]
        for name in {each.fed.recording for each in answers}
    }


def expected(path: Path, frames: int) -> torch.Tensor:
    """What the stream answers to a video as evaluation takes it."""
    videos = FileVideos([recording(path, Fraction(30))], np.zeros(1, np.int64), Fraction(30))
    clips = centre_clips(
        videos, np.array([0]), View(frames, Fraction(2), VIEW.height, VIEW.width), at=Fraction(0)
    )
    stream().reset()
    with torch.no_grad():
        found, _ = stream().forward_steps(clips)
    return torch.softmax(found[0].T, 1)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("live")
    return [
        encode(folder / "a.mp4", shown(60)),
        encode(folder / "b.webm", shown(25, 40, 40, 9), "libvpx-vp9", 25),
        encode(folder / "c.mp4", shown(44, 48, 32, 77)),
    ]


def test_chunks_answer_each_frame_as_single_steps_do_the_last_ones_too(videos: list[Path]):
    one, four = (list(live(str(videos[0]), chunk=chunk).answers()) for chunk in (1, 4))
    torch.testing.assert_close(scores_of(four), scores_of(one))
    for given in ("about", "frames", "phase"):
        assert [getattr(each, given) for each in four] == [getattr(each, given) for each in one]


def test_a_frame_waits_for_no_other_of_its_cycle(monkeypatch: pytest.MonkeyPatch, videos: list[Path]):
    running, steps = live(str(videos[0]), stride=4), list[int]()
    chunk = running.runner.chunk

    def seen(frames: torch.Tensor, state: StreamState) -> object:
        steps.append(frames.shape[2])
        return chunk(frames, state)

    monkeypatch.setattr(running.runner, "chunk", seen)
    frames = len(list(running.answers()))
    assert running.network.cycle == 4
    assert steps == [1] * frames


def test_answers_are_those_of_evaluation(videos: list[Path]):
    answers = list(live(str(videos[0])).answers())
    assert len(answers) == 30
    torch.testing.assert_close(scores_of(answers), expected(videos[0], 30))


def test_phases_are_marked_by_what_was_computed(videos: list[Path]):
    running = live(str(videos[0]))
    answers = list(running.answers())
    assert [each.phase for each in answers[: running.delay]] == [TRANSIENT] * running.delay
    assert all(each.scores is None for each in answers[: running.delay])
    first = next(each for each in answers if each.scores is not None)
    assert (first.frames, first.phase, first.about) == (running.delay + 1, WARM_UP, 0)
    assert next(each.frames for each in answers if each.phase == STEADY) == running.steady
    assert all(each.latency > 0 for each in answers)


def test_each_source_of_a_batch_is_as_alone_and_begins_anew_alone(videos: list[Path], tmp_path: Path):
    folder = tmp_path / "both"
    folder.mkdir()
    for video in videos[1:]:
        (folder / video.name).symlink_to(video)
    answers = list(live(str(videos[0]), str(folder)).answers())
    found = by_recording(answers)
    assert len(found) == 3
    for name, mine in found.items():
        torch.testing.assert_close(scores_of(mine), expected(Path(name), len(mine)))
        assert mine[0].fed.starts
        assert mine[0].frames == 1


def test_made_up_frames_that_come_again_are_answered_to_the_same_bit():
    answers = list(live(f"synthetic:{2 * 5 * PERIOD}:20x20").answers())
    scores = scores_of(answers)
    period = PERIOD // 2  # at half of their rate
    assert torch.equal(scores[-period:], scores[-2 * period : -period])
    assert len(answers) == 5 * PERIOD


def test_what_comes_faster_than_it_is_answered_is_dropped_and_counted(
    videos: list[Path], monkeypatch: pytest.MonkeyPatch
):
    running = live(str(videos[2]), is_live=True)
    chunk = running.runner.chunk

    def slow(frames, state):
        time.sleep(2.2 / float(RATE))
        return chunk(frames, state)

    monkeypatch.setattr(running.runner, "chunk", slow)
    answers = list(running.answers())
    (feed,) = running.feeds
    assert feed.dropped >= 5
    assert len(answers) + feed.dropped == 22


def test_a_source_that_keeps_time_takes_as_long_as_it_is(videos: list[Path]):
    running = live(str(videos[1]), is_live=True)
    start = time.perf_counter()
    answers = list(running.answers())
    assert 0.8 < time.perf_counter() - start < 3
    assert len(answers) + running.feeds[0].dropped == 15


def test_a_video_that_cannot_be_read_is_told_and_the_next_one_played(videos: list[Path], tmp_path: Path):
    (tmp_path / "a.mp4").write_text("broken")
    (tmp_path / "b.mp4").symlink_to(videos[2])
    running = live(str(tmp_path))
    assert len(list(running.answers())) == 22
    assert running.feeds[0].troubles == [
        f"{tmp_path / 'a.mp4'}: not a video (invalid data found when processing input)"
    ]


def test_it_ends_after_the_seconds_that_were_asked_for():
    running = live("synthetic:1000000")
    assert next(iter(running.answers(0.2))) is not None
    assert len(list(live("synthetic:1000000").answers(0.2))) < 100_000


def test_where_no_source_can_be_opened_it_ends_with_the_reason(tmp_path: Path):
    (tmp_path / "a.mp4").write_text("broken")
    for source, told in ((str(tmp_path), "a.mp4: not a video"), ("camera:99", "camera:99: cannot be opened")):
        with pytest.raises(DataError, match=told):
            list(live(source).answers())
