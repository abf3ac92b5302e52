import threading
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from encoded import encode, shown

from costmodel.errors import DataError, OptionError
from search.live.sources import PERIOD, frames_of, source_of


def test_a_folder_is_played_video_by_video(tmp_path: Path):
    for name in ("b/2.mp4", "a/1.webm", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = source_of(str(tmp_path))
    assert [Path(each).name for each in found.recordings] == ["1.webm", "2.mp4"]
    assert not found.is_live


@pytest.mark.parametrize("text", ["camera:0", "rtsp://door/1", "https://example.org/a.m3u8"])
def test_what_comes_live_is_known_by_its_name(text: str):
    assert source_of(text).is_live


@pytest.mark.parametrize(
    ("text", "told"), [("gone.mp4", "'gone.mp4' is not there"), (".", "no videos in it")]
)
def test_what_is_no_source_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OptionError, match=told):
        source_of(text)


def test_a_camera_that_is_not_there_is_named():
    with pytest.raises(
        DataError, match=r"camera:99: cannot be opened \(.*\); expected a camera at /dev/video99"
    ):
        list(frames_of("camera:99"))


def test_made_up_frames_come_again():
    frames = [frame() for _, frame in frames_of(f"synthetic:{PERIOD + 2}:20x10")]
    assert frames[0].shape == (10, 20, 3)
    assert np.array_equal(frames[0], frames[PERIOD])
    assert not np.array_equal(frames[0], frames[1])


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    encode(tmp_path / "a.mp4", shown(6))
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_address_is_read_and_leads_to_no_file_here(address: str):
    found = list(frames_of(f"{address}/a.mp4"))
    assert [seconds for seconds, _ in found] == [Fraction(number, 30) for number in range(6)]
    assert np.array_equal(found[5][1](), shown(6)[5])
    for name in ("gone.mp4", "list.m3u8"):
        with pytest.raises(DataError, match=rf"{name}: (cannot be opened|breaks off|has no video)"):
            list(frames_of(f"{address}/{name}"))


def test_a_file_that_is_read_from_its_end_on_needs_a_server_that_sends_parts(address: str, tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 255, (12, 128, 128, 3)).astype(np.uint8)
    encode(tmp_path / "long.mp4", noise, "libx264")
    with pytest.raises(DataError, match=r"breaks off \(.*\); expected an MP4 whose index comes first"):
        list(frames_of(f"{address}/long.mp4"))
