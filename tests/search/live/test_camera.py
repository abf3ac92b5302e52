"""A camera of Video4Linux: its driver's part is played by `camera.c`, the rest is as with a real one."""

import json
import os
import shutil
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


def run(camera: Mapping[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, env=camera, check=True, capture_output=True, text=True, timeout=120)


def test_frames_come_with_their_times_and_colours(camera: Mapping[str, str]):
    told = run(
        camera,
        "-c",
        "import av\n"
        "from itertools import islice\n"
        "from search.live.sources import frames_of\n"
        "av.logging.set_level(av.logging.WARNING)\n"
        "held = list(islice(frames_of('camera:7'), 8))\n"
        "for seconds, pixels in held:\n"
        "    shown = pixels()\n"
        "    print(float(seconds), *shown.shape, shown.mean())",
    )
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
    how = ("--backend", "eager", "--device", "cpu", "--threads", 1, "--fps", 30, "--seconds", 3)
    source = ("--source", "camera:7", "--format", "json")
    arguments = (ROOT / "cli.py", "stream", tmp_path / "tiny.yaml", *weights, *source, *how)
    told = run(camera | {"CAMERA_FRAMES": "30"}, *arguments)
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    # a frame in two; the first answer behind the delay of five
    assert {row["source"] for row in rows} == {"camera:7"}
    assert rows[0]["frames"] == 6
    anew = [at for at in range(1, len(rows)) if rows[at]["frames"] < rows[at - 1]["frames"]]
    assert len(anew) == 1
    assert rows[anew[0]]["frames"] == 6
    assert rows[anew[0]]["phase"] == "warm-up"
    assert "warning: camera:7: breaks off (no such device)" in told.stderr
    assert "note: camera:7: joined 2 times, its stream begun anew each time" in told.stderr
