import re
from pathlib import Path

import pytest
from studies import as_format_1, study_made_once

from costmodel.errors import OptionError
from reports.html.scatter import Point
from reports.html.searched import Searched
from reports.html.study import page
from reports.html.study_charts import front
from reports.html.study_tables import candidates, options, steps
from search.study.study import read_study


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(study: Path, **asked: object) -> Searched:
    with read_study(study) as opened:
        return Searched.read(opened, **asked)


def test_each_step_has_what_changed_its_cost_its_score_and_why():
    found = read(study_made_once())
    rows = steps(found).rows
    assert [row.title for row in rows] == [str(row["step"]) for row in found.decisions]
    assert rows[1].cells[1] == "wide 4 -> 8"
    assert [row.cells[-1] for row in rows] == [row["reason"] for row in found.decisions]


def test_the_winner_and_the_budget_are_marked():
    found = read(study_made_once())
    text = page(found, "").decode()
    assert text.count('class="ring"') >= 1
    assert ">winner</text>" in text
    assert "budget " in re.findall(r'class="limit-text small">([^<]*)<', text)[0]


def test_candidates_say_what_they_change_from_the_start():
    found = read(study_made_once())
    changed = [row[0].text for row in candidates(found).groups[0].rows]
    assert changed[:2] == ["the start", "wide 4 -> 8"]


def test_further_costs_are_worked_out_when_asked_for():
    study = study_made_once()
    without, found = read(study), read(study, costs=("params",))
    assert "params" not in without.candidates[0]["costs"]
    # a convolution of 9 weights a channel, and a linear layer of 12 classes
    assert [row["costs"]["params"] for row in found.candidates[:2]] == [
        9 * 4 + 4 * 12 + 12,
        9 * 8 + 8 * 12 + 12,
    ]
    with pytest.raises(OptionError, match="unknown metric 'paramz'"):
        read(study, costs=("paramz",))


def test_the_option_that_was_chosen_stands_out():
    found = read(study_made_once())
    table = options(found.decisions[1], found)
    assert [row.title for row in table.rows if row.kind == "strong"] == ["Width"]


def test_the_front_holds_what_no_other_beats():
    marks = [Point(1, 1), Point(2, 3), Point(3, 2), Point(4, 3), Point(5, 4)]
    assert front(marks) == [0, 1, 4]


def test_a_study_of_the_first_format_is_read_too():
    assert b"Trajectory" in page(read(as_format_1(study_made_once())), "")


def test_there_is_no_such_search():
    with pytest.raises(OptionError, match="there is no search 7"):
        read(study_made_once(), search=7)
