"""What a printed cost of a sampled network says of its clips, and whether one number gives several."""

from fractions import Fraction

import pytest

from costmodel.errors import SpecError
from costmodel.spec.load import read_text
from reports.implied import Implied, told_together
from reports.papers import read_paper
from reports.reproduce import reproduce_paper

PAPER = """
paper: test
source: A paper
convention: atfr
networks:
  small: {spec: x3d, variant: XS, sgs: conv1}
  plain: {spec: x3d, variant: XS}
tables:
  - table: "1"
    columns:
      - {figure: FLOPs, unit: G, implied: clips}
      - {figure: reduction, unit: "%", implied: clips, value: 100 * (1 - sampled / plain.count)}
      - {figure: times fewer, unit: "x", implied: clips, value: plain.count / sampled}
    rows:
      - {row: X3D-XS, network: small, printed: "0.31 48 1.93"}
"""


def judged(old: str = "", new: str = "") -> list:
    assert old in PAPER
    return reproduce_paper(read_paper(read_text(PAPER.replace(old, new), "test.yaml")))


def test_a_cost_a_share_and_a_quotient_of_one_mean_are_explained_together():
    cost, reduction, times = judged()
    assert {each.verdict for each in (cost, reduction, times)} == {"implied"}
    assert cost.value is None
    assert cost.reason == (
        "a mean of 1.98 of 4 active bins; about 2.00 gives all 3 figures of clips, cut off or rounded; 2 does"
    )


def test_figures_that_no_one_mean_gives_are_said_to():
    assert judged('"0.31 48 1.93"', '"0.31 20 1.93"')[1].reason.endswith(
        "no one number gives all 3 figures of clips"
    )


def test_a_cost_that_no_number_gives_is_named():
    with pytest.raises(SpecError, match=r"X3D-XS, FLOPs: no number of active bins gives it: 1 give 0\.16"):
        judged('"0.31 ', '"0.91 ')


def test_a_figure_that_bends_with_the_cost_is_refused():
    with pytest.raises(SpecError, match="sampled: expected a figure that is linear in that cost"):
        judged("100 * (1 - sampled / plain.count)", "'max(sampled, 250000000) / 1e6'")


def ranges(rounded: tuple[str, str], cut_off: tuple[str, str]) -> Implied:
    one, other = (tuple(map(Fraction, each)) for each in (rounded, cut_off))
    return Implied(Fraction(0), 9, (one[0], one[1]), (other[0], other[1]))


def test_the_way_of_printing_that_agrees_is_told():
    wide = ranges(("1", "3"), ("2", "4"))
    assert (
        told_together([wide, wide], "it")
        == "2.00 to 3.00 give both figures of it, cut off or rounded; 2 does"
    )
    low, high = ranges(("1", "2"), ("2.2", "2.8")), ranges(("1.2", "1.4"), ("5", "6"))
    assert told_together([low, high], "it") == "1.20 to 1.40 give both figures of it, rounded"
    assert told_together([low, ranges(("2.5", "2.6"), ("5", "6"))], "it") == (
        "2.50 to 2.60 give both figures of it, some cut off, some rounded"
    )
    assert (
        told_together([low, ranges(("7", "8"), ("5", "6"))], "it") == "no one number gives both figures of it"
    )
