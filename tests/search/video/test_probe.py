"""What is known of good videos, and what is said of broken and hostile ones."""

import os
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from encoded import encode, shown, sound

from costmodel.errors import DataError
from search.video import frames_at, probe


def message(path: Path) -> str:
    with pytest.raises(DataError) as error:
        probe(path)
    told = str(error.value)
    assert "\n" not in told
    return told.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.mp4", "libx264", 25),
        ("a.avi", "mpeg4", 24),
        ("a.webm", "libvpx-vp9", 60),
        ("a.mkv", "libx264", 30),
    ],
)
def test_size_length_and_rate_are_known(tmp_path: Path, name: str, codec: str, rate: int):
    found = probe(encode(tmp_path / name, shown(20), codec, rate))
    assert (found.height, found.width, found.rate, found.damage) == (32, 48, rate, "")
    assert abs(found.seconds - Fraction(20, rate)) <= Fraction(1, 1000)


def test_the_sound_of_a_video_does_not_make_it_longer(tmp_path: Path):
    found = probe(encode(tmp_path / "a.mp4", shown(9), "libx264", sound=True))
    assert found.seconds == Fraction(9, 30)


def test_a_video_of_one_frame(tmp_path: Path):
    path = encode(tmp_path / "a.mp4", shown(1))
    assert probe(path).seconds == Fraction(1, 30)
    assert len(frames_at(path, [Fraction(0), Fraction(1)]).frames) == 2


def test_what_is_no_video_is_said_in_one_line(tmp_path: Path):
    whole = encode(tmp_path / "whole.mp4", shown(9)).read_bytes()
    (tmp_path / "empty.mp4").touch()
    assert message(tmp_path / "empty.mp4") == "is empty, expected a video"
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])
    assert message(tmp_path / "half.mp4") == "not a video (invalid data found when processing input)"
    assert message(sound(tmp_path / "sound.mp4")) == "has no video, sound alone"
    assert message(tmp_path / "none.mp4") == "not a video (no such file or directory)"
    os.mkfifo(tmp_path / "pipe.mp4")
    assert message(tmp_path / "pipe.mp4") == "not a video (is a named pipe, expected a file)"


def test_a_playlist_that_calls_itself_a_video_opens_nothing(tmp_path: Path):
    encode(tmp_path / "other.ts", shown(3), "libx264")
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\nother.ts\n")
    (tmp_path / "parts.mp4").write_text("ffconcat version 1.0\nfile other.ts\n")
    for name in ("list.mp4", "parts.mp4"):
        assert message(tmp_path / name).startswith("not a video (invalid ")


def with_index_ahead(path: Path) -> bytes:
    """An MP4 as it is sent over the net: cut off, it still knows what it should hold."""
    import av

    with (
        av.open(str(path)) as whole,
        av.open(str(path) + ".mp4", "w", options={"movflags": "faststart"}) as out,
    ):
        stream = out.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    return Path(str(path) + ".mp4").read_bytes()


def noisy(number: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (number, 32, 48, 3), dtype=np.uint8)


def test_a_video_cut_off_ends_where_its_frames_do(tmp_path: Path):
    whole = with_index_ahead(encode(tmp_path / "whole.mp4", noisy(60)))
    path = tmp_path / "half.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    found = probe(path)
    assert Fraction(20, 30) < found.seconds < Fraction(40, 30)
    assert re.fullmatch(r"ends at [01]\.\d s of 2\.0 s", found.damage)
    assert len(frames_at(path, [Fraction(1, 30), Fraction(59, 30)]).frames) == 2


def test_frames_broken_in_the_middle_are_bridged(tmp_path: Path):
    content = bytearray(encode(tmp_path / "a.avi", noisy(30), "mpeg4").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = bytes(4000)
    (tmp_path / "a.avi").write_bytes(content)
    assert len(frames_at(tmp_path / "a.avi", [Fraction(number, 30) for number in range(30)]).frames) == 30


def patched(path: Path, change: Callable[[bytearray], None]) -> Path:
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("side", "told"), [(5000, "5000 x 5000"), (100_000, "0 x 0")])
def test_an_enormous_frame_is_refused_by_what_it_says(tmp_path: Path, side: int, told: str):
    def enormous(content: bytearray) -> None:
        at = content.index(b"strf") + 8  # the picture's header: its own size, width, height
        content[at + 4 : at + 12] = side.to_bytes(4, "little") * 2

    path = patched(encode(tmp_path / "a.avi", shown(2), "rawvideo"), enormous)
    # what FFmpeg itself takes for impossible it gives no size
    assert message(path) == f"frames of {told} pixels, expected 1 to 16777216 pixels"


def test_a_million_frames_that_are_not_there_cost_nothing(tmp_path: Path):
    def million(content: bytearray) -> None:
        at = content.index(b"stts") + 8  # how many frames, of which length
        content[at + 4 : at + 8] = (1_000_000).to_bytes(4, "big")
        for box, place in ((b"mvhd", 16), (b"mdhd", 16), (b"tkhd", 20)):
            start = content.index(box) + 4 + place
            content[start : start + 4] = (1_000_000_000).to_bytes(4, "big")

    path = patched(encode(tmp_path / "a.mp4", shown(9)), million)
    assert probe(path).seconds == Fraction(9, 30)
