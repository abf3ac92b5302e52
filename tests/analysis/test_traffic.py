from collections import Counter

import pytest

from costmodel import Graph, Node, TensorType, analyze, continual, load
from costmodel.analysis.figures import Figures
from costmodel.analysis.kinds import KINDS
from costmodel.analysis.traffic import NONE, OPERATIONS, Traffic, operations_of
from costmodel.graph import INPUT
from costmodel.ops import Conv, Delay, Dropout, Linear, Shuffle, Split


def one(op: object, source: TensorType) -> Traffic:
    return Figures(Graph("one", source, (Node("op", op, (INPUT,)),))).traffic["op"]


def step(state: str, kernel: int, dilation: int, stride: int) -> Traffic:
    conv = Conv(
        channels=5, kernel=(kernel, 1, 1), dilation=(dilation, 1, 1), stride=(stride, 1, 1), padding=(0, 0, 0)
    )
    graph = Graph("step", TensorType(3, 32, 1, 1), (Node("op", conv, (INPUT,)),))
    return Figures(continual(graph, state=state)).traffic["op"]


def moved_by_running(state: str, kernel: int, dilation: int, stride: int) -> tuple[float, float, float]:
    """Frames taken, state read and written, for one output: counted over many outputs of a stream."""
    outputs, moved = 200, Counter()
    taps = {(n * stride + dilation * tap, n): tap for n in range(outputs) for tap in range(kernel)}
    moved["taken"] = len({frame for frame, _ in taps})
    if (
        state == "partial"
    ):  # every tap but an output's first reads its open result, every one but the last writes it
        moved["read"] = sum(tap > 0 for tap in taps.values())
        moved["written"] = sum(tap < kernel - 1 for tap in taps.values())
    else:  # every tap but the newest comes from a frame kept
        moved["read"] = sum(tap < kernel - 1 for tap in taps.values())
        moved["written"] = len({frame for (frame, _), tap in taps.items() if tap < kernel - 1})
    return tuple(moved[key] / outputs for key in ("taken", "read", "written"))


@pytest.mark.parametrize("state", ["partial", "window"])
@pytest.mark.parametrize(
    ("kernel", "dilation", "stride"),
    [(3, 1, 1), (5, 2, 1), (1, 1, 2), (3, 1, 2), (2, 1, 3), (3, 2, 2), (4, 3, 2)],
)
def test_a_step_moves_what_a_stream_does(state: str, kernel: int, dilation: int, stride: int):
    taken, read, written = moved_by_running(state, kernel, dilation, stride)
    size = 5 if state == "partial" else 3
    moved = step(state, kernel, dilation, stride)
    # the first windows of the stream see some frames that the steady state has counted already
    assert moved.inputs == pytest.approx(3 * taken, rel=0.05)
    assert moved.state_read == pytest.approx(size * read)
    assert moved.state_written == pytest.approx(size * written, rel=0.05)
    assert (moved.weights, moved.outputs) == (3 * 5 * kernel, 5)


def test_a_clip_layer_moves_its_weights_its_input_and_its_output():
    assert one(Conv(channels=5, kernel=(3, 1, 1)), TensorType(3, 4, 2, 2)) == (45, 48, 80, 0, 0)
    assert one(Linear(channels=7), TensorType(3, 1, 1, 1)) == (28, 3, 7, 0, 0)


def test_a_delay_moves_one_frame_through_its_state_however_long_it_waits():
    assert one(Delay(9), TensorType(3, 1, 2, 2)) == (0, 12, 12, 12, 12)


def test_what_only_passes_its_input_on_moves_nothing():
    assert one(Dropout(), TensorType(3, 1, 2, 2)) == NONE
    assert one(Shuffle(1), TensorType(6, 1, 2, 2)) == one(Shuffle(6), TensorType(6, 1, 2, 2)) == NONE
    assert one(Shuffle(2), TensorType(6, 1, 2, 2)) == (0, 24, 24, 0, 0)


def test_operations_count_two_for_each_multiply_accumulate_and_none_twice():
    work = {
        "mac.conv": 10,
        "norm": 3,
        "activation.relu": 4,
        "pool.avg.inputs": 8,
        "pool.avg.outputs": 2,
        "pool.avg.taps": 9,
        "softmax.rows": 5,
    }
    assert operations_of(work) == 2 * 10 + 2 * 3 + 4 + 8


def test_a_network_of_views_alone_does_nothing_to_no_bytes():
    views = Graph("views", TensorType(4, 3, 2, 2), (Node("half", Split(part=1), (INPUT,)),))
    totals = analyze(views).totals
    assert (totals["traffic_bytes"], totals["operations_per_byte"]) == (0, 0)


def test_operations_are_known_of_kinds_that_there_are():
    assert OPERATIONS.keys() <= KINDS.keys()


def test_a_strided_layer_moves_its_tensors_every_second_frame():
    conv = Conv(channels=5, kernel=(2, 1, 1), stride=(2, 1, 1), padding=(0, 0, 0))
    stream = continual(Graph("half", TensorType(3, 32, 1, 1), (Node("op", conv, (INPUT,)),)))
    totals = analyze(stream, dtype="fp16").totals
    assert totals["traffic_bytes"] == 2 * (30 + 2 * 3 + 5 + 2 * 5) / 2
    assert totals["operations_per_byte"] == 2 * 30 / 2 / totals["traffic_bytes"]


def test_a_frame_moves_a_tenth_of_a_clip_and_is_bound_by_memory_earlier():
    clip = load("x3d", variant="M")
    whole, frame = analyze(clip).totals, analyze(continual(clip)).totals
    assert (whole["traffic_bytes"], frame["traffic_bytes"]) == (2_368_958_088, 212_470_536)
    assert round(whole["operations_per_byte"], 3) == 4.117
    assert round(frame["operations_per_byte"], 3) == 2.885
