"""Every field of every op can be read from a spec."""

from fractions import Fraction

import pytest

from costmodel.ops import OPS, Conv, Dropout, MaxPool
from costmodel.spec.fields import KINDS, fields_of, make_op
from costmodel.spec.load import read_text


@pytest.mark.parametrize("word", OPS)
def test_every_field_has_a_kind_that_can_be_read(word: str):
    assert {each.kind for each in fields_of(word).values()} <= set(KINDS)


def test_one_value_stands_for_all_axes():
    given = read_text("{channels: 2 * w, kernel: 3, stride: [1, s, s]}", "x").value
    assert make_op("conv", given, {"w": 4, "s": 2}) == Conv(channels=8, kernel=(3, 3, 3), stride=(1, 2, 2))


def test_a_pool_may_cover_whole_axes():
    given = read_text("{kernel: [1, all, all]}", "x").value
    assert make_op("max_pool", given, {}) == MaxPool(kernel=(1, None, None))


def test_decimals_are_exact():
    assert make_op("dropout", read_text("{rate: 0.1}", "x").value, {}) == Dropout(rate=Fraction(1, 10))
