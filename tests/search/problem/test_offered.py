"""Options of a step in several forms: all of about the cost aimed at."""

from fractions import Fraction
from pathlib import Path

import pytest

from costmodel.network import Network
from search.problem.axes import Aim
from search.problem.offered import options_of
from search.problem.request import Prepared, Request, prepare


def prepared(tiny: Path) -> Prepared:
    request = Request(budget="macs_per_frame<=9MMAC", over=["form=continual,clip"])
    return prepare(request, Network.of(tiny))


def offered(ready: Prepared, times: int = 2):
    problem = ready.problem
    present = Fraction(problem.cost(problem.first))
    aim = Aim(problem.budget.quantity, present, present * times)
    return options_of(problem, problem.first, aim, problem.limits)


def test_each_axis_moves_in_each_form_and_comes_near_the_cost_aimed_at(tiny: Path):
    ready = prepared(tiny)
    problem, found = ready.problem, offered(ready, 4)
    axes = ("Time", "Space", "Depth", "Width")
    wanted = [f"{axis} in continual" for axis in axes]
    assert [each.title for each in found] == [*wanted, "form clip", *(f"{axis} in clip" for axis in axes)]
    # a clip for every frame costs twice as much: its sizes have less far to go
    streamed, clip = (each for each in found if each.title.startswith("Space"))
    assert 1.3 < streamed.value / clip.value < 1.5
    for each in (streamed, clip):
        assert each.ratio == pytest.approx(problem.cost(each.design) / problem.cost(problem.first))
        assert 3.6 <= each.ratio <= 4.4


def test_a_form_stands_alone_where_its_cost_comes_near(tiny: Path):
    ready = prepared(tiny)
    (far,) = (each for each in offered(ready, 4) if each.title == "form clip")
    assert far.reason == "it alone gives x2, more than 10 % from x4"
    (near,) = (each for each in offered(ready) if each.title == "form clip")
    assert near.stands
    assert near.design.settings == ready.problem.first.settings
    assert near.design.transforms != ready.problem.first.transforms
