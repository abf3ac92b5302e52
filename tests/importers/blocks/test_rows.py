"""Rows that go on numbering their names are one that repeats, where a simple rule gives their arguments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.arithmetic import parse
from costmodel.importers.blocks.bodies import SOURCE
from costmodel.importers.blocks.rows import Row, _rule, collapsed, labelled

DEFAULTS = {"b": {"out": "~", "stride": "1", "gated": "false"}}


def calls(*fields: dict[str, str]) -> list[Row]:
    sources = [SOURCE, *(f"res.{place}" for place in range(len(fields)))]
    return [Row(f"res.{place}", "b", True, given, (sources[place],)) for place, given in enumerate(fields)]


def joined(*fields: dict[str, str], kernels: tuple[str, ...] = ()) -> list[Row]:
    return collapsed(calls(*fields), DEFAULTS, lambda word, name: name in kernels)


def test_equal_calls_are_one():
    (row,) = joined({"out": "8"}, {"out": "8"}, {"out": "8"})
    assert (row.key, row.fields, row.repeat, row.first) == ("res", {"out": "8"}, 3, {})


def test_what_differs_in_the_first_alone_is_its_own():
    (row,) = joined({"out": "8", "stride": "2"}, {"out": "8"}, {"out": "8"})
    assert (row.fields, row.first) == ({"out": "8"}, {"stride": "2"})


def test_a_kernel_of_the_first_alone_is_a_pair_and_no_repeat():
    assert len(joined({"out": "8", "stride": "2"}, {"out": "8"}, kernels=("stride",))) == 2


def test_what_no_rule_gives_stays_apart():
    rows = joined({"out": "8"}, {"out": "8"}, {"out": "16"}, {"out": "32"})
    assert [(row.key, row.repeat) for row in rows] == [("res", 3), ("res.3", 1)]
    assert rows[0].fields == {"out": "8 if i < 2 else 16"}
    assert rows[1].sources == ("res",)


def test_a_call_that_another_row_reads_ends_the_repeat():
    rows = [*calls({}, {}, {}), Row("add", "add", False, {}, ("res.1", "res.2"))]
    found = collapsed(rows, DEFAULTS, lambda word, name: False)
    assert [row.key for row in found] == ["res", "res.2", "add"]
    assert found[-1].sources == ("res", "res.2")
    assert labelled(found) == {"res", "res.2"}


@given(texts=st.lists(st.sampled_from(["1", "3", None]), min_size=2, max_size=9))
def test_a_rule_gives_each_call_its_own(texts: list[str | None]):
    found = _rule(texts)
    if found is None:
        return
    first, rest = found
    for place, text in enumerate(texts):
        given = first if place == 0 and first is not None else rest
        assert text is None or (given is not None and str(parse(given).value({"i": place})) == text)


@pytest.mark.parametrize(
    ("texts", "rule"),
    [
        (("true", "false", "true", "false"), (None, "i % 2 == 0")),
        (("false", "true", "false", "true"), (None, "i % 2 == 1")),
        (("false", "false", "true"), (None, "i >= 2")),
        (("3", "3", "1", "1"), (None, "3 if i < 2 else 1")),
        (("2", None, "1", "1"), ("2", "1")),
        (("9", "1", "3", "1"), ("9", "1 if i % 2 == 1 else 3")),
        (("1", "2", "4"), None),
    ],
)
def test_rules_are_the_simplest_that_hold(texts: tuple[str | None, ...], rule: tuple[str | None, str] | None):
    assert _rule(texts) == rule
