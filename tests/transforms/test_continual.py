"""A clip network as a stream: delays, strides, phases, state, and what is refused."""

import math
from collections.abc import Iterator

import pytest

from costmodel import Analysis, Graph, analyze, continual, load
from costmodel.errors import OptionError, TransformError
from costmodel.graph import INPUT, Node
from costmodel.network import Network
from costmodel.ops import Add, Conv, Delay, Op, Step
from costmodel.spec import elaborate, from_text
from costmodel.transforms.continual import Continual
from costmodel.types import TensorType


def clip(network: str, frames: int = 16) -> Graph:
    return elaborate(
        from_text(f"input: {{channels: 4, time: {frames}, height: 6, width: 6}}\nnetwork:\n{network}", "x")
    )


def stream(network: str, **options: object) -> Analysis:
    return analyze(continual(clip(network), **options))  # type: ignore[arg-type]


def reach(analysis: Analysis) -> tuple[int, int, int]:
    totals = analysis.totals
    return totals["receptive_field"], totals["padding"], totals["delay"]


def waits(analysis: Analysis) -> dict[str, tuple[str, int]]:
    nodes = analysis.figures.graph.nodes
    return {node.name: (node.inputs[0], node.op.wait) for node in nodes if isinstance(node.op, Delay)}


def conv(kernel: int, *more: str) -> str:
    return "{conv: {" + ", ".join(["channels: 4", f"kernel: [{kernel}, 1, 1]", *more]) + "}}"


VALID = "padding: 0"
CAUSAL = "causal: true"
HALF, THIRD, FOURTH = (f"stride: [{stride}, 1, 1]" for stride in (2, 3, 4))


def test_an_early_branch_waits_at_its_head_for_the_latest():
    found = stream(f"- add: {{a: [{conv(1)}, bn], b: [{conv(3)}], c: [{conv(5)}]}}")
    assert waits(found) == {"add.delay": (INPUT, 2), "add.delay2": (INPUT, 1)}
    assert reach(found) == (5, 2, 2)


def test_branches_that_wait_alike_share_one_delay():
    found = stream(f"- concat: {{a: [], b: [bn], c: [{conv(3)}], d: [relu]}}")
    assert waits(found) == {"concat.delay2": (INPUT, 1)}
    assert found.totals["state_floats"] == 4 * 36 + 2 * 4 * 36


def test_nested_branches_wait_for_the_slowest_of_all():
    inner = f"{{add: {{name: inner, c: [{conv(3)}], d: []}}}}"
    found = stream(f"- add: {{name: outer, a: [{inner}, {conv(3)}], b: [], e: [{conv(7)}]}}")
    assert reach(found) == (7, 3, 3)
    assert waits(found) == {
        "outer.a.inner.delay2": (INPUT, 1),
        "outer.delay": ("outer.a.inner", 1),
        "outer.delay2": (INPUT, 3),
    }


def test_a_later_reader_of_a_branch_is_not_held_back():
    network = f"""
- bn: {{as: fork}}
- relu: {{as: middle}}
- add: {{from: [middle], late: [{conv(5)}]}}
- add: {{as: both, from: [middle, fork]}}
"""
    found = stream(network)
    assert waits(found) == {"add.delay": ("middle", 2)}
    assert found.rows[-1]["delay"] == 0


def test_a_strided_branch_beside_a_strided_shortcut_is_one_frame_apart():
    found = stream(f"- add: {{main: [{conv(3, HALF)}], skip: [{conv(1, HALF)}]}}")
    assert waits(found) == {"add.delay2": (INPUT, 1)}
    assert reach(found) == (3, 1, 1)
    (held,) = [row for row in found.rows if row["op"] == "delay"]
    assert held["state_floats"] == 4 * 36


def test_a_delay_behind_a_stride_holds_one_tensor_for_each_frame_that_comes():
    network = f"""
- conv: {{as: half, channels: 4, kernel: 1, stride: [2, 1, 1]}}
- add: {{from: [half], main: [{conv(5)}, {conv(3)}]}}
"""
    found = stream(network)
    assert waits(found) == {"add.delay": ("half", 6)}
    assert {row["name"]: row["state_floats"] for row in found.rows}["add.delay"] == 3 * 4 * 36


def test_a_causal_stack_answers_at_once():
    found = stream("\n".join(f"- {conv(2, CAUSAL)}" for _ in range(9)))
    assert reach(found) == (10, 9, 0)
    assert found.totals["transient"] == 0
    assert found.totals["warmup"] == 9


def test_a_valid_branch_beside_a_causal_one_reaches_both_ways():
    found = stream(f"- add: {{crop: true, a: [{conv(2, VALID)}], b: [{conv(5, CAUSAL)}]}}")
    assert reach(found) == (6, 4, 1)


def test_dilation_stretches_the_window_and_its_state():
    found = stream(f"- {conv(3, 'dilation: [4, 1, 1]')}")
    assert reach(found) == (9, 4, 4)
    assert found.totals["state_floats"] == 8 * 4 * 36


