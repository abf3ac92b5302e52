"""Conditions on the figures of many designs."""

import numpy as np
import pytest

from costmodel.errors import OptionError
from search.sweep.condition import holds, parse_condition

COLUMNS = {"params": np.array([10, 20, 30]), "depth": np.array([0, 1, 2])}


def test_a_condition_on_a_quotient_by_zero_holds_as_infinity_does():
    assert holds(parse_condition("params / depth > 18", COLUMNS), COLUMNS).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("params + 1", "--where params + 1: expected a comparison, such as state_floats < 2e6"),
        ("floor(params) < 1", "--where floor(params) < 1: unknown function 'floor' (known: max, min)"),
        ("depth < 1 / 0", "'depth < 1 / 0' divides by zero"),
        ("depths < 1", "--where depths < 1: unknown name 'depths' (did you mean 'depth'?)"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, message: str):
    with pytest.raises(OptionError) as error:
        holds(parse_condition(text, COLUMNS), COLUMNS)
    assert str(error.value) == message
