"""MoViNet's spec beside its port: what a stream keeps, its names of tensors, and its space of designs."""

from typing import Any

import pytest

from costmodel import continual, load
from costmodel.analysis.cost import analyze
from costmodel.spec.axes import axes_of
from costmodel.spec.document import document

TINY: dict[str, Any] = {"crop": 32, "frames": 4, "classes": 5, "hidden": 16}


@pytest.mark.parametrize(
    ("variant", "macs", "buffers", "sums"),
    [("A0-stream", 50_696_504, 670_944, 3_248), ("A0-stream-plain", 42_874_752, 566_880, 3_248)],
)
def test_a_stream_keeps_the_buffers_and_sums_of_the_port(variant: str, macs: int, buffers: int, sums: int):
    analysis = analyze(continual(load("movinet", variant=variant)))
    rows = [(row["name"], row["state_floats"]) for row in analysis.rows]
    assert analysis.totals["macs_per_frame"] == macs
    assert sum(kept for name, kept in rows if "cgap" in name or "past" in name) == sums
    assert sum(kept for _, kept in rows) == buffers + sums


def test_a_stream_looks_at_no_frame_to_come_and_remembers_all():
    totals = analyze(continual(load("movinet", variant="A1-stream"))).totals
    assert (totals["delay"], totals["lookahead"], totals["receptive_field"]) == (0, 0, float("inf"))


def test_a_clip_of_50_frames_costs_50_steps():
    totals = analyze(load("movinet", variant="A0-stream")).totals
    assert totals["macs_per_clip"] == 50 * 50_696_504


@pytest.mark.parametrize(
    ("settings", "changed"),
    [({"wide4": 2}, "blocks.b2."), ({"longer6": 2}, "blocks.b4."), ({"larger3": 2}, "blocks.b1.")],
)
def test_a_size_of_a_stage_leaves_the_stages_ahead_as_they_are(settings: dict[str, Any], changed: str):
    before, after = (analyze(load("movinet", **TINY, **sets)).rows for sets in ({}, settings))
    params = [{row["name"]: row["params"] for row in rows} for rows in (before, after)]
    first = next(name for name in params[1] if params[1][name] != params[0].get(name))
    assert first.startswith(changed)


def test_depth_adds_blocks_to_its_stage_alone():
    deeper = load("movinet", **TINY, depth3=5)
    names = {node.name.split(".main")[0] for node in deeper.nodes if ".main" in node.name}
    assert "blocks.b1.4" in names
    assert "blocks.b1.5" not in names
    assert "blocks.b2.3" not in names


def test_the_space_has_resolution_frames_and_four_axes_for_each_stage():
    names = {axis.name for axis in axes_of(document("movinet"))}
    stages = {f"{kind}{stage}" for kind in ("Width", "Depth", "Time", "Space") for stage in range(2, 7)}
    assert names == {"Resolution", "Frames"} | stages