def test_a_stride_multiplies_what_lies_behind_it():
    found = stream(
        f"- max_pool: {{kernel: [2, 1, 1], stride: [2, 1, 1], padding: 0}}\n- {conv(3)}\n- global_pool"
    )
    assert reach(found) == (1 + 1 + 2 * 2 + 2 * 7, 2, 1 + 2 + 14)


def test_squeeze_excite_pools_each_frame_unless_it_keeps_its_clip():
    frame = continual(load("x3d_m"))
    kept = analyze(continual(load("x3d_m"), excite="clip"))
    assert analyze(frame).totals["receptive_field"] == 72
    assert kept.totals["receptive_field"] == 72 + 15 * 15 == 297
    assert frame.notes[0].startswith(
        "squeeze-excite pools each frame alone, not the clip (Hedegaard 2022, sec. 3.4)"
    )
    assert kept.notes == ()


def test_the_state_may_be_partial_sums_or_input_windows():
    network = "- conv: {channels: 8, kernel: [3, 1, 1], stride: [1, 2, 2]}"
    assert stream(network).totals["state_floats"] == 2 * 8 * 9
    assert stream(network, state="window").totals["state_floats"] == 2 * 4 * 36
    assert stream(network, state="smallest").totals["state_floats"] == 2 * 8 * 9


def coi3d_like(state: str = "partial") -> Analysis:
    network = f"""
- {conv(5)}
- max_pool: {{kernel: [2, 1, 1], stride: [2, 1, 1], padding: 0}}
- {conv(3)}
- {conv(3)}
- global_pool
"""
    return stream(network, state=state)


def test_behind_a_strided_pool_every_second_step_works():
    first, rest = 4 * 5 * 4 * 36, 2 * 4 * 3 * 4 * 36
    totals = coi3d_like().totals
    assert totals["macs_per_frame"] == first + rest / 2
    assert totals["macs_worst_step"] == first + rest


def test_a_strided_sum_spreads_its_taps_where_a_window_works_at_once():
    network = f"- {conv(3, HALF)}"
    tap = 4 * 4 * 36
    assert stream(network).totals["macs_worst_step"] == 2 * tap
    assert stream(network, state="window").totals["macs_worst_step"] == 3 * tap
    assert stream(network).totals["macs_per_frame"] == 1.5 * tap


@pytest.mark.parametrize("state", ["partial", "window"])
@pytest.mark.parametrize(
    "network",
    [
        f"- {conv(5, HALF)}\n- {conv(3, THIRD)}\n- {conv(3)}",
        f"- {conv(4, THIRD, VALID, 'dilation: [2, 1, 1]')}\n- {conv(2, CAUSAL, HALF)}",
        f"- add: {{a: [{conv(7, FOURTH)}], b: [{conv(3, FOURTH)}]}}\n- {conv(3, HALF)}",
    ],
)
def test_mean_and_worst_step_are_those_of_a_network_that_runs(network: str, state: str):
    analysis = analyze(continual(clip(network, frames=60), state=state))  # type: ignore[arg-type]
    graph = analysis.figures.graph
    work = list(steps(graph, 400))
    cycle = analysis.figures.cycle
    steady = work[200 : 200 + cycle]
    assert max(steady) == analysis.totals["macs_worst_step"]
    assert sum(steady) / cycle == pytest.approx(analysis.totals["macs_per_frame"])
    assert steady == work[200 + cycle : 200 + 2 * cycle]


def steps(graph: Graph, count: int) -> Iterator[int]:
    """The multiply-adds of each step, by following every frame through every tap."""
    comes: dict[str, list[int]] = {INPUT: list(range(count))}
    done = [0] * count
    for node in graph.nodes:
        comes[node.name] = arrivals(
            node, [comes[name] for name in node.inputs], graph.windows[node.name].stride
        )
        for step, taps in work_of(node, comes[node.inputs[0]], comes[node.name]):
            done[step] += taps * tap_macs(node.op)
    yield from done


def arrivals(node: Node, inputs: list[list[int]], stride: int) -> list[int]:
    """At which steps a node's frames come."""
    if isinstance(node.op, Delay):
        return [step + node.op.wait for step in inputs[0]]
    if not isinstance(node.op, Step):
        return inputs[0]
    window = node.op.inner.window(TensorType(4, 99, 6, 6))
    ahead = window.span - node.op.before
    return inputs[0][ahead::stride]


def work_of(node: Node, frames: list[int], outputs: list[int]) -> Iterator[tuple[int, int]]:
    """At which steps a convolution multiplies how many taps."""
    if not isinstance(node.op, Step):
        return
    window = node.op.inner.window(TensorType(4, 99, 6, 6))
    for index, step in enumerate(outputs):
        if node.op.form == "window":
            yield step, window.kernel
            continue
        for tap in range(window.kernel):
            frame = index * window.stride + window.dilation * tap - node.op.before
            if 0 <= frame < len(frames) and frames[frame] < 400:
                yield frames[frame], 1


