"""What a chip holds of a stream in 8 bits, against sums by hand."""

from __future__ import annotations

import pytest

from costmodel import Graph, Node, TensorType, load
from costmodel.analysis.npu import on_chip
from costmodel.errors import OptionError
from costmodel.ops import Add, Conv, GlobalPool, Linear, Relu
from costmodel.transforms.continual import Continual

NODES = (
    Node("stem", Conv(channels=4, kernel=(1, 3, 3), bias=True), ("input",)),
    Node("relu", Relu(), ("stem",)),
    Node("depth", Conv(channels=4, kernel=(3, 3, 3), groups=4), ("relu",)),
    Node("sum", Add(), ("depth", "relu")),
    Node("pool", GlobalPool(kernel=(1, None, None)), ("sum",)),
    Node("fc", Linear(channels=5), ("pool",)),
)
MAP = 4 * 6 * 6


def stream(state: str = "window") -> Graph:
    return Continual(state=state)(Graph("net", TensorType(3, 8, 6, 6), NODES))


def test_state_stands_once_and_a_layers_own_twice_beside_the_maps_that_are_alive():
    found = {each.layer: each for each in on_chip(stream()).moments}
    state = 2 * MAP + MAP  # two frames of the window, and one that waits at the sum
    assert {each.state for each in found.values()} == {state}
    assert (found["stem"].written, found["stem"].maps) == (0, 3 * 36 + MAP)
    # in place of the map that it reads
    assert found["relu"].maps == MAP
    # the map that it reads, the sum so far, what the next tap makes of a frame, and both together
    assert (found["depth"].written, found["depth"].maps) == (2 * MAP, 4 * MAP)
    assert on_chip(stream()).sram == state + 2 * MAP + 4 * MAP == on_chip(stream()).peak.total


def test_weights_take_a_byte_each_and_biases_four():
    weights = 4 * 3 * 9 + 4 * 27 + 4 * 5
    assert on_chip(stream()).weights == weights + 4 * (4 + 5)


def test_a_program_is_given_the_frames_of_a_whole_cycle():
    halved = Conv(channels=4, kernel=(2, 1, 1), stride=(2, 1, 1), padding=(0, 0, 0))
    graph = Continual(state="window")(
        Graph("net", TensorType(3, 8, 6, 6), (Node("half", halved, ("input",)),))
    )
    (moment,) = on_chip(graph).moments
    assert moment.maps == 2 * 3 * 36 + 3 * MAP


@pytest.mark.parametrize(
    ("graph", "told"),
    [
        (lambda: load("x3d_s"), "--npu: is for streams; add --continual"),
        (
            lambda: stream("partial"),
            "--npu: depth keeps open sums, which 8 bits cannot hold; add --state window",
        ),
    ],
)
def test_what_no_chip_can_hold_is_refused(graph, told):
    with pytest.raises(OptionError) as error:
        on_chip(graph())
    assert str(error.value) == told
