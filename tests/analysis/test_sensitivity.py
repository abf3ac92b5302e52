"""Slopes of formulas, and the next value of a size that changes a figure."""

import pytest
import sympy
from closed_forms_of import builder, closed

from costmodel.analysis.figures import Figures
from costmodel.analysis.formula import formulas
from costmodel.analysis.metrics import evaluate
from costmodel.analysis.sensitivity import sensitivities, value_at
from costmodel.spec import elaborate, from_text
from costmodel.transforms.continual import continual


def test_elasticity_is_the_slope_where_nothing_is_rounded():
    found = closed(builder(), ["frames"], ["macs_per_clip", "params"])
    by_total = {row.total: row for row in sensitivities(found, {"frames": 16})}
    macs = 295662864 * 16 + 1862912
    assert by_total["macs_per_clip"].elasticity == pytest.approx(295662864 * 16 / macs)
    assert by_total["macs_per_clip"].next_at == 17
    assert by_total["macs_per_clip"].change == pytest.approx(100 * 295662864 / macs)
    assert (by_total["params"].elasticity, by_total["params"].next_at) == (0, None)


def test_the_next_distinct_design_of_a_rounded_width():
    found = closed(builder(), ["gamma_w"], ["params"])
    (row,) = sensitivities(found, {"gamma_w": 1})
    before, after = (evaluate(Figures(builder()({"gamma_w": each})), "params") for each in (1, row.next_at))
    assert row.change == pytest.approx(100 * (after - before) / before)
    assert row.next_at > 1


def test_a_maximum_in_lookahead_stands_in_the_next_one_by_name():
    branches = ", ".join(f"{name}: [conv: {{channels: 2, kernel: [{name}, 1, 1]}}]" for name in "jk")
    spec = from_text(
        "input: {channels: 2, time: 8, height: 4, width: 4}\nsizes: {j: 3, k: 5}\n"
        f"blocks: {{fork: {{layers: [add: {{{branches}}}]}}}}\nnetwork: [fork, fork, fork]\n"
    )

    def build(sizes, name_value):
        return continual(elaborate(spec, None, sizes, name_value=name_value))

    found = formulas(build, {"j": True, "k": True}, ("lookahead", "delay"))
    assert found.totals["lookahead"] == found.totals["delay"] == sympy.Symbol("path6", integer=True)
    assert value_at(found, {"j": 9, "k": 5}) == {"lookahead": 12, "delay": 12}
