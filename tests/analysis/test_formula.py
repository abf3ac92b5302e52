"""Formulas are closed forms that can be read, and equal the integer analysis everywhere."""

from fractions import Fraction

import numpy as np
import pytest
import sympy

from costmodel.analysis.figures import Figures
from costmodel.analysis.formula import formulas, is_whole
from costmodel.analysis.metrics import evaluate
from costmodel.analysis.sensitivity import sensitivities, value_at
from costmodel.errors import OptionError
from costmodel.spec import document, elaborate, from_text
from costmodel.transforms.continual import continual

X3D = document("x3d")
EQUAL = ("macs_per_frame", "params", "state_floats", "receptive_field")


def builder(transform=lambda clip: clip, variant="M"):
    lets = X3D.sections["let"]

    def build(values, name_value=lambda name, value: value):
        sizes = {name: value for name, value in values.items() if name not in lets}
        graph = elaborate(
            X3D, variant, sizes, name_value=lambda name, value: name_value(name, values.get(name, value))
        )
        return transform(graph)

    return build


def closed(build, names, metrics):
    point = {**X3D.settings("M", {}), **dict.fromkeys(X3D.sections["let"], 3)}
    whole = {name: is_whole(build, name, point[name]) for name in names}
    return formulas(build, whole, metrics, taken=point)


def test_the_macs_of_x3d_m_in_frames():
    found = closed(builder(), ["frames"], ["macs_per_clip"])
    assert found.totals["macs_per_clip"] == 295662864 * found.free["frames"] + 1862912


def test_receptive_field_and_delay_of_cox3d_in_depths():
    found = closed(builder(continual), ["d2", "d3", "d4", "d5", "frames"], ["receptive_field", "delay"])
    frames, depths = found.free["frames"], sum(found.free[f"d{stage}"] for stage in (2, 3, 4, 5))
    assert sympy.expand(found.totals["receptive_field"] - (4 + 2 * depths + frames)) == 0
    assert sympy.expand(found.totals["delay"] - (depths + frames + 1)) == 0


def test_alternating_squeeze_excite_stands_in_half_the_blocks_rounded_up():
    found = closed(builder(), ["d4"], ["params"])
    d4 = found.free["d4"]
    assert sympy.expand(found.totals["params"] - (48360 * d4 + 7144 * sympy.ceiling(d4 / 2))).is_number


def random_designs(count):
    draw = np.random.default_rng(5).integers
    for _ in range(count):
        yield {
            "gamma_w": Fraction(int(draw(30, 300)), 100),
            "gamma_b": Fraction(int(draw(50, 500)), 100),
            "gamma_d": Fraction(int(draw(1, 300)), 100),
            "frames": int(draw(1, 100)),
            "crop": int(draw(8, 400)),
            "classes": int(draw(1, 1000)),
        }


@pytest.mark.parametrize("transform", [lambda clip: clip, continual])
def test_formulas_equal_the_integer_analysis_at_random_points(transform):
    build = builder(transform)
    found = closed(build, ["gamma_w", "gamma_b", "gamma_d", "frames", "crop", "classes"], EQUAL)
    for point in random_designs(60):
        figures = Figures(build(point))
        assert value_at(found, point) == {name: evaluate(figures, name) for name in EQUAL}


@pytest.mark.slow
@pytest.mark.parametrize("transform", [lambda clip: clip, continual])
def test_formulas_equal_the_integer_analysis_at_a_thousand_points(transform):
    build = builder(transform)
    found = closed(build, ["gamma_w", "gamma_b", "gamma_d", "frames", "crop", "classes"], EQUAL)
    for point in random_designs(1000):
        figures = Figures(build(point))
        assert value_at(found, point) == {name: evaluate(figures, name) for name in EQUAL}


def test_every_size_is_named_before_it_is_used():
    found = closed(builder(), ["gamma_w", "gamma_b", "gamma_d", "crop"], EQUAL)
    known = set(found.free.values())
    for symbol, definition in found.definitions.items():
        assert definition.free_symbols <= known
        known.add(symbol)
    assert {str(symbol) for symbol in found.used()} >= {"w5", "d2", "h5", "features"}


def test_gathered_formulas_are_the_formulas():
    build, names = builder(continual), {"gamma_w": False, "crop": True, "gamma_d": False}
    tidy, plain = (formulas(build, names, EQUAL, tidy=tidy) for tidy in (True, False))
    for name in EQUAL:
        assert sympy.expand(tidy.totals[name] - plain.totals[name]) == 0


def test_the_peak_has_no_closed_form():
    with pytest.raises(OptionError, match="peak_activation_floats: depends on the order of execution"):
        closed(builder(), ["frames"], ["peak_activation_floats"])


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
