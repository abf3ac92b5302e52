"""`--draw` writes the front that is found, or refuses before any work."""

from pathlib import Path

import pytest

import cli

SWEEP = ("sweep", "digits", "--continual", "--grid", "gamma_w=1:2:0.5")
SOLVE = ("solve", "digits", "--continual", "--over", "gamma_w=1,2")
FRONT = ("--pareto", "macs_per_frame,state_floats")


@pytest.mark.parametrize("command", [SWEEP, SOLVE])
def test_the_front_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]):
    out = tmp_path / "front.svg"
    assert cli.main([*command, *FRONT, "--draw", str(out)]) == 0
    assert f"wrote {out}" in capsys.readouterr().err
    assert "<svg" in out.read_text()


@pytest.mark.parametrize("command", [SWEEP, SOLVE])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--draw", "f.gif", *FRONT), "--draw f.gif: expected a drawing, one of .png, .svg, .pdf"),
        (("--draw", "f.png", "--pareto", "params"), "--draw: draws a front; add --pareto with two figures"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    options: tuple[str, ...],
    expected: str,
):
    monkeypatch.chdir(tmp_path)
    assert cli.main([*command, *options]) == 2
    assert expected in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
