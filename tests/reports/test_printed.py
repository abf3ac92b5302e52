"""Whether a value rounds to a figure as it is printed."""

from fractions import Fraction

import pytest

from reports.printed import agrees, is_cut_off, number, would_print


@pytest.mark.parametrize(
    ("printed", "value", "holds"),
    [
        ("4.97", Fraction("4.970008352"), True),
        ("0.60", Fraction("0.605256512"), False),
        ("0.61", Fraction("0.605"), True),
        ("-0.1", Fraction("-0.087"), True),
        ("+0.5", Fraction("0.46"), True),
        ("2,061,366", Fraction("2061365.744"), True),
        ("~50", Fraction("52.3"), True),
        ("~50", Fraction("45.3"), True),
        ("~50", Fraction("44.9"), False),
        ("~23", Fraction("22.4"), False),
        ("<100", 99, True),
        ("<100", 146, False),
        (">25", 26, True),
        ("8x224^2", "8x224x224", True),
        ("8x224x224", "16x224x224", False),
        ("3", None, False),
    ],
)
def test_a_figure_agrees_when_ours_rounds_to_its_digits(printed: str, value: Fraction, holds: bool):
    assert agrees(printed, value) is holds


def test_a_figure_that_is_cut_off_is_not_rounded():
    assert is_cut_off("61.8", Fraction("61.875"))
    assert not is_cut_off("61.9", Fraction("61.875"))


def test_a_root_is_a_number():
    assert float(number("2sqrt2")) == pytest.approx(2 * 2**0.5, abs=1e-11)


def test_the_numbers_that_would_print_so_lie_around_it_or_above_it():
    rounded, cut_off = would_print("1.9")
    assert (float(rounded[0]), float(rounded[1])) == (1.85, 1.95)
    assert (float(cut_off[0]), float(cut_off[1])) == (1.9, 2.0)
    assert would_print("~50")[0] == (45, 55)
