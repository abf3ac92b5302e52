"""Stages hold all that their layers hold, and bars are as long as their values are large."""

import io
import sys

import pytest

from costmodel.analysis.cost import Analysis, analyze
from costmodel.network import Network
from reports.stages import MAP_BAR, STATE_BAR, bar, brief, largest, stages


@pytest.fixture(scope="module")
def stream() -> Analysis:
    return analyze(Network.of("x2d", None, {"frames": 8}).continual().graph())


@pytest.mark.parametrize("depth", [1, 2])
def test_stages_hold_each_layer_once(stream: Analysis, depth: int):
    rows = stages(stream, "", depth).rows
    assert sum(row["layers"] for row in rows) == len(stream.rows)
    named = [row["stage"] for row in rows]
    assert len(set(named)) == len(named)
    assert ("res2.0" in named) == (depth == 2)


def test_what_a_stage_holds_is_the_sum_over_its_layers(stream: Analysis):
    (res2,) = (row for row in stages(stream, "").rows if row["stage"] == "res2")
    layers = [row for row in stream.rows if row["name"].startswith("res2.")]
    assert res2["state"] == brief(sum(row["state_floats"] for row in layers))
    assert res2["MACs"] == brief(sum(row["macs"] for row in layers))
    assert res2["map"] == brief(max(row["activation_floats"] for row in layers))


def test_what_only_changes_values_counts_to_the_stage_ahead(stream: Analysis):
    named = {row["stage"]: row["layers"] for row in stages(stream, "").rows}
    assert not {"conv1_relu", "conv5_relu", "dropout"} & set(named)
    assert named["conv5"] == 3
    assert "pool5" in named  # which has state of its own


def test_the_longest_bar_is_that_of_the_largest(stream: Analysis):
    rows = stages(stream, "").rows
    assert max(len(str(row[STATE_BAR])) for row in rows) == max(len(str(row[MAP_BAR])) for row in rows) == 8


@pytest.mark.parametrize(
    ("value", "text"), [(0, ""), (1, "▏"), (32, "████"), (37, "████▋"), (64, "████████")]
)
def test_a_bar_is_drawn_in_eighths(value: int, text: str):
    assert bar(value, 64) == text
    assert bar(value, 0) == ""


def test_where_there_are_no_blocks_bars_are_of_signs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert bar(32, 64) == "####"


def test_the_largest_keep_most_or_give_most_on(stream: Analysis):
    rows = largest(stream.rows, 10)
    kept = [row["state_floats"] for row in rows]
    assert kept == sorted((row["state_floats"] for row in stream.rows), reverse=True)[:10]
