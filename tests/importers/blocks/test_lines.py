"""Rows are lines as our own specs have them: no needless names, quotes or keys."""

from __future__ import annotations

import pytest
from modules_of_specs import INPUT, rewritten

from costmodel.importers.blocks.bodies import SOURCE
from costmodel.importers.blocks.lines import LINE, lines
from costmodel.importers.blocks.rows import Row
from costmodel.spec import elaborate, from_text


def layers(network: str) -> list[str]:
    text = rewritten(elaborate(from_text(f"{INPUT}network: [{network}]"))).text
    return [line.strip() for line in text.partition("network:\n")[2].splitlines()]


@pytest.mark.parametrize(
    "line",
    [
        "- relu",
        "- relu: {name: act}",
        "- conv: {channels: 8, kernel: [1, 3, 3], stride: 2, groups: 2, bias: true}",
        "- conv: {name: 0, channels: 8, kernel: [3, 3, 3], padding: [1, [0, 1], [0, 1]]}",
        '- conv: {name: "0.1", channels: 8}',
        "- max_pool: {kernel: [2, all, all], stride: [2, 1, 1], padding: 0}",
        "- avg_pool: {kernel: all}",
        "- bn: {eps: 0.001}",
        "- split: {part: 2, sizes: [1, 3]}",
        "- interpolate: {size: [all, 8, 8], mode: bilinear}",
        "- relu: {written: function}",
        "- conv: {channels: 8, kernel: 3}",
        "- leaky_relu: {negative_slope: 1/3}",
    ],
)
def test_a_layer_is_written_as_it_was(line: str):
    layer = f"{{{line[2:]}}}" if ":" in line else line[2:]
    assert layers(f"{layer}, {{linear: {{name: head, channels: 2}}}}")[0] == line


def test_a_label_is_a_name_and_stands_where_it_is_read():
    network = "{relu: {as: a}}, {conv: {as: b, channels: 4}}, {add: {from: [b, a, input]}}"
    assert layers(network) == [
        "- relu: {as: a}",
        "- conv: {as: b, channels: 4}",
        "- add: {from: [b, a, input]}",
    ]


def test_a_long_line_goes_on_below():
    def line(number: int) -> list[str]:
        fields = {f"argument{place}": "1" for place in range(number)}
        return lines([Row("x", "a_block_of_a_long_name", True, fields, (SOURCE,))], "in", 2)

    assert [len(line(number)) for number in (2, 7, 8)] == [1, 2, 10]
    assert max(len(each) for number in range(9) for each in line(number)) <= LINE


def test_a_block_that_is_read_elsewhere_has_a_name_and_a_label():
    rows = [Row("x", "block", True, {}, (SOURCE,), repeat=2), Row("add", "add", False, {}, ("x", SOURCE))]
    assert lines(rows, "in", 0) == ["- block: {name: x, repeat: 2, as: x}", "- add: {from: [x, in]}"]


def test_a_layer_called_in_has_another_label():
    rows = [Row("in", "relu", False, {}, (SOURCE,)), Row("add", "add", False, {}, ("in", SOURCE))]
    assert lines(rows, "in", 0) == ["- relu: {name: in, as: in_}", "- add: {from: [in_, in]}"]
