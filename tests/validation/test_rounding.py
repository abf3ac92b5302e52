"""What a network makes of rounding is no mistake, and on the same network a mistake is one."""

from dataclasses import replace
from importlib import import_module

import pytest
from checked import changed, wrong

from costmodel import continual
from costmodel.analysis.figures import Figures
from costmodel.emit.build import emit
from costmodel.emit.modules.conv import ConvLayer
from costmodel.emit.randomise import randomise
from costmodel.emit.source import source_text
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Add, Conv, Delay, Gru, Linear
from costmodel.types import TensorType
from costmodel.validation.check import TOLERANCE, Check
from costmodel.validation.equality import check_equality
from costmodel.validation.files import check_source
from costmodel.validation.frames import frames_compared
from costmodel.validation.rounding import MOST, Rounding
from costmodel.validation.running import drawn, frames_of, running

STEPS = "steps_equal_the_clip_network"
CHAOTIC = 2.5  # weights so large that a recurrent layer doubles a change of its past with each frame


def recurrent() -> Graph:
    nodes = (
        Node("stem", Conv(channels=4, kernel=(3, 1, 1), bias=True), (INPUT,)),
        Node("skip", Conv(channels=4), (INPUT,)),
        Node("add", Add(), ("stem", "skip")),
        Node("gru", Gru(48), ("add",)),
        Node("fc", Linear(3), ("gru",)),
    )
    return continual(Graph("recurrent", TensorType(2, 8, 1, 1), nodes))


@pytest.fixture
def chaotic(monkeypatch: pytest.MonkeyPatch) -> Graph:
    randomising = import_module("costmodel.emit.randomise")  # the function of its name hides the module
    usual = randomising._bound
    monkeypatch.setattr(
        randomising, "_bound", lambda name, value: CHAOTIC if name == "weight_hh" else usual(name, value)
    )
    drawn.cache_clear()
    return recurrent()


def steps_of(graph: Graph) -> Check:
    return next(check for check in check_equality(graph) if check.what == STEPS)


def test_rounding_that_a_recurrent_layer_amplifies_is_allowed(chaotic: Graph):
    check = steps_of(chaotic)
    assert check.holds
    assert TOLERANCE < float(check.measured) < float(check.predicted) < MOST / 10  # type: ignore[arg-type]
    assert "rounding ahead of" in check.note


def test_a_delay_that_is_a_frame_too_long_is_found_all_the_same(chaotic: Graph):
    (delay,) = (node.name for node in chaotic.nodes if isinstance(node.op, Delay))
    late = changed(chaotic, delay, lambda op: replace(op, wait=op.wait + 1))
    assert not steps_of(late).holds


def test_taps_that_are_swapped_are_found_all_the_same(chaotic: Graph, monkeypatch: pytest.MonkeyPatch):
    usual = ConvLayer.taps
    monkeypatch.setattr(ConvLayer, "taps", lambda layer, frame, which: usual(layer, frame, which)[::-1])
    check = steps_of(chaotic)
    assert not check.holds
    assert check.note.startswith("stem is the first to diverge")


def test_recurrent_weights_as_they_are_drawn_amplify_nothing():
    assert wrong(recurrent()) == {}
    check = steps_of(recurrent())
    assert check.predicted == TOLERANCE


def test_rounding_grows_with_the_layers_that_amplify_it(chaotic: Graph):
    network, clip = running(chaotic), frames_of(chaotic, 1, frames_compared(Figures(chaotic)), 0)
    rounding = Rounding(chaotic, network.layers, clip)
    assert rounding.most("stem") == TOLERANCE
    assert rounding.most("gru") > 10 * TOLERANCE


def test_a_source_file_is_compared_in_64_bits():
    network = emit(recurrent()).eval()
    assert isinstance(network, StreamNetwork)
    randomise(network)
    text = source_text(network.graph)
    check = check_source(text, network)
    assert (check.holds, check.predicted) == (True, TOLERANCE)
    assert float(check.measured) < 1e-12  # type: ignore[arg-type]
