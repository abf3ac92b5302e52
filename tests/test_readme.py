"""What the README shows works as it stands there."""

from __future__ import annotations

import re

import pytest
from pages import ROOT, commands, words_of
from pages import blocks as fences

from cli import main
from commands.index import COMMANDS
from costmodel.network import Network
from reports.beside import pairs

README = (ROOT / "README.md").read_text()
FENCES = fences(ROOT / "README.md")
# of TorchStream, and of the same network frame by frame: both measured, of a network that is no spec here
RIVALS = {"315,076,608", "28,643,328"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"))
def test_a_python_example_runs(code, capsys):
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_the_spec_shown_is_one(tmp_path, capsys):
    spec = tmp_path / "tiny.yaml"
    spec.write_text(blocks("yaml")[0])
    assert main(["analyze", str(spec), "--continual"]) == 0
    assert "res" in capsys.readouterr().out


def test_the_figures_shown_are_those_that_analyze_prints(capsys):
    lines = (["x3d_m"], ["x3d_m", "--continual"], ["x3d_m", "--continual", "--state", "smallest"])
    for words in (*lines, ["r3d_18", "--continual"]):
        assert main(["analyze", *words, "--format", "json"]) == 0
    printed = capsys.readouterr().out
    shown = re.findall(r"\d+,\d{3},[\d,]*\d", README)
    assert len(shown) >= 16
    unknown = {figure for figure in shown if figure.replace(",", "") not in printed}
    assert unknown == RIVALS


def test_the_first_five_minutes_run(tmp_path, monkeypatch, capsys):
    pytest.importorskip("jinja2")
    monkeypatch.chdir(tmp_path)
    run = [words for block in FENCES if block.language == "sh" for words in commands(block.text)]
    for words in run:
        if words[0] != "convert":  # the next test
            assert main(words) == 0, capsys.readouterr().err
    assert len(run) == 6
    assert (tmp_path / "report.html").stat().st_size > 100_000


@pytest.mark.slow
@pytest.mark.peers("torchvision", "onnxruntime")
@pytest.mark.filterwarnings("ignore")
def test_the_network_converted_gives_the_checks_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (block,) = (each for each in FENCES if "costmodel convert" in each.text)
    assert main(commands(block.text)[0]) == 0
    printed = {" ".join(_stable(line)) for line in capsys.readouterr().out.splitlines() if line}
    assert {" ".join(_stable(line)) for line in block.shown.splitlines()} <= printed


def _stable(line: str) -> list[str]:
    """The first four columns of a check, without a rounding, which is another on each machine."""
    words = line.replace("<= ", "<=").split()[:4]
    return [*words[:2], *words[3:]] if "<=" in line else words


def test_the_picture_has_the_figures_of_today():
    stream = Network.of("x3d_m").continual()
    rows = [{"mode": mode, "ms_per_frame": 1} for mode in ("clip", "continual")]
    computed = [pair for pair in pairs(stream.graph(), rows, "fp32") if "measured" not in pair.title]
    drawn = words_of((ROOT / "docs/images/x3d_m_beside.svg").read_bytes())
    for pair in computed:
        assert {pair.title, *pair.shown, pair.ratio} <= set(drawn)
    assert sum(each.endswith(" ms") for each in drawn) == 2


def test_every_command_shown_exists():
    rows = "\n".join(line for line in README.splitlines() if line.startswith("| "))
    shown = re.findall(r"`([a-z]+) [^`]*`", rows)
    assert shown
    assert set(shown) <= set(COMMANDS)


def test_every_page_linked_is_there():
    pages = re.findall(r"\]\(([\w/.-]+)\)", README)
    assert len(pages) > 30
    assert [page for page in pages if not (ROOT / page).exists()] == []
