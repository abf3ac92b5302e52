"""Formulas are closed forms that can be read, and equal the integer analysis everywhere."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from closed_forms_of import builder, closed

from costmodel.analysis.figures import Figures
from costmodel.analysis.formula import formulas
from costmodel.analysis.metrics import evaluate
from costmodel.analysis.sensitivity import value_at
from costmodel.errors import OptionError
from costmodel.transforms.continual import continual

EQUAL = ("macs_per_frame", "params", "state_floats", "receptive_field")


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
