"""Every closed form gives its figure."""

import re
from fractions import Fraction
from math import floor
from typing import Any

import pytest

from costmodel import continual, load
from costmodel.analysis.explain import explain
from costmodel.graph import Graph
from costmodel.spec import elaborate, from_text

EVERY_OP = """
name: every
input: {channels: 8, time: 9, height: 8, width: 8}
network:
  - conv: {channels: 12, kernel: [3, 3, 1], stride: [2, 2, 1], groups: 4, bias: true, dilation: [2, 1, 1]}
  - avg_pool: {kernel: [3, 2, 2], stride: [1, 2, 2]}
  - max_pool: {kernel: [1, 3, 3], padding: [0, 0, 0]}
  - bn
  - swish
  - squeeze_excite
  - concat: {a: [conv: {channels: 5, kernel: [3, 1, 1]}], b: []}
  - add: {a: [relu], b: [sigmoid], c: []}
  - global_pool
  - linear: {channels: 7}
  - softmax
"""


def networks() -> list[Graph]:
    every = elaborate(from_text(EVERY_OP))
    return [load("x3d_xs"), continual(load("x3d_xs"), pool=8), every, continual(every, excite="clip")]


def value(numbers: str) -> Any:
    """The value of a closed form with its numbers, by exact arithmetic."""
    exact = re.sub(r"\d+", lambda match: f"Fraction({match[0]})", numbers)
    return eval(exact, {"Fraction": Fraction, "floor": floor, "ceiling": lambda x: -floor(-x)})


@pytest.mark.parametrize("graph", networks(), ids=lambda graph: f"{graph.name} {graph.is_stream}")
def test_every_closed_form_gives_its_figure(graph: Graph):
    for name in graph.by_name:
        for form in explain(graph, name).forms:
            assert (name, form.figure, value(form.numbers)) == (name, form.figure, form.value)


def test_a_depthwise_convolution_reads_as_in_the_paper():
    found = explain(continual(load("x3d_m")), "res3.0.main.b")
    forms = {form.figure: form for form in found.forms}
    assert forms["mac.conv"].formula == "k_T * k_H * k_W * c_O * n_H * n_W"
    assert forms["mac.conv"].numbers == "3 * 3 * 3 * 108 * 28 * 28"
    assert forms["mac.conv"].source.startswith("Hedegaard 2022, eq. 4")
    assert forms["state_floats, partial"].formula == "(k_T - 1) * d_T * c_O * n_H * n_W"
    assert forms["state_floats, partial"].value == 169_344
    assert "Hedegaard 2022, eq. 1" in found.rule