def tap_macs(op: Op) -> int:
    return 4 * 4 * 36 if isinstance(op, Step) and isinstance(op.inner, Conv) else 0


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (
            "- flatten: {name: all}",
            "all: flatten needs all 16 frames of the clip at once and cannot run frame by frame; in place of "
            "it and the linear layer behind it a conv `kernel: [16, 6, 6], padding: 0, bias: true` computes "
            "the same, and can",
        ),
        (
            "- global_pool\n- conv: {name: late, channels: 4, kernel: [3, 1, 1]}",
            "late: conv looks through time behind a pool over the whole clip, where a clip has one frame and "
            "a stream many; give it a kernel of 1 in time, or put it ahead of the pool",
        ),
        (
            "- conv: {name: wide, channels: 4, kernel: [3, 1, 1], padding: [5, 0, 0]}",
            "wide: 5 frames of padding are more than the window's 2 earlier frames; pad time by at most 2",
        ),
        (
            "- conv: {name: thick, channels: 4, padding: [1, 0, 0]}",
            "thick: 1 frames of padding are more than the window's 0 earlier frames; pad time by at most 0",
        ),
        (
            "- add: {crop: true, a: [{max_pool: {kernel: 1, stride: [2, 1, 1]}}], b: []}",
            "add: its branches come at different frame rates, 'input' 2 times as often; give each branch the "
            "same stride in time",
        ),
        (
            "- conv: {channels: 4, stride: [200000, 1, 1]}",
            "conv: answers every 200000 frames, at most 100000; give it a smaller stride in time",
        ),
    ],
)
def test_what_cannot_run_frame_by_frame_names_layer_reason_and_repair(network: str, message: str):
    with pytest.raises(TransformError) as error:
        continual(clip(network))
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pool": 0}, "--pool: 0, expected 1 to 100000 input frames"),
        ({"pool": 10**9}, "--pool: 1000000000, expected 1 to 100000 input frames"),
        ({"state": "none"}, "--state: 'none', expected partial or window or smallest"),
        ({"excite": "never"}, "--excite: 'never', expected frame or clip"),
    ],
)
def test_a_wrong_option_says_what_was_expected(options: dict[str, object], message: str):
    with pytest.raises(OptionError) as error:
        continual(clip("- global_pool"), **options)  # type: ignore[arg-type]
    assert str(error.value) == message


def test_a_pool_can_only_be_extended_where_there_is_one():
    with pytest.raises(TransformError, match="--pool: x has no pool over the whole clip to extend"):
        continual(clip("- relu"), pool=8)


def test_a_stream_is_not_transformed_again():
    with pytest.raises(TransformError, match="x: is a stream already"):
        continual(continual(clip("- relu")))


def test_a_delay_makes_way_for_a_layer_of_its_name():
    found = stream(f"- relu: {{name: add.delay2}}\n- add: {{a: [{conv(3)}], b: []}}")
    assert waits(found) == {"add.delay2_": ("add.delay2", 1)}


def test_branches_pooled_at_different_rates_answer_together():
    found = stream(
        "- concat:\n"
        "    a: [{max_pool: {kernel: [2, 1, 1], stride: [2, 1, 1]}}, global_pool]\n"
        "    b: [{max_pool: {kernel: [3, 1, 1], stride: [3, 1, 1]}}, global_pool]"
    )
    assert found.figures.at(found.figures.graph.nodes[-1]).jump == math.lcm(2, 3)


def test_a_merge_of_one_layer_with_itself_waits_for_nothing():
    nodes = (Node("a", Conv(channels=4, kernel=(3, 1, 1)), (INPUT,)), Node("b", Add(), ("a", "a")))
    assert waits(analyze(continual(Graph("twice", TensorType(4, 8, 6, 6), nodes)))) == {}


def test_a_chunk_is_a_multiple_of_the_cycle_and_others_name_the_multiples():
    network = Network.of("slowfast", "8x8-R50", transforms=[Continual(chunk=8)])
    assert (network.graph().chunk, network.flags) == (8, "slowfast --variant 8x8-R50 --continual --chunk 8")
    with pytest.raises(
        TransformError, match=r"^--chunk: 6 frames, expected a multiple of the 4 .*: 4, 8, 16"
    ):
        Network.of("slowfast", "8x8-R50", transforms=[Continual(chunk=6)]).graph()
    with pytest.raises(OptionError, match="--answers: of steps of one frame there is one; add --chunk"):
        Continual(answers="last")


def test_streams_of_one_frame_have_the_addresses_that_they_had_before_there_were_chunks():
    assert "chunk" not in Continual().to_dict()
    plain, chunked = (Network.of("x3d_xs", transforms=[Continual(chunk=chunk)]) for chunk in (1, 2))
    assert plain.identity != chunked.identity
    assert Network.from_dict(chunked.to_dict()).graph().chunk == 2
