"""A camera of Video4Linux: its driver's part is played by `camera.c`, the rest is as with a real one."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tiny_network import SPEC, saved_weights

ROOT = Path(__file__).parents[3]
PLACE = "/dev/video7"

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("gcc") is None, reason="needs Linux and gcc"
)


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of a process that has a camera at `PLACE`."""
    library = tmp_path_factory.mktemp("camera") / "camera.so"
    source = Path(__file__).with_name("camera.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    path = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    return os.environ | {"LD_PRELOAD": str(library), "CAMERA": PLACE, "PYTHONPATH": path}


def test_frames_come_with_their_times_and_colours(camera: Mapping[str, str]):
    script = """
import av
from itertools import islice
from search.live.sources import frames_of
av.logging.set_level(av.logging.WARNING)
held = list(islice(frames_of('camera:7'), 8))
for seconds, pixels in held:
    shown = pixels()
    print(float(seconds), *shown.shape, shown.mean())
"""
    command = [sys.executable, "-c", script]
    told = subprocess.run(command, env=camera, check=True, capture_output=True, text=True, timeout=120)
    rows = [[float(each) for each in line.split()] for line in told.stdout.splitlines()]
    assert [row[0] for row in rows] == pytest.approx([at / 30 for at in range(8)], abs=2e-3)
    assert {tuple(row[1:4]) for row in rows} == {(48.0, 64.0, 3.0)}
    # the driver's luma is 16 and four more each frame, of 219 steps to white; conversion cuts off
    assert [row[4] for row in rows] == pytest.approx([4 * at * 255 / 219 - 1 for at in range(8)], abs=1.1)
    # such as that frames outlive the camera whose memory they lie in, which FFmpeg does not
    assert told.stderr == ""


def test_a_camera_that_is_pulled_out_and_put_back_begins_its_stream_anew(
    camera: Mapping[str, str], tmp_path: Path
):
    (tmp_path / "tiny.yaml").write_text(SPEC)
    weights = ("--weights", saved_weights(tmp_path))
    how = ("--backend", "eager", "--device", "cpu", "--threads", 1, "--fps", 30, "--seconds", 60)
    source = ("--source", "camera:7", "--format", "json")
    command = [sys.executable, ROOT / "cli.py", "stream", tmp_path / "tiny.yaml", *weights, *source, *how]
    process = subprocess.Popen(
        list(map(str, command)),
        env=camera | {"CAMERA_FRAMES": "30"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    rows: list[dict[str, object]] = []
    assert process.stdout is not None
    for line in process.stdout:
        rows.append(json.loads(line))
        if [row["frames"] for row in rows].count(6) == 2:
            process.send_signal(signal.SIGINT)
            break
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    # a frame in two; the first answer behind the delay of five
    assert {row["source"] for row in rows} == {"camera:7"}
    seen = [int(str(row["frames"])) for row in rows]
    assert (seen[0], seen[-1]) == (6, 6)
    # where the machine is busy a tick may find no frame
    assert seen[:-1] == sorted(set(seen[:-1]))
    assert (rows[-2]["phase"], rows[-1]["phase"]) == ("steady", "warm-up")
    assert "warning: camera:7: breaks off (no such device)" in told
    assert "note: camera:7: joined 2 times, its stream begun anew each time" in told
