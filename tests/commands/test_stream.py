import json
from pathlib import Path

import pytest
from encoded import encode, shown
from tiny_network import SPEC, saved_weights

import cli


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = cli.main(["stream", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_an_answer_a_line_and_in_the_end_how_fast_it_went(tmp_path: Path, capsys):
    (tmp_path / "tiny.yaml").write_text(SPEC)
    weights = ("--weights", saved_weights(tmp_path))
    for name in ("a", "b"):
        encode(tmp_path / f"{name}.mp4", shown(40), "libx264")
    common = (tmp_path / "tiny.yaml", *weights, "--backend", "eager", "--device", "cpu", "--threads", 1)
    sources = ("--source", tmp_path / "a.mp4", "--source", tmp_path / "b.mp4")
    code, out, err = run(capsys, *common, *sources, "--format", "json", "--out", tmp_path / "seen.mp4")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    # 40 frames, one in two; the first answer after the delay
    assert len(rows) == 2 * (20 - 5)
    assert rows[0]["time"] == pytest.approx(5 / 15, abs=1e-5)
    assert (rows[0]["phase"], rows[-1]["phase"], rows[0]["about"]) == ("warm-up", "steady", 0)
    assert len(rows[0]["top"]) == 3
    assert rows[0]["top"][0]["score"] >= rows[0]["top"][1]["score"]
    for part in (
        "note: 2 sources at 15 frames a second",
        "first answer after 6 / 12 / 0.4, warm after 8 / 16 / 0.5333 (model frames",
        "note: 40 frames in",
        "predicted by timing eager",
    ):
        assert part in err
    assert (tmp_path / "seen-0.mp4").stat().st_size > 0
    assert (tmp_path / "seen-1.mp4").stat().st_size > 0
    code, out, _ = run(capsys, *common, "--source", "synthetic:30", "--top", 1)
    assert code == 0
    assert len(out.splitlines()) == 15 - 5
    assert out.splitlines()[-1].split()[:3] == ["0.933", "s", "steady"]


def test_what_is_wrong_is_one_line(tmp_path: Path, capsys):
    (tmp_path / "tiny.yaml").write_text(SPEC)
    code, _, err = run(
        capsys, tmp_path / "tiny.yaml", "--source", "gone.mp4", "--weights", saved_weights(tmp_path)
    )
    assert (code, err.count("\n")) == (2, 1)
    assert "--source: 'gone.mp4' is not there, expected a video" in err
    # told ahead of the network, which may take minutes to compile
    code, _, err = run(capsys, tmp_path / "tiny.yaml", "--source", "camera:999")
    assert (code, err) == (2, "error: camera:999: is not there; expected a camera at /dev/video999\n")
    code, _, err = run(capsys, tmp_path / "tiny.yaml", "--source", "synthetic:3")
    assert (code, err.splitlines()[-1]) == (
        2,
        "error: --weights: is missing; expected it, or a file of weights as SPEC",
    )
