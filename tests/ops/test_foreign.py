"""Calls that are no layers: counted as they are declared, in a stream where they see one frame, never run."""

from __future__ import annotations

import pytest

from costmodel import analyze, continual
from costmodel.emit import emit
from costmodel.errors import EmitError, OptionError, TransformError
from costmodel.graph import Graph
from costmodel.network import Network
from costmodel.spec import from_text


def graph(layer: str) -> Graph:
    text = f"input: {{channels: 3, time: 4, height: 6, width: 6}}\nnetwork: [relu, {layer}, global_pool]"
    return Network(from_text(text)).graph()


def foreign(fields: str) -> Graph:
    return graph(f"foreign: {{name: own, channels: 5, height: 6, width: 6, {fields}}}")


def test_a_declared_call_is_counted_by_clip_and_by_frame():
    one = foreign("macs: 70, params: 11")
    assert (analyze(one).totals["macs_per_clip"], analyze(one).totals["params"]) == (280, 11)
    assert analyze(continual(one)).totals["macs_per_frame"] == 70
    assert one.notes == ()


def test_a_hole_makes_totals_partial():
    hole = foreign("frames: 0, is_known: false")
    assert hole.missing == ("own",)
    assert hole.notes == ("partial: nothing is known of own but its shape, and all totals leave it out",)
    assert analyze(hole).totals["macs_per_clip"] == 0


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("frames: 0, is_known: false", "own: is a call that import could not read, and nothing is known"),
        ("frames: 1, is_known: false", "own: is a call that import could not read, and nothing is known"),
        ("frames: 3", "own: is a call that was declared to see 3 frames"),
        ("frames: 0", "own: is a call that was declared to see all frames"),
    ],
)
def test_a_stream_takes_a_call_of_one_frame_alone(fields: str, told: str):
    with pytest.raises(TransformError, match=told):
        continual(foreign(fields))


def test_a_call_of_several_frames_widens_what_is_seen():
    assert analyze(foreign("frames: 3")).totals["receptive_field"] == 4  # the pool sees all four
    wide = graph("foreign: {channels: 5, height: 6, width: 6, frames: 3}, shift: {frames: 1}")
    assert analyze(wide).totals["receptive_field"] == 4


@pytest.mark.parametrize("fields", ["macs: 1", "frames: 0, is_known: false"])
def test_it_is_never_run(fields: str):
    with pytest.raises(EmitError, match="own: stands for a call that import has no layer for"):
        emit(foreign(fields))


def test_no_counting_convention_knows_it():
    with pytest.raises(
        OptionError, match=r"own: convention fvcore neither counts nor leaves out mac\.foreign"
    ):
        analyze(foreign("macs: 1"), convention="fvcore")


def test_a_call_of_several_tensors():
    made = graph(
        "foreign_merge: {channels: 5, height: 1, width: 1, time: 1, frames: 0, macs: 9, a: [], b: []}"
    )
    assert analyze(made).totals["macs_per_clip"] == 9
