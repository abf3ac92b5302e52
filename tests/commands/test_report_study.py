import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from studies import study_made_once

import cli
from commands import report_study


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def set_running(study: Path, *, running: bool) -> None:
    with closing(sqlite3.connect(study, isolation_level=None)) as connection:
        connection.execute(
            "UPDATE searches SET finished=?", (None if running else "2026-01-01T00:00:00+00:00",)
        )


def test_a_path_that_ends_in_html_gives_a_page_and_any_other_a_folder(capsys):
    study = study_made_once()
    assert cli.main(["report", "study", str(study), "--out", "page.html"]) == 0
    assert capsys.readouterr().out == "page.html\n"
    assert "costmodel report study s.db --out page.html</code>" in Path("page.html").read_text()
    assert cli.main(["report", "study", str(study), "--out", "folder"]) == 0
    assert sorted(path.name for path in Path("folder").iterdir())[0] == "trajectory.csv"


def test_further_costs_are_for_a_page(capsys):
    assert cli.main(["report", "study", str(study_made_once()), "--costs", "params"]) == 2
    assert capsys.readouterr().err.endswith("error: --costs: is for a page; give --out FILE.html\n")


def test_a_search_that_has_ended_is_told_whole(capsys):
    study = study_made_once()
    assert cli.main(["study", "watch", str(study)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("  tried ") for line in lines) >= 2
    assert sum(line.startswith("step ") for line in lines) >= 2
    assert lines[-1].startswith("ended: ")


def test_json_has_an_object_a_line_of_what_study_show_has(capsys):
    study = study_made_once()
    assert cli.main(["study", "watch", str(study), "--format", "json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert cli.main(["study", "show", str(study), "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    for event, rows in (("tried", shown["candidates"]), ("decided", shown["decisions"])):
        assert [each for each in told if each["event"] == event] == [{"event": event, **row} for row in rows]
    counts = {"candidates": len(shown["candidates"]), "decisions": len(shown["decisions"])}
    assert told[-1] == {"event": "ended", "search": 1, **counts}


def test_a_page_renews_itself_until_the_search_has_ended(monkeypatch: pytest.MonkeyPatch, capsys):
    study = study_made_once()
    set_running(study, running=True)
    seen = []

    def ends(seconds: float) -> None:
        seen.append(Path("s.html").read_text().partition("<style>")[0])
        set_running(study, running=False)

    monkeypatch.setattr(report_study, "sleep", ends)
    assert cli.main(["study", "watch", str(study), "--html", "--every", "7"]) == 0
    assert ['content="7"' in each for each in seen] == [True]
    assert 'http-equiv="refresh"' not in Path("s.html").read_text().partition("<style>")[0]
    assert capsys.readouterr().out.count("step 0: start") == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--out", "page.html"), "--out page.html: is for a page; add --html"),
        (("--html", "--out", "page.txt"), "--out page.txt: expected a file that ends in .html"),
        (("--search", "9"), "s.db: there is no search 9"),
    ],
)
def test_wrong_options_are_one_line(options: tuple[str, ...], expected: str, capsys):
    study = study_made_once()
    assert cli.main(["study", "watch", str(study), *options]) == 2
    told = capsys.readouterr()
    assert expected in told.err
    assert told.out == ""
