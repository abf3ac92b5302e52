"""What each caller's expressions may hold."""

import pickle

import pytest

from costmodel.arithmetic import CONDITIONS, FIGURES, SIZES, Dialect, parse
from costmodel.errors import OptionError, SpecError


@pytest.mark.parametrize(
    ("dialect", "text", "error", "message"),
    [
        (FIGURES, "a < 2", OptionError, "'a < 2' is not arithmetic: metrics take numbers, + - *"),
        (FIGURES, "a and 2", OptionError, "'a and 2' is not arithmetic: metrics take numbers, + - *"),
        (FIGURES, "floor(a)", OptionError, "unknown function 'floor' (known: max, min)"),
        (CONDITIONS, "1 if a else 2", OptionError, "'1 if a else 2' is not arithmetic: names, numbers"),
        (CONDITIONS, "a < 8MiB", OptionError, "'a < 8MiB' is not an expression: '8MiB' has a unit"),
        (SIZES, "zig(a)", SpecError, "unknown function 'zig' (known: ceil, floor, max, min, round8, ro"),
    ],
)
def test_what_a_dialect_lacks_is_refused(dialect: Dialect, text: str, error: type[Exception], message: str):
    with pytest.raises(error) as found:
        parse(text, dialect)
    assert str(found.value).startswith(message)


def test_an_expression_reaches_another_process_with_its_dialect():
    sent = pickle.loads(pickle.dumps(parse("a + 1", FIGURES)))
    assert sent.dialect is FIGURES
    assert sent.value({"a": 1}) == 2
