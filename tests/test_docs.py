"""What the documentation shows works as it stands there: commands, their output, pictures, links."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import DOCS, ROOT, anchors, blocks, commands, lines_of, pictures, words_of

from cli import main
from commands.command import Command
from commands.index import COMMANDS
from commands.parser import parse
from commands.run import command as found

QUICK = ("cost", "fit", "budget", "diagnose", "reproduce")
TRAINING = ("search-and-train", "stream")
LONG = (pytest.mark.slow, pytest.mark.filterwarnings("ignore"))
PAGES = sorted(DOCS.glob("*.md"))


def run_page(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Runs every command of a page in a folder, and compares what it shows and draws."""
    page = DOCS / f"{name}.md"
    for block in blocks(page):
        if block.language != "sh":
            continue
        for words in commands(block.text):
            assert main(words) == 0, f"{words}: {capsys.readouterr().err}"
            printed = capsys.readouterr().out
        assert all(any(each.startswith(line) for each in lines_of(printed)) for line in lines_of(block.shown))
    assert pictures(page) or name in ("diagnose", "stream")
    for picture in pictures(page):
        # by what is written in it: outlines follow the fonts of a machine
        assert words_of((DOCS / picture).read_bytes()) == words_of((folder / picture).read_bytes()) != []


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=LONG) for name in TRAINING)])
def test_a_page_runs(name: str, tmp_path: Path, monkeypatch, capsys):
    pytest.importorskip("av" if name in TRAINING else "jinja2")
    (tmp_path / "images").mkdir()
    monkeypatch.chdir(tmp_path)
    run_page(name, tmp_path, capsys)


@pytest.mark.slow
def test_the_cluster_on_one_machine_runs(tmp_path: Path):
    pytest.importorskip("distributed")
    (script,) = (each.text for each in blocks(DOCS / "cluster.md") if each.language == "sh")
    (tmp_path / "costmodel").write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "cli.py"} "$@"\n')
    (tmp_path / "dask").write_text(f'#!/bin/sh\nexec {sys.executable} -m distributed.cli.dask_"$@"\n')
    for name in ("costmodel", "dask"):
        (tmp_path / name).chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    script = f"set -e\ntrap 'kill $(jobs -p)' EXIT\n{script}"
    ended = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600
    )
    assert ended.returncode == 0, ended.stderr
    assert "expand" in ended.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_shown_has_its_options(page: Path):
    for block in blocks(page):
        for words in commands(block.text) if block.language in ("sh", "text", "") else ():
            assert words[0] in COMMANDS, words
            each = found(words[0])
            if not isinstance(each, Command):
                each, words = each.commands[words[1]], words[1:]
            parse(each.table, words[1:])


def test_every_page_heading_and_picture_linked_is_there():
    for page in PAGES:
        for link, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([\w-]+))?\)", page.read_text()):
            if "://" in link:
                continue
            place = DOCS / link if link else page
            assert place.exists(), f"{page.name}: {link}"
            assert not anchor or anchor in anchors(place), f"{page.name}: {link}#{anchor}"


def test_every_page_stands_in_the_list_of_the_site():
    listed = re.findall(r"[\w-]+\.md", (ROOT / "mkdocs.yml").read_text())
    assert sorted(listed) == [page.name for page in PAGES]


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path):
    if not all(map(importlib.util.find_spec, ("mkdocs", "material", "mkdocstrings"))):
        pytest.skip("MkDocs is not installed: pip install -e '.[docs]'")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    ended = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    home = (tmp_path / "site/index.html").read_text()
    assert re.findall(r'(?:src|<link[^>]*stylesheet[^>]*href)="(https?:[^"]*)"', home) == []
    api = (tmp_path / "site/api/index.html").read_text()
    assert {f'id="costmodel.{name}"' in api for name in ("analyze", "Network", "spec.elaborate.load")} == {
        True
    }
