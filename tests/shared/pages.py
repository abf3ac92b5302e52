"""Pages of the documentation as tests read them: blocks of code, commands, pictures."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A block of code, and the output that the page shows right behind it."""

    language: str
    text: str
    shown: str = ""


def blocks(page: Path) -> list[Block]:
    """Its blocks of code; one of `text` right behind another is that one's output."""
    found: list[Block] = []
    text, end = page.read_text(), 0
    for match in FENCE.finditer(text):
        language, code = match.groups()
        if language == "text" and found and not text[end : match.start()].strip():
            found[-1] = found[-1]._replace(shown=code)
        else:
            found.append(Block(language, code))
        end = match.end()
    return found


def commands(text: str) -> list[list[str]]:
    """The lines of a block that call the tool, each as words."""
    lines = text.replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines if line.strip().startswith("costmodel ")]
    # what is read from or written to a file is the shell's
    return [each[1 : each.index(">") if ">" in each else None] for each in words]


def pictures(page: Path) -> list[str]:
    """The pictures of a page, by their paths."""
    return re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text())


def anchors(page: Path) -> set[str]:
    """Its headings as a link names them, on GitHub and on the site."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def words_of(svg: bytes) -> list[str]:
    """What stands in a drawing: matplotlib names each text ahead of its outlines."""
    return re.findall(r"<!-- (.*?) -->", svg.decode())


def lines_of(text: str) -> set[str]:
    """Lines without their spaces, which follow the width of a table."""
    return {" ".join(line.split()) for line in text.splitlines()}
