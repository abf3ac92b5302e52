"""Numbers that differ alike are one argument, and channels that follow from others are worked out."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from modules_of_specs import INPUT, rewritten

from costmodel.arithmetic import parse
from costmodel.importers.blocks.bodies import MISSING
from costmodel.importers.blocks.parameters import _rule
from costmodel.numbers import round_to
from costmodel.spec import elaborate, from_text

CHANNELS = st.lists(st.integers(1, 64).map(lambda each: 8 * each), min_size=2, max_size=5, unique=True)


@given(base=CHANNELS, ratio=st.sampled_from([Fraction(1), Fraction(4), Fraction(1, 4), Fraction(9, 4)]))
def test_a_ratio_of_all_channels_is_a_rule(base: list[int], ratio: Fraction):
    values = [int(each * ratio) for each in base]
    rule = _rule(base, values).format("base")
    assert [parse(rule).value({"base": each}) for each in base] == values


@given(base=CHANNELS)
def test_channels_reduced_and_rounded_are_a_rule(base: list[int]):
    values = [round_to(Fraction(each, 16)) for each in base]
    rule = _rule(base, values).format("base")
    assert rule
    assert [parse(rule).value({"base": each}) for each in base] == values


def test_two_numbers_alone_are_no_rule():
    assert _rule([8, 8], [16, 16]) == ""
    assert _rule([8, 16], [16, 33]) == ""


def test_what_is_missing_in_the_base_alone_is_no_rule():
    assert _rule([8, 16, MISSING], [16, 32, 64]) == ""
    assert _rule([8, 16, 24], [16, 32, MISSING]) == "2 * {}"


def arguments(layers: str, calls: str) -> str:
    blocks = f"blocks: {{b: {{args: {{x: ~, y: ~, s: 1}}, layers: [{layers}]}}}}\n"
    text = rewritten(elaborate(from_text(f"{INPUT}{blocks}network: [{calls}]"))).text
    return next((line.strip() for line in text.splitlines() if "args:" in line), "")


FOUR = ", ".join(
    f"{{b: {{name: b{each}, x: {8 * each}, y: {(3, 5, 9, 7)[each - 1]}, s: {1 + each % 2}}}}}"
    for each in (1, 2, 3, 4)
)


def test_equal_numbers_are_one_argument_and_stride_another():
    layers = (
        "{conv: {channels: x, stride: [1, s, s]}}, bn, {conv: {channels: x, groups: x, kernel: [y, 1, 1]}}"
    )
    assert arguments(layers, FOUR) == "args: {out: ~, time: ~, stride: 2}"


def test_channels_between_are_inner_and_follow_from_what_leaves():
    layers = "{conv: {channels: 4 * x}}, bn, relu, {conv: {channels: x}}"
    assert arguments(layers, FOUR) == "args: {out: ~, inner: 4 * out}"


def test_channels_that_follow_from_nothing_are_given():
    layers = "{conv: {channels: y}}, bn, relu, {conv: {channels: x}}"
    assert arguments(layers, FOUR) == "args: {out: ~, inner: ~}"
