import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
from encoded import encode, shown

from search.video.decoders import Decoders
from search.video.recording import Recording, recording

MOMENTS = (Fraction(1, 30), Fraction(5, 30))
WHOLE = (0, 0, 32, 48)


def jobs(path: Path) -> list[tuple[Recording, tuple[Fraction, ...], tuple[int, int, int, int]]]:
    clip = recording(encode(path, shown(9)), Fraction(30))
    gone = Recording(path.with_name("gone.mp4"), "video", 32, 48, Fraction(1))
    return [(clip, MOMENTS, WHOLE), (gone, MOMENTS, WHOLE), (clip, MOMENTS[:1], WHOLE)]


def test_clips_come_in_order_and_one_that_fails_stops_nothing(tmp_path: Path):
    first, second, third = (each() for each in Decoders().submit(jobs(tmp_path / "a.mp4")))
    assert np.array_equal(first.frames, shown(9)[[1, 5]])
    assert np.array_equal(third.frames, shown(9)[[1]])
    assert not second.frames.any()
    assert second.failure == f"{tmp_path / 'gone.mp4'}: not a video (no such file or directory)"


SCRIPT = """
from fractions import Fraction
from pathlib import Path
from search.video.decoders import Decoders
from search.video.recording import recording

print("runs")
clip = recording(Path("a.mp4"), Fraction(30))
decoders = Decoders(workers=1)
given = decoders.submit([(clip, (Fraction(0),), (0, 0, 32, 48))])[0]()
decoders.close()
print(given.failure or "decoded")
"""


def test_a_script_that_does_not_guard_its_main_part_runs_once(tmp_path: Path):
    encode(tmp_path / "a.mp4", shown(9))
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "script.py"]
    found = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (found.stdout.split(), found.stderr) == (["runs", "decoded"], "")


def test_a_process_that_is_killed_loses_no_clip(tmp_path: Path):
    decoders = Decoders(workers=1)
    try:
        decoders.submit(jobs(tmp_path / "a.mp4"))[0]()
        assert decoders._pool is not None
        (process,) = decoders._pool._processes
        pending = decoders.submit(jobs(tmp_path / "a.mp4"))
        os.kill(process, signal.SIGKILL)
        assert np.array_equal(pending[0]().frames, shown(9)[[1, 5]])
        again = decoders.submit(jobs(tmp_path / "a.mp4"))
        assert np.array_equal(again[2]().frames, shown(9)[[1]])
    finally:
        decoders.close()
