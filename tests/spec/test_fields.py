"""Every field of every op can be read from a spec."""

import re
from fractions import Fraction

import numpy as np
import pytest

from costmodel.errors import SpecError
from costmodel.ops import OPS, Conv, Dropout, MaxPool
from costmodel.spec import elaborate, from_text
from costmodel.spec.fields import KINDS, choices_of, fields_of, is_merge, make_op
from costmodel.spec.load import read_text


@pytest.mark.parametrize("word", OPS)
def test_every_field_has_a_kind_that_can_be_read(word: str):
    kinds = {each.kind for each in fields_of(word).values()}
    assert all(kind in KINDS or choices_of(kind) for kind in kinds)


def test_one_value_stands_for_all_axes():
    given = read_text("{channels: 2 * w, kernel: 3, stride: [1, s, s]}", "x").value
    assert make_op("conv", given, {"w": 4, "s": 2}) == Conv(channels=8, kernel=(3, 3, 3), stride=(1, 2, 2))


def test_a_pool_may_cover_whole_axes():
    given = read_text("{kernel: [1, all, all]}", "x").value
    assert make_op("max_pool", given, {}) == MaxPool(kernel=(1, None, None))


def test_decimals_are_exact():
    assert make_op("dropout", read_text("{rate: 0.1}", "x").value, {}) == Dropout(rate=Fraction(1, 10))


INPUT = "input: {channels: 3, time: 8, height: 8, width: 8}\n"
BLOCK = """blocks:
  b:
    args: {out: ~, k: 3, g: 1}
    layers: [conv: {channels: out, kernel: [1, k, k], groups: g}]
"""
GIVEN = {"channels": "6", "kernel": "1", "rate": "0.5"}


def mistakes(text):
    with pytest.raises(SpecError) as error:
        elaborate(from_text(text))
    return str(error.value)


def layer(word, field, value):
    fields = {name: GIVEN.get(name, "1") for name, each in fields_of(word).items() if each.required}
    branches = {"a": "[]", "b": "[]", "c": "[]"} if is_merge(word) else {}
    return (
        f"{{{word}: {{{', '.join(f'{k}: {v}' for k, v in {**fields, **branches, field: value}.items())}}}}}"
    )


@pytest.mark.parametrize(("word", "field"), [(word, field) for word in OPS for field in fields_of(word)])
def test_nothing_in_a_field_of_a_layer_is_named(word, field):
    found = mistakes(f"{INPUT}network: [{layer(word, field, '~')}]")
    assert re.fullmatch(rf"spec:2: network\[0\]\.{word}\.{field}: nothing, expected a?.*", found), found
    if "Triple" in fields_of(word)[field].kind:
        found = mistakes(f"{INPUT}network: [{layer(word, field, '[1, ~, 1]')}]")
        wanted = "number above 0" if "Factor" in fields_of(word)[field].kind else "whole number"
        assert found == f"spec:2: network[0].{word}.{field}[1]: nothing, expected a {wanted}"


@pytest.mark.parametrize(
    ("call", "place"),
    [
        ("out: ~", "out"),
        ("out: 6, k: ~", "k"),
        ("out: 6, g: ~", "g"),
        ("out: 6, repeat: ~", "repeat"),
        ("out: 6, when: ~", "when"),
        ("out: 6, repeat: 2, first: {k: ~}", "first.k"),
    ],
)
def test_nothing_as_an_argument_of_a_block_is_named(call, place):
    found = mistakes(f"{INPUT}{BLOCK}network: [b: {{{call}}}]")
    assert found == f"spec:6: network[0].b.{place}: nothing, expected a number or arithmetic"


@pytest.mark.parametrize("key", ["channels", "time", "height", "width", "every"])
def test_nothing_as_a_size_of_the_input_is_named(key):
    sizes = {**dict.fromkeys(("channels", "time", "height", "width", "every"), "8"), key: "~"}
    given = ", ".join(f"{name}: {value}" for name, value in sizes.items())
    found = mistakes(f"input: {{{given}}}\nnetwork: [relu]")
    assert found == f"spec:1: input.{key}: nothing, expected a whole number"


def test_nothing_as_a_let_name_is_named():
    found = mistakes(f"{INPUT}let: {{a: ~}}\nnetwork: [conv: {{channels: a}}]")
    assert found == "spec:2: let.a: nothing, expected a number or arithmetic"


def test_an_array_of_shares_is_one_where_it_is_even_and_tells_else_which_networks_part():
    given = read_text("{past: 1 / share}", "x").value
    assert make_op("shift", given, {"share": np.array([4, 4])}) == make_op("shift", given, {"share": 4})
    with pytest.raises(SpecError, match="decides the structure") as error:
        make_op("shift", given, {"share": np.array([4, 8])})
    assert error.value.__cause__.values.tolist() == [0.25, 0.125]
