import pytest

from costmodel import Graph, Node, TensorType, analyze, continual, load
from costmodel.analysis.memory import memory, peak_activation
from costmodel.errors import OptionError
from costmodel.graph import INPUT
from costmodel.ops import Add, Conv, Relu

FORK = Graph(
    "fork",
    TensorType(4, 1, 2, 2),
    (
        Node("wide", Conv(channels=9), (INPUT,)),
        Node("act", Relu(), ("wide",)),
        Node("end", Conv(channels=2), ("act",)),
        Node("short", Conv(channels=2), (INPUT,)),
        Node("add", Add(), ("end", "short")),
    ),
)


def test_each_layer_holds_its_inputs_its_output_and_what_is_still_needed():
    moments = memory(FORK).as_defined.moments
    assert [(moment.layer, moment.floats, moment.alive) for moment in moments] == [
        ("wide", 4 * (4 + 9), (INPUT, "wide")),
        ("act", 4 * (4 + 9 + 9), (INPUT, "wide", "act")),
        ("end", 4 * (4 + 9 + 2), (INPUT, "act", "end")),
        ("short", 4 * (4 + 2 + 2), (INPUT, "end", "short")),
        ("add", 4 * (2 + 2 + 2), ("end", "short", "add")),
    ]


def test_the_best_order_runs_the_shortcut_first_and_names_the_layer_of_the_peak():
    best = memory(FORK).best
    assert best.order.index("short") < best.order.index("act")
    assert (best.peak.layer, best.peak.floats, best.is_proven) == ("act", 4 * (2 + 9 + 9), True)
    assert not memory(FORK).as_defined.is_proven


def test_weights_and_state_stand_beside_the_live_maps():
    stream = continual(load("x3d", variant="M"))
    held, totals = memory(stream), analyze(stream).totals
    assert (held.weights, held.state) == (totals["params"], totals["state_floats"])
    assert held.best.peak.floats == totals["peak_activation_floats"]
    assert held.floats == 3_794_322 + 5_279_664 + 1_430_016


@pytest.mark.parametrize(
    ("variant", "as_defined", "best"), [("M", 1_655_808, 1_430_016), ("XXL", 4_283_136, 3_699_072)]
)
def test_the_peak_of_x3d_is_in_its_first_block(variant: str, as_defined: int, best: int):
    # defined: the block's input and two maps of its inner width; best: its projection stands in for the input
    held = memory(continual(load("x3d", variant=variant)))
    assert (held.as_defined.peak.layer, held.as_defined.peak.floats) == ("res2.0.main.a_bn", as_defined)
    assert (held.best.peak.layer, held.best.peak.floats, held.best.is_proven) == (
        "res2.0.main.a_bn",
        best,
        True,
    )


def test_only_numbers_have_a_best_order():
    import sympy

    crop = sympy.Symbol("crop", integer=True, positive=True)
    with pytest.raises(OptionError, match="peak_activation_floats: conv1_s has sizes that are not numbers"):
        peak_activation(load("x3d", variant="M", crop=crop))
