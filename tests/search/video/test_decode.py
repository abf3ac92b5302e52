from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from encoded import encode, shown, turned

from search.video import decode, frames_at, probe


def plain(path: Path) -> tuple[list[Fraction], np.ndarray]:
    """Every frame, decoded from the first to the last, and its seconds."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        times = [(frame.pts - frames[0].pts) * frame.time_base for frame in frames]
        return times, np.stack([frame.to_ndarray(format="rgb24") for frame in frames])


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, frames = tmp_path_factory.mktemp("videos"), shown(50)
    uneven = np.cumsum([0, *np.random.default_rng(0).integers(10, 90, 49)]).tolist()
    made = {
        "rgb.mp4": encode(folder / "rgb.mp4", frames),
        "h264.mp4": encode(folder / "h264.mp4", frames, "libx264", 25),
        "h264.ts": encode(folder / "h264.ts", frames, "libx264", 25),
        "mpeg4.avi": encode(folder / "mpeg4.avi", frames, "mpeg4", 24),
        "vp9.webm": encode(folder / "vp9.webm", frames, "libvpx-vp9", 60),
        "uneven.mp4": encode(folder / "uneven.mp4", frames, "libx264", times=uneven),
        "uneven.webm": encode(folder / "uneven.webm", frames, "libvpx-vp9", times=uneven),
    }
    encode(folder / "turned.mp4", frames)
    return made | {"turned.mp4": turned(folder / "turned.mp4", 1)}


KINDS = ["rgb.mp4", "h264.mp4", "h264.ts", "mpeg4.avi", "vp9.webm", "uneven.mp4", "uneven.webm"]


@pytest.mark.parametrize("kind", KINDS)
def test_frames_are_those_of_a_plain_decoding_wherever_one_starts(videos: dict[str, Path], kind: str):
    times, every = plain(videos[kind])
    for part in (range(50), range(30, 50, 3), (44, 3, 3, 29), (49,)):
        found = frames_at(videos[kind], [times[number] for number in part], probe(videos[kind]).start)
        assert np.array_equal(np.stack(found.frames), every[list(part)])
        assert found.missing == found.broken == 0


def test_a_clip_may_start_at_frames_that_are_shown_before_the_keyframe_ahead_of_them(videos: dict[str, Path]):
    times, every = plain(videos["h264.mp4"])
    for number in range(9, 30):
        found = frames_at(videos["h264.mp4"], [times[number]], probe(videos["h264.mp4"]).start)
        assert np.array_equal(found.frames[0], every[number])


def test_a_lossless_video_is_read_back_to_the_pixel(videos: dict[str, Path]):
    found = frames_at(videos["rgb.mp4"], [Fraction(number, 30) for number in range(50)])
    assert np.array_equal(np.stack(found.frames), shown(50))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [7, 25, 30])
def test_a_moment_between_frames_shows_the_nearest(videos: dict[str, Path], kind: str, rate: int):
    times, every = plain(videos[kind])
    moments = [Fraction(number, rate) + Fraction(1, 3) for number in range(int(float(times[-1]) * rate) - 2)]
    nearest = [min(range(50), key=lambda at: (abs(times[at] - moment), at)) for moment in moments]
    found = frames_at(videos[kind], moments, probe(videos[kind]).start)
    assert np.array_equal(np.stack(found.frames), every[nearest])


def test_a_turned_video_is_read_upright(videos: dict[str, Path]):
    found, known = frames_at(videos["turned.mp4"], [Fraction(1)]), probe(videos["turned.mp4"])
    # a quarter clockwise
    assert np.array_equal(found.frames[0], np.rot90(shown(50)[30], -1))
    assert (known.height, known.width) == (48, 32)


@pytest.mark.parametrize("kind", ["rgb.mp4", "h264.mp4", "mpeg4.avi", "vp9.webm"])
def test_no_more_is_decoded_than_from_the_keyframe_to_the_last_frame(videos: dict[str, Path], kind: str):
    times, _ = plain(videos[kind])
    with av.open(str(videos[kind])) as container:
        keys = [number for number, frame in enumerate(container.decode(video=0)) if frame.key_frame]
    for last in (5, 23, 24, 40, 49):
        key = max(number for number in keys if number <= last - 2)
        found = frames_at(videos[kind], [times[last - 2], times[last]], probe(videos[kind]).start)
        assert found.decoded <= last - key + 1


def test_frames_far_apart_are_each_decoded_from_their_own_keyframe(tmp_path: Path):
    path = encode(tmp_path / "a.mp4", shown(60), gop=1)
    assert frames_at(path, [Fraction(number, 30) for number in range(0, 60, 10)]).decoded == 6


def test_behind_the_end_the_last_frame_stands_and_is_counted(videos: dict[str, Path]):
    found = frames_at(videos["rgb.mp4"], [Fraction(49, 30), Fraction(51, 30), Fraction(3)])
    assert all(np.array_equal(frame, shown(50)[-1]) for frame in found.frames)
    assert found.missing == 1


def test_of_a_frame_a_part_is_kept(videos: dict[str, Path]):
    found = frames_at(videos["rgb.mp4"], [Fraction(0)], keep=lambda frame: frame[:2, 5:9])
    assert found.frames[0].shape == (2, 4, 3)


def test_a_clip_decodes_no_more_than_a_bound_and_a_stream_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = encode(tmp_path / "a.mp4", shown(24))
    monkeypatch.setattr(decode, "MOST_DECODED", 9)
    assert len(list(decode.stream_frames(path))) == 24
    assert frames_at(path, [Fraction(23, 30)]).decoded == 10
