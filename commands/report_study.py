"""`report study` as a page, and `study watch`: a search as it stands, in a terminal or as a renewing page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from commands.leaving import leaving
from commands.printing import put_more, tell, wrapped
from commands.study_file import study_of
from costmodel.errors import OptionError
from costmodel.escape import shell, terminal

if TYPE_CHECKING:
    from reports.html.searched import Searched


def study_page(file: Path, search: int | None, costs: str | None, out: Path) -> None:
    """Writes the page of a search and prints the file's path."""
    from reports.html.frame import environment, write_page
    from reports.html.searched import Searched
    from reports.html.study import page

    environment()
    with study_of(file) as opened:
        found = Searched.read(opened, search, _names(costs))
    further = "" if costs is None else f" --costs {shell(costs)}"
    command = f"costmodel report study {_file(file)}{_search(search)}{further} --out {shell(str(out))}"
    write_page(out, page(found, command))
    print(out)


def watch(study: Path, search: int | None, every: int, html: bool, out: Path | None, format: str) -> None:
    """Tells what a search tries and decides until it ends."""
    if out is not None and not html:
        raise OptionError(f"--out {out}: is for a page; add --html")
    place = (out or study.with_suffix(".html")) if html else None
    command = f"costmodel study watch {_file(study)}{_search(search)} --html"
    if place is not None:
        _check_page(place)
    with leaving(lambda: "the search goes on; the same command looks again"):
        for found, candidates, decisions in _looks(study, search, every):
            for line in _TELLERS[format](found, candidates, decisions):
                put_more(f"{line}\n")
            sys.stdout.flush()  # behind a pipe too each line is there when it is told
            if place is not None:
                _write(place, found, command, every)


def _looks(study: Path, search: int | None, every: int) -> Iterator[tuple[Searched, int, int]]:
    """The search whenever it has changed, and how many candidates and decisions it had the time before."""
    from reports.html.searched import Searched

    seen: tuple[int, int] | None = None
    while True:
        with study_of(study) as opened:
            found = Searched.read(opened, search)
        now = len(found.candidates), len(found.decisions)
        # once more when it ends: the page that stays renews itself no longer
        if now != seen or not found.is_running:
            yield found, *(seen or (0, 0))
        if not found.is_running:
            return
        if seen is None:
            tell(f"looking every {every} s; Ctrl-C leaves the search as it is")
        seen = now
        sleep(every)


def _check_page(place: Path) -> None:
    from reports.html.frame import check_file, environment

    check_file(place)
    environment()
    tell(f"the page: {place}")


def _write(place: Path, found: Searched, command: str, every: int) -> None:
    from reports.html.frame import write_page
    from reports.html.study import page

    write_page(place, page(found, command, renews=every))


def _objects(found: Searched, candidates: int, decisions: int) -> Iterator[str]:
    """The same as JSON, an object a line: each candidate and decision as `study show` has it."""
    from reports.table import plain_json

    rows = [{"event": "tried", **row} for row in found.candidates[candidates:]]
    rows += [{"event": "decided", **row} for row in found.decisions[decisions:]]
    if not found.is_running:
        counts = {"candidates": len(found.candidates), "decisions": len(found.decisions)}
        rows.append({"event": "ended", "search": found.search["search"], **counts})
    for row in rows:
        # no text holds a line break of its own: JSON writes it as two letters
        yield " ".join(line.strip() for line in plain_json(row).splitlines())


def _news(found: Searched, candidates: int, decisions: int) -> Iterator[str]:
    """A line for each candidate and each decision that is new."""
    from reports.html.study_words import error_text, score_text

    for row in found.candidates[candidates:]:
        told = f"score {score_text(row['score'])} {error_text(row)}".rstrip()
        told = f"failed: {row['reason']}" if row["score"] is None else told
        yield f"  tried {found.changed(row)}: {told} by {row['score_name']}, {row['seconds']:.1f} s"
    for row in found.decisions[decisions:]:
        axis = f" {row['axis']}" if row["axis"] else ""
        score = "" if row["score"] is None else f", score {score_text(row['score'])}"
        cost = found.shown_cost(row["cost"])
        yield f"step {row['step']}: {row['kind']}{axis}, {cost}{score}: {row['reason']}"
    if not found.is_running:
        yield f"ended: {len(found.candidates)} candidates, {len(found.decisions)} decisions"


def _lines(found: Searched, candidates: int, decisions: int) -> Iterator[str]:
    return (wrapped(terminal(line), sys.stdout) for line in _news(found, candidates, decisions))


_TELLERS = {"table": _lines, "json": _objects}


def _names(costs: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (costs or "").split(",") if name.strip())


def _file(path: Path) -> str:
    # a name that begins with a dash would be read as an option
    return shell(f"./{path}" if str(path).startswith("-") else str(path))


def _search(search: int | None) -> str:
    return "" if search is None else f" --search {search}"
