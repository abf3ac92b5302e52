"""Arithmetic in specs is exact, and nothing but arithmetic."""

from fractions import Fraction

import pytest

from costmodel.arithmetic import number, parse
from costmodel.errors import SpecError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("floor(0.29 * 100)", 29),
        ("7 / 2", Fraction(7, 2)),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("2 ** 10", 1024),
        ("ceil(2.2 * 5)", 11),
        ("round8(54 / 16)", 8),
        ("round8(432 / 16)", 32),
        ("round_to(50, 16)", 48),
        ("max(1, a, 2) + min(3, b)", 8),
        ("1 if a > b else 2", 1),
        ("a % 2 == 1 and not b > 3", True),
        ("0 < b < a", True),
        ("true or a", True),
        ("+1.5e2", 150),
    ],
)
def test_an_expression_has_its_exact_value(text: str, value: object):
    assert parse(text).value({"a": 5, "b": 3, "true": True}) == value


def test_an_expression_knows_the_names_that_it_reads():
    assert parse("floor(out * gamma_b) + i % 2").names == {"out", "gamma_b", "i"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9**9**9", "an exponent of 387420489, expected a whole number from 0 to 16"),
        ("2 ** 0.5", "an exponent of 1/2, expected a whole number from 0 to 16"),
        ("(9 ** 16) ** 16", "a number above 1e+12, larger than any network's"),
        ("1 / 7 ** 16", "a number above 1e+12, larger than any network's"),
        ("1 / (2 - 2)", "'1 / (2 - 2)' divides by zero"),
        ("5 % 0", "'5 % 0' divides by zero"),
        ("c + 1", "unknown name 'c' (known: a)"),
        ("aa", "unknown name 'aa' (did you mean 'a'?)"),
    ],
)
def test_what_has_no_value_says_why(text: str, message: str):
    with pytest.raises(SpecError) as error:
        parse(text).value({"a": 1})
    assert str(error.value) == message


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.b",
        "a[0]",
        "lambda: 1",
        "[1, 2]",
        "'text'",
        "a := 1",
        "foo(1)",
        "floor(x=1)",
        "1 in a",
        "~a",
        "1j",
        "f'{a}'",
    ],
)
def test_what_is_not_arithmetic_is_refused(text: str):
    with pytest.raises(
        SpecError, match=r"is not arithmetic|unknown function|is not an expression|cannot be read"
    ):
        parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 +", "'1 +' is not an expression"),
        ("floor(1, 2)", "floor takes 1 argument, got 2"),
        ("round_to(1)", "round_to takes 2 arguments, got 1"),
        ("1+" * 250 + "1", "an expression of 501 characters, at most 400 are read"),
        ("-" * 60 + "1", f"{'-' * 57 + '...'!r} is nested more than 40 deep"),
        ("0x10", "'0x10' holds a number that cannot be read"),
        ("2GMAC", "'2GMAC' is not an expression: '2GMAC' has a unit, which only a limit's amount may have"),
        ("a + 8 MiB", "'a + 8 MiB' is not an expression: '8 MiB' has a unit, which only a limit's"),
        ("3 if 1e5 +", "'3 if 1e5 +' is not an expression"),
        ("1 is 2", "'1 is 2' is not arithmetic: names, numbers, + - * / // % **, comparisons, floor"),
    ],
)
def test_what_cannot_be_parsed_says_why(text: str, message: str):
    with pytest.raises(SpecError) as error:
        parse(text)
    assert str(error.value).startswith(message)


def test_deep_parentheses_do_no_harm():
    with pytest.raises(SpecError, match="is not an expression"):
        parse("(" * 399)


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("0.1", Fraction(1, 10)), ("1e3", 1000), ("abc", None), ("", None), ("1_0", None)],
)
def test_a_number_is_read_exactly(text: str, value: object):
    assert number(text) == value


def test_a_number_out_of_bounds_is_refused():
    with pytest.raises(SpecError, match="a number above 1e\\+12"):
        number("1e13")
