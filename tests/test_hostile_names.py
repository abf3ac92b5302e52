"""A spec's name is data: whatever a command writes with it runs nothing and leaves no folder."""

import ast
import json
import shlex
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import cli

SPEC = """
name: {name}
description: {name}
input: {{channels: 3, time: frames, height: 8, width: 8}}
sizes: {{frames: 2, width: 4}}
axes:
  "=1+A1\\e[31m|": {{moves: width, factor: 2, bounds: [1, 64]}}
network:
  - conv: {{channels: width, kernel: [1, 3, 3]}}
  - global_pool
  - linear: {{channels: 10}}
"""
CODE = (
    "../../''';import os;os.system('touch SHOULD_NOT_EXIST')\nclass Net:\n\"\"\"; touch SHOULD_NOT_EXIST #\\"
)
WORST = CODE + "\x1b]0;title\a<script>[red]|[/red] $\\frac$ \u202eabc"


def write_spec(name: str) -> None:
    Path("net.yaml").write_text(SPEC.format(name=json.dumps(name)))


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A spec of the worst name in a folder of its own, the working folder; nothing may appear beside it."""
    folder = tmp_path / "deep" / "inside"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    write_spec(WORST)
    yield
    assert [path.name for path in folder.iterdir() if "SHOULD" in path.name] == []
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["inside"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command prints on standard output; on either stream there is printable text alone."""
    assert cli.main(arguments) == 0
    told = capsys.readouterr()
    assert all(line.isprintable() for line in (told.out + told.err).split("\n"))
    return told.out


def test_figures_are_told_in_every_format(capsys: pytest.CaptureFixture[str]):
    for format in ("table", "md", "csv"):
        run(capsys, "analyze", "net.yaml", "--format", format)
    assert json.loads(run(capsys, "analyze", "net.yaml", "--format", "json"))["model"] == WORST
    ElementTree.fromstring(run(capsys, "analyze", "net.yaml", "--format", "graphml"))
    first = run(capsys, "analyze", "net.yaml", "--format", "dot").splitlines()[0]
    assert first.startswith('digraph "')
    assert first.endswith('" {')
    run(capsys, "explain", "net.yaml", "linear")
    run(capsys, "sweep", "net.yaml", "--grid", "width=1:2", "--metrics", "params")


@pytest.mark.parametrize("form", [(), ("--continual",)])
@pytest.mark.parametrize("name", [WORST, "", "tensor", "C:\\users\\net", "none", "3d"])
def test_source_defines_classes_and_nothing_else(name: str, form: tuple[str, ...], capsys):
    write_spec(name)
    run(capsys, "emit", "net.yaml", "--as", "source", "--out", "net.py", *form)
    docstring, *body = ast.parse(Path("net.py").read_text()).body
    assert isinstance(docstring, ast.Expr)
    known = {ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.Assign}
    assert {type(node) for node in body} <= known
    names = [node.name for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    assert len(names) == len(set(names))
    assert "Tensor" not in names


def test_a_search_stays_in_its_folder_and_prints_a_safe_command(capsys: pytest.CaptureFixture[str]):
    out = run(capsys, "search", "net.yaml", "--budget", "macs_per_clip<=2x")
    (study,) = Path("runs").iterdir()
    words = shlex.split(out.partition("the winner: ")[2].partition("\nas a folder: ")[0])
    assert words[:2] == ["costmodel", "emit"]
    assert words[-2] == "--out"
    assert Path(words[-1]).name == words[-1]
    assert not set(words) & {"touch", ";", "#"}
    for format in ("table", "md", "csv"):
        run(capsys, "study", "show", str(study), "--format", format)
    folder = shlex.split(out.partition("\nas a folder: ")[2])
    assert folder[:4] == ["costmodel", "study", "export", str(study)]
    run(capsys, *folder[1:])
    assert r"\<script>" in Path(folder[-1], "README.md").read_text().splitlines()[0]
    run(capsys, "study", "export", str(study), "--out", "found.yaml")
    assert json.loads(run(capsys, "analyze", "found.yaml", "--format", "json"))["model"] == WORST


def test_pages_of_html_show_the_name_and_run_nothing(capsys: pytest.CaptureFixture[str]):
    run(capsys, "report", "html", "net.yaml", "--continual", "--out", "page.html")
    run(capsys, "report", "memory", "net.yaml", "--out", "memory.html")
    run(capsys, "search", "net.yaml", "--budget", "macs_per_clip<=2x", "--study", "s.db")
    run(capsys, "report", "study", "s.db", "--out", "study.html")
    for page in ("page.html", "memory.html", "study.html"):
        text = Path(page).read_text()
        assert "&lt;script&gt;[red]" in text
        assert "<script>[red]" not in text
        assert "\u202e" not in text


def test_a_page_keeps_the_name_in_its_heading(capsys: pytest.CaptureFixture[str]):
    run(capsys, "report", "memory", "net.yaml", "--out", "memory")
    lines = Path("memory", "memory.md").read_text().splitlines()
    assert [line for line in lines if line.startswith("#")][1] == "## Totals"
    assert r"\<script>" in lines[0]
