from itertools import product

import pytest

from costmodel import CostModelError, Graph, Node, TensorType, analyze, continual, load
from costmodel.analysis.temporal import timing
from costmodel.graph import INPUT
from costmodel.ops import Add, Concat, Conv, Delay, Relu, Shift, Step
from costmodel.transforms.retime import retime, retimed

SAME = ("receptive_field", "delay", "transient", "padding", "warmup", "params", "macs_per_frame")


def conv(channels: int, kernel: int = 1, **fields: object) -> Conv:
    return Conv(channels=channels, kernel=(kernel, 1, 1), **fields)


def graph(*nodes: Node, channels: int = 4) -> Graph:
    return Graph("test", TensorType(channels, 16, 1, 1), nodes)


def state(stream: Graph) -> int:
    return analyze(stream).totals["state_floats"]


def delays(stream: Graph) -> dict[str, tuple[str, int]]:
    return {node.name: (node.inputs[0], node.op.wait) for node in stream.nodes if isinstance(node.op, Delay)}


def fewest_by_trying_all(stream: Graph) -> int:
    """The fewest floats over every time of every layer, each fork's shift register read at any place."""
    layers = [node for node in stream.nodes if not isinstance(node.op, Delay)]
    behind = {INPUT: INPUT}
    for node in stream.nodes:
        behind[node.name] = behind[node.inputs[0]] if isinstance(node.op, Delay) else node.name
    at = timing(stream)
    window = {node.name: node.op.window(*stream.inputs_of(node)) for node in layers}
    ahead = {n.name: (window[n.name].span - window[n.name].before) * at[n.inputs[0]].jump for n in layers}
    fixed = {INPUT: 0, stream.output: at[stream.output].delay}
    names = [node.name for node in layers if node.name not in fixed]
    best = None
    # no layer needs to come later than the output, or earlier than its look-ahead alone
    for chosen in product(*(range(ahead[name], fixed[stream.output] + 1) for name in names)):
        times = {**fixed, **dict(zip(names, chosen, strict=True))}
        longest: dict[str, int] = {}
        for node in layers:
            for source in (behind[name] for name in node.inputs):
                wait = times[node.name] - ahead[node.name] - times[source]
                longest[source] = max(longest.get(source, 0), wait) if wait >= 0 else 10**9
        floats = sum(-(-wait // at[name].jump) * stream.types[name].values for name, wait in longest.items())
        best = floats if best is None else min(best, floats)
    return best


def held_by_delays(stream: Graph) -> int:
    rows = {row["name"]: row for row in analyze(stream).rows}
    return sum(rows[name]["state_floats"] for name in delays(stream))


def test_the_state_of_cox3d_m_is_the_smallest_known():
    assert state(continual(load("x3d", variant="M"), state="smallest")) == 4_988_016


@pytest.mark.parametrize(("variant", "floats"), [("S", 2_546_784), ("L", 17_237_616)])
def test_a_delay_moves_behind_the_projection_that_makes_its_tensor_smaller(variant: str, floats: int):
    stream = continual(load("x3d", variant=variant), state="smallest")
    assert state(stream) == floats
    assert delays(stream)["res3.0.add.delay2"] == ("res3.0.shortcut.bn", 1)


def test_a_delay_moves_ahead_of_a_layer_that_makes_its_tensor_larger():
    clip = graph(
        Node("squeeze", conv(1), (INPUT,)),
        Node("grow", conv(9), ("squeeze",)),
        Node("act", Relu(), ("grow",)),
        Node("main", conv(9, 3), (INPUT,)),
        Node("add", Add(), ("main", "act")),
    )
    assert list(delays(continual(clip)).values()) == [(INPUT, 1)]
    assert delays(continual(clip, state="smallest")) == {"grow.delay": ("squeeze", 1)}


def test_delays_that_share_a_fork_hold_their_frames_once():
    clip = graph(
        Node("act", Relu(), (INPUT,)),
        Node("a", conv(4, 3), ("act",)),
        Node("b", conv(4, 5), ("a",)),
        Node("middle", Add(), ("a", "act")),
        Node("late", Add(), ("b", "act")),
        Node("join", Concat(), ("middle", "late")),
    )
    stream = continual(clip, state="smallest")
    assert delays(stream)["middle.delay2"] == ("act", 1)
    assert delays(stream)["late.delay2"] == ("middle.delay2", 2)
    assert held_by_delays(stream) == fewest_by_trying_all(stream)


def test_frames_wait_ahead_of_a_layer_that_makes_more_of_them_and_of_a_shift():
    # The shift looks at the past alone: what it reads may come later than the answer.
    clip = graph(
        Node("act", Relu(), (INPUT,)),
        Node("wide", conv(8), ("act",)),
        Node("shift", Shift(frames=2), ("wide",)),
        Node("join", Concat("newest"), ("shift", "act")),
    )
    stream = continual(clip, state="smallest")
    assert delays(stream) == {"wide.delay": ("act", 2)}
    assert held_by_delays(stream) == 8


def test_delays_of_all_branches_become_one_behind_their_merge():
    clip = graph(
        Node("a", conv(5), (INPUT,)),
        Node("b", conv(5), (INPUT,)),
        Node("sum", Add(), ("a", "b")),
        Node("head", conv(2), ("sum",)),
        Node("main", conv(2, 5), (INPUT,)),
        Node("add", Add(), ("main", "head")),
    )
    assert delays(continual(clip, state="smallest")) == {"add.delay2": ("head", 2)}


@pytest.mark.parametrize(
    ("fields", "form", "floats"),
    [
        ({"channels": 2}, "partial", 2 * 2),
        ({"channels": 8}, "window", 2 * 4),
        ({"channels": 4}, "partial", 2 * 4),
        ({"channels": 5, "stride": (2, 1, 1)}, "partial", 1 * 5),
        ({"channels": 9, "stride": (2, 1, 1)}, "window", 2 * 4),
        ({"channels": 5, "dilation": (3, 1, 1), "padding": (3, 0, 0)}, "window", 6 * 4),
    ],
)
def test_each_layer_keeps_the_smaller_of_its_results_and_its_window(fields: dict, form: str, floats: int):
    stream = continual(graph(Node("conv", Conv(kernel=(3, 1, 1), **fields), (INPUT,))), state="smallest")
    assert stream.by_name["conv"].op.form == form
    assert state(stream) == floats


@pytest.mark.parametrize("seed", range(24))
@pytest.mark.parametrize("strides", [(1, 1), (2,), (1, 2), (2, 2)])
def test_answers_and_figures_stay_as_they_are(seed: int, strides: tuple[int, ...], answers, network):
    stream = continual(network(seed, strides))
    small = retime(stream)
    assert answers(small, 60) == answers(stream, 60)
    before, after = analyze(stream).totals, analyze(small).totals
    assert {name: after[name] for name in SAME} == {name: before[name] for name in SAME}
    assert after["state_floats"] <= before["state_floats"]


@pytest.mark.parametrize("seed", range(12))
def test_no_retiming_of_a_small_network_holds_less(seed: int, network):
    small = retimed(continual(network(seed, (1,))))
    assert small.placement.is_proven
    assert held_by_delays(small.graph) == small.placement.floats == fewest_by_trying_all(small.graph)


@pytest.mark.parametrize("seed", range(12))
def test_no_retiming_holds_less_where_frame_rates_differ(seed: int, network):
    small = retimed(continual(network(seed, (2,))))
    assert small.placement.bound <= fewest_by_trying_all(small.graph) <= held_by_delays(small.graph)
    if small.placement.is_proven:
        assert held_by_delays(small.graph) == fewest_by_trying_all(small.graph)


def test_branches_at_other_phases_are_aligned_where_it_costs_least(answers):
    half = {"stride": (2, 1, 1)}
    clip = graph(
        Node("main", conv(2, 3, **half), (INPUT,)),
        Node("shortcut", conv(2, **half), (INPUT,)),
        Node("add", Add(), ("main", "shortcut")),
    )
    stream = continual(clip, state="smallest")
    assert delays(stream) == {"add.delay2": ("shortcut", 1)}
    assert held_by_delays(stream) == 2
    assert answers(stream, 40) == answers(continual(clip), 40)


def test_a_sliding_clip_of_squeeze_excite_is_retimed_too(answers):
    clip = load("x3d", variant="XS", crop=32)
    stream = continual(clip, excite="clip")
    assert state(retime(stream)) <= state(stream)
    assert answers(retime(stream), 140) == answers(stream, 140)


def test_steps_and_delays_are_all_there_is_to_a_retimed_stream():
    stream = continual(load("x3d", variant="M"))
    names = [node.name for node in stream.nodes if not isinstance(node.op, Delay)]
    kept = [node for node in retime(stream).nodes if not isinstance(node.op, Delay)]
    assert [node.name for node in kept] == names
    assert sum(isinstance(node.op, Step) for node in kept) == 28


def test_a_clip_network_is_refused():
    with pytest.raises(CostModelError, match="x3d XS: is no stream; make it continual first"):
        retime(load("x3d", variant="XS"))


def test_sizes_that_are_no_numbers_are_refused():
    import sympy

    crop = sympy.Symbol("crop", integer=True, positive=True)
    with pytest.raises(CostModelError, match=r"--state smallest: conv1_s has sizes that are not numbers"):
        continual(load("x3d", variant="M", crop=crop), state="smallest")


@pytest.mark.slow
def test_the_smallest_state_of_x3d_xxl_takes_less_than_five_seconds():
    from time import perf_counter

    stream = continual(load("x3d", variant="XXL"))
    start = perf_counter()
    assert retimed(stream).placement.is_proven
    assert perf_counter() - start < 5


@pytest.mark.parametrize("strides", [(1, 1), (2, 2)])
@pytest.mark.parametrize("init", ["zeros", "replicate"])
def test_the_emitted_stream_answers_the_same_from_its_first_frame(
    strides: tuple[int, ...], init: str, network
):
    import torch

    from costmodel.emit import StreamNetwork, randomise

    stream = continual(network(3, strides))
    first, second = StreamNetwork(stream, init).double(), StreamNetwork(retime(stream), init).double()
    randomise(first, 5)
    second.load_state_dict(first.state_dict())
    video = torch.randn(2, 2, 50, 1, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with torch.no_grad():
        outputs, valid = first.eval().forward_steps(video)
        retimed_outputs, retimed_valid = second.eval().forward_steps(video)
    assert valid.shape[1] > 10
    assert torch.equal(valid, retimed_valid)
    assert torch.allclose(outputs, retimed_outputs, rtol=1e-12, atol=1e-12)
