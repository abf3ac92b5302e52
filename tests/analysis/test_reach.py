"""How far answers see: of a clip no further than its frames; of a stream with and without its head pool."""

import pytest

from costmodel import continual, load
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.spec import elaborate, from_text

CONV = "conv: {channels: 2, kernel: [3, 1, 1]%s}"


def clip(*layers, frames=8):
    text = "\n".join(f"  - {layer}" for layer in layers)
    return elaborate(
        from_text(f"name: n\ninput: {{channels: 2, time: {frames}, height: 2, width: 2}}\nnetwork:\n{text}\n")
    )


def seen(graph, *names):
    figures = Figures(graph)
    return tuple(evaluate(figures, name) for name in names or ("padding", "delay", "receptive_field"))


@pytest.mark.parametrize(
    ("layers", "frames", "expected"),
    [
        ((CONV % "",), 8, (1, 1, 3)),
        ((CONV % "",), 2, (1, 1, 2)),
        ((CONV % ", padding: [0, 0, 0]",), 8, (0, 2, 3)),
        ((CONV % ", stride: [4, 1, 1]",), 4, (0, 1, 2)),
        (("global_pool",), 8, (0, 7, 8)),
        (("subsample: {stride: [4, 1, 1]}", "global_pool"), 8, (0, 4, 5)),
        (("subsample: {stride: [2, 1, 1]}", CONV % ""), 4, (2, 2, 3)),
        (("subsample: {stride: [2, 1, 1]}", CONV % "", "global_pool"), 4, (0, 2, 3)),
        (("gate: {x: [], g: [global_pool, conv: {channels: 2}, sigmoid]}",), 8, (7, 7, 8)),
        (("gate: {x: [], g: [global_pool, sigmoid]}", CONV % ""), 8, (7, 7, 8)),
        (("attention: {q: [], k: [], v: []}",), 8, (7, 7, 8)),
        (("gru: {channels: 2}",), 8, (7, 0, 8)),
        # The last answer is aligned with frame 12 of 12, which is padding: it sees the frames 10 and 11.
        ((CONV % ", stride: [3, 1, 1], padding: [2, 0, 0]", "last"), 12, (2, -1, 2)),
    ],
)
def test_an_answer_of_a_clip_sees_the_frames_of_the_clip(layers, frames, expected):
    assert seen(clip(*layers, frames=frames)) == expected


def test_x3d_m_sees_its_clip_and_its_stream_72_frames():
    graph = load("x3d_m")
    assert seen(graph) == (0, 15, 16)
    assert seen(continual(graph)) == (28, 43, 72)


def test_lookahead_is_the_delay_without_the_head_pool():
    stream = continual(clip(CONV % "", "global_pool", "linear: {channels: 3}"))
    assert seen(stream, "delay", "lookahead", "transient") == (8, 1, 8)


def test_lookahead_counts_a_pool_that_only_gates_and_no_wait():
    gated = clip(CONV % "", "gate: {x: [], g: [global_pool, sigmoid]}")
    assert seen(continual(gated, excite="clip"), "delay", "lookahead") == (8, 8)
    branches = clip(
        "add: {a: [conv: {channels: 2, kernel: [5, 1, 1]}, global_pool: {}], b: [global_pool]}",
    )
    assert seen(continual(branches), "delay", "lookahead") == (9, 2)


@pytest.mark.parametrize(("name", "expected"), [("slowfast", 48), ("resnet_3d", 110), ("d_resnet", 0)])
def test_the_lookahead_of_families(name, expected):
    assert seen(continual(load(name)), "lookahead") == (expected,)


@pytest.mark.parametrize(
    ("layers", "frames", "expected"),
    [
        (("roll: {to_end: [3, 0, 0]}",), 8, (5, 3, 1)),
        (("adaptive_avg_pool: {size: [3, all, all]}",), 8, (0, 5, 4)),
        (("window_attention: {q: [], k: [], v: [], windows: [4, 1, 1]}",), 8, (3, 3, 4)),
        (
            ("subsample: {stride: [2, 1, 1]}", CONV % ", dilation: [3, 1, 1], stride: [2, 1, 1]"),
            12,
            (6, 6, 7),
        ),
    ],
)
def test_answers_that_no_one_window_tells_are_looked_at_one_by_one(layers, frames, expected):
    assert seen(clip(*layers, frames=frames)) == expected
