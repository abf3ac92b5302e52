"""Axes are exact, grids hold all combinations, random designs depend on their seed and number alone."""

from fractions import Fraction

import numpy as np
import pytest

from costmodel.errors import OptionError
from search.sweep.grid import Grid, parse_axis


def test_a_range_of_decimals_is_exact_and_holds_its_end():
    axis = parse_axis("gamma_b=1:4:0.25", "--grid")
    assert axis.length == 13
    assert (axis.values[1], axis.values[-1]) == (Fraction(5, 4), 4)


def test_a_list_may_hold_flags_and_decimals():
    assert parse_axis("se=false,true", "--grid").values == [0, 1]
    assert parse_axis("g=2.9,1.45", "--grid").values == [Fraction(29, 10), Fraction(29, 20)]


def test_a_step_of_one_between_whole_numbers_and_a_hundredth_between_others():
    assert parse_axis("frames=1:16", "--grid").length == 16
    assert parse_axis("gamma_w=0.5:1", "--grid").length == 51


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("gamma_b", "expected NAME=LO:HI:STEP or NAME=A,B,C"),
        ("gamma_b=4:1:1", "no points, 1 is below 4"),
        ("gamma_b=1:2:0", "a step of 0, expected one above zero"),
        ("gamma_b=1:2:3:4", "4 values between colons, expected LO:HI or LO:HI:STEP"),
        ("gamma_b=1:x", "'x', expected a number, true or false"),
        ("gamma_b=0:1000:0.00001", "100000001 values, at most 10000000 on one axis"),
    ],
)
def test_what_is_no_axis_is_refused(text, problem):
    with pytest.raises(OptionError, match=problem):
        parse_axis(text, "--grid")


def test_the_last_axis_changes_fastest():
    grid = Grid((parse_axis("a=1,2", "--grid"), parse_axis("b=5:7", "--grid")))
    columns = grid.columns(1, 5)
    assert columns["a"].numerators.tolist() == [1, 1, 2, 2]
    assert columns["b"].numerators.tolist() == [6, 7, 5, 6]


def test_random_designs_do_not_depend_on_the_pieces():
    axes = (parse_axis("a=0:1:0.01", "--range"), parse_axis("b=5:7", "--range"))
    whole = Grid(axes, 40_000, seed=3).columns(0, 40_000)
    piece = Grid(axes, 50_000, seed=3).columns(16_000, 33_000)
    other = Grid(axes, 40_000, seed=4).columns(0, 40_000)
    for name in ("a", "b"):
        assert (whole[name].numerators[16_000:33_000] == piece[name].numerators).all()
        assert (whole[name].numerators != other[name].numerators).any()
        assert set(np.unique(whole[name].numerators)) == set(range(101) if name == "a" else range(5, 8))


def test_a_grid_without_axes_or_with_one_twice_is_refused():
    with pytest.raises(OptionError, match="a sweep without axes has no points"):
        Grid(())
    with pytest.raises(OptionError, match="--grid a: is given twice"):
        Grid((parse_axis("a=1,2", "--grid"), parse_axis("a=5:7", "--grid")))
