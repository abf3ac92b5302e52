"""Reports whose `--out` ends in .html: one page, and nothing of what they write otherwise."""

import re
from pathlib import Path

import pytest

import cli


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(*line: str) -> str:
    assert cli.main([*line, "--out", "page.html"]) == 0
    assert [path.name for path in Path().iterdir()] == ["page.html"]
    return Path("page.html").read_text()


def test_memory_holds_the_figures_of_its_tables():
    text = written("report", "memory", "digits", "--continual")
    assert "costmodel report memory digits --continual --dtype fp32 --out page.html</code>" in text
    assert "Over the order of execution" in text
    assert "Table 4 of the paper" not in text


def test_networks_are_compared_and_drawn():
    text = written("compare", "x3d_xs", "x3d_xs --continual", "--x", "params", "--y", "delay")
    command = "costmodel compare x3d_xs &#39;x3d_xs --continual&#39; --x params --y delay --out page.html"
    assert command in text
    assert 'aria-label="delay against params"' in text


def test_an_unknown_figure_is_one_line_and_no_page(capsys: pytest.CaptureFixture[str]):
    line = ["compare", "digits", "digits --continual", "--x", "paramz", "--out", "page.html"]
    assert cli.main(line) == 2
    assert "paramz: no figure of a network" in capsys.readouterr().err
    assert list(Path().iterdir()) == []


def test_the_gallery_has_every_network(monkeypatch: pytest.MonkeyPatch):
    from reports import gallery

    few = list(gallery.entries())[:3]
    monkeypatch.setattr(gallery, "entries", lambda: few)
    text = written("report", "gallery")
    assert len(re.findall(r"<tr><th scope=\"row\">", text)) == 3
    assert all(each.command in text for each in few)
