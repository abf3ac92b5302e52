"""Shifts of shares of the channels, and into the future: figures, state, and what is refused."""

from fractions import Fraction

import pytest

from costmodel import analyze, continual
from costmodel.errors import CostModelError
from costmodel.graph import Graph
from costmodel.ops import Conv, Op, Shift, Split, infer
from costmodel.spec import elaborate, from_text
from costmodel.types import TensorType
from costmodel.validation.validate import validate
from tests.shared.emitted import assert_near, chain, clip_network, frames, stream_network

X = TensorType(20, 8, 4, 4)
EIGHTH = Fraction(1, 8)
OFFLINE = """
name: offline
input: {channels: 16, time: 8, height: 4, width: 4}
network:
  - concat:
      next: [split: {part: 1, parts: 2}, shift: {frames: -1}]
      now: [split: {part: 2, parts: 2}]
"""


def figures(graph: Graph) -> tuple[int, ...]:
    totals = analyze(graph).totals
    return totals["delay"], totals["receptive_field"], totals["state_floats"]


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (Shift(past=EIGHTH, future=EIGHTH), (1, 3, 2 * 2 * 16 + 16 * 16)),
        (Shift(future=EIGHTH), (1, 2, 18 * 16)),
        (Shift(past=EIGHTH), (0, 2, 2 * 16)),
        (Shift(frames=-1), (1, 1, 0)),
    ],
)
def test_a_stream_keeps_what_is_still_to_be_handed_on(op: Op, expected: tuple[int, ...]):
    assert figures(continual(chain(op, source=X))) == expected


def test_a_branch_that_waits_for_the_future_waits_where_it_is_smallest():
    assert figures(continual(elaborate(from_text(OFFLINE)))) == (1, 2, 8 * 16)


@pytest.mark.parametrize("frames_apart", [1, 2])
def test_a_stream_answers_as_the_clip_does(frames_apart: int):
    shares = Shift(past=EIGHTH, future=EIGHTH, frames=frames_apart)
    graph = chain(Conv(channels=16, kernel=(3, 1, 1), causal=True), shares, Shift(frames=-1))
    stream, clip = stream_network(graph), frames(graph, 12)
    outputs, _ = stream.forward_steps(clip)
    assert outputs.shape[2] == 12 - frames_apart - 1
    assert_near(outputs, clip_network(graph)(clip)[:, :, : outputs.shape[2]])


@pytest.mark.parametrize(
    ("part", "fields", "channels"),
    [
        (1, {"parts": 8}, 2),
        (8, {"parts": 8}, 6),
        (3, {"sizes": (2, 2)}, 16),
        (2, {"shares": (EIGHTH,) * 2}, 2),
    ],
)
def test_a_split_rounds_down_and_leaves_the_rest(part: int, fields: dict, channels: int):
    assert infer(Split(part=part, **fields), (X,)).channels == channels


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (
            Shift(frames=-8),
            "a shift by -8 frames leaves nothing of a clip of 8; shift by less, or give it more",
        ),
        (Shift(frames=0), "a shift by no frame; leave it out"),
        (
            Shift(past=Fraction(3, 4), future=Fraction(1, 2)),
            "shares of 3/4 and 1/2 are more than all channels",
        ),
        (Shift(past=Fraction(1, 40)), "its shares of 20 channels hold none; give it a larger one"),
        (Split(part=4, sizes=(2, 2)), "there is no part 4 of 3, the rest counted in"),
        (Split(part=1, sizes=(20, 2)), "parts of 22 channels in all, of 20"),
        (Split(part=1, sizes=(2,), shares=(EIGHTH,)), "takes sizes or shares, not both"),
        (Split(part=1, parts=21), "21 parts of 20 channels; some would hold none"),
    ],
)
def test_what_does_not_fit_is_named(op: Op, message: str):
    with pytest.raises(CostModelError) as error:
        infer(op, (X,))
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("frames", [1, 2])
def test_a_shift_of_all_channels_both_ways_does_not_see_the_frame_itself(frames: int):
    shift = f"- shift: {{frames: {frames}, past: 0.5, future: 0.5}}"
    text = f"input: {{channels: 2, time: 9, height: 1, width: 1}}\nnetwork:\n{shift}\n"
    graph = elaborate(from_text(text, "x"))
    assert graph.windows["shift"].kernel == 2
    for each in (graph, continual(graph)):
        assert [check for check in validate(each) if check.holds is False] == []
