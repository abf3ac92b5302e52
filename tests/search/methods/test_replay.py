"""X3D's published order: every state and every figure of the expansion, from X2D to XXL."""

import pytest

from costmodel.errors import SpecError
from costmodel.network import Network
from search.methods.replay import read_replay, rule_of
from search.problem.request import Request, prepare
from search.problem.steps import Judged

# Step: frames, crop, gamma_w, gamma_b, gamma_d; multiply-adds  (counted by two independent tools, X3D Fig. 2)
STATES = [
    (0, 1, 112, 1, 1, 1, 20662304),
    (1, 1, 112, 1, 2.25, 1, 40996040),
    (2, 2, 112, 1, 2.25, 1, 80209520),
    (3, 2, 160, 1, 2.25, 1, 153402560),
    (4, 2, 160, 1, 2.25, 2.2, 303559712),
    (5, 4, 160, 1, 2.25, 2.2, 605256512),
    (6, 8, 160, 1, 2.25, 2.2, 1208650112),
    (7, 16, 160, 1, 2.25, 2.2, 2415437312),
    (7, 13, 160, 1, 2.25, 2.2, 1962892112),
    (8, 16, 224, 1, 2.25, 2.2, 4732468736),
    (9, 16, 312, 1, 2.25, 2.2, 9451559360),
    (10, 16, 312, 1, 2.25, 5, 18367710176),
    (11, 16, 312, 1.45, 2.25, 5, 35837627616),
    (12, 32, 312, 1.45, 2.25, 5, 71672522272),
    (13, 32, 312, 1.45, 2.25, 10.1, 143541630016),
]
SIZES = ("frames", "crop", "gamma_w", "gamma_b", "gamma_d")


@pytest.fixture(scope="module")
def decisions():
    ready = prepare(Request(replay="x3d_expansion"), Network.of("x3d"))
    judge = lambda designs, step: [Judged(each.network, each.values["entropy"]) for each in designs]  # noqa: E731
    return list(ready.steps(ready.problem, judge))


def test_every_state_and_every_cost_of_the_published_order_comes_out(decisions):
    found = [
        (each.step, *(float(each.design.settings[size]) for size in SIZES), each.cost)
        for each in decisions[:-1]
    ]
    assert found == [(step, *map(float, sizes), cost) for step, *sizes, cost in STATES]


def test_the_named_states_are_the_variants_of_the_spec(decisions):
    named = {each.name: each.design for each in decisions if each.name}
    assert list(named) == ["XS", "S", "M", "L", "XL", "XXL"]
    for name, design in named.items():
        assert design.settings == Network.of("x3d", name).sizes


def test_beside_each_step_stands_what_the_axis_rule_would_have_chosen(decisions):
    rules = {each.step: rule_of(each) for each in decisions if each.kind == "expand"}
    assert float(rules[4].value) == 2.2
    assert float(rules[10].value) == 4.84
    assert float(rules[11].value) == 1.4791
    assert decisions[-2].reason.endswith("the axis rule takes X-Depth to 10.2, 143.542 GMAC")


def test_the_contraction_to_s_is_what_the_rule_finds_below_its_budget(decisions):
    (aside,) = [each for each in decisions if each.kind == "aside"]
    assert rule_of(aside).value == 13


def test_a_wrong_file_is_refused_with_its_place(tmp_path):
    path = tmp_path / "order.yaml"
    path.write_text("steps:\n  - {axis: X-Deep, set: {gamma_d: 2}}\n")
    with pytest.raises(
        SpecError, match=r"order.yaml:2: steps\[0\].axis: unknown axis 'X-Deep' \(did you mean"
    ):
        read_replay(str(path), ("X-Depth",), {"gamma_d": 1})


def test_a_wrong_budget_is_refused_with_its_place_and_printably(tmp_path):
    path = tmp_path / "order.yaml"
    path.write_text(
        "steps:\n  - {axis: X-Depth, set: {gamma_d: 2}, budget: \u202e<=2GMAC}\n", encoding="utf-8"
    )
    with pytest.raises(SpecError) as error:
        read_replay(str(path), ("X-Depth",), {"gamma_d": 1})
    told = r"order.yaml:2: steps[0].budget: budget \u202e<=2GMAC: '\u202e' is not an expression"
    assert str(error.value).endswith(told)
