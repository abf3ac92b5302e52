"""What an op cannot take is named; each says how it streams, to transforms that know nothing of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from costmodel import Graph, Node, TensorType, analyze, continual
from costmodel.errors import GraphError, OptionError, ShapeError, TransformError
from costmodel.graph import INPUT
from costmodel.ops import (
    OPS,
    Add,
    Attention,
    Concat,
    Conv,
    Flatten,
    Gate,
    GlobalPool,
    Lstm,
    Op,
    Relu,
    Shift,
    Step,
    infer,
    op_named,
)
from costmodel.types import Carry, Streaming, Window, Work

X = TensorType(8, 6, 5, 7)


@pytest.mark.parametrize(
    ("op", "inputs", "message"),
    [
        (Conv(channels=8, groups=3), (X,), "3 groups do not divide 8 input channels"),
        (Conv(channels=9, groups=2), (X,), "2 groups do not divide 9 output channels"),
        (
            Conv(channels=8, kernel=(9, 1, 1), padding=(1, 0, 0)),
            (X,),
            "the kernel reaches 9 in time, more than its padded input of 8",
        ),
        (Add(), (X, X.with_time(5)), "branches differ, 8x6x5x7 and 8x5x5x7"),
        (Concat(), (X, X._replace(height=4)), "branches differ, 8x6x5x7 and 8x6x4x7"),
        (
            Gate(),
            (X, X._replace(channels=1)),
            "a gate of 1x6x5x7 does not fit 8x6x5x7: same channels, each other axis",
        ),
    ],
)
def test_what_an_op_cannot_take_is_named(op: Op, inputs: tuple[TensorType, ...], message: str):
    with pytest.raises(ShapeError) as error:
        infer(op, inputs)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("op", "inputs", "message"),
    [
        (Relu(), (X, X), "takes 1 input, got 2"),
        (Gate(), (X,), "takes 2 inputs, got 1"),
        (Add(), (X,), "joins two or more branches, got 1"),
    ],
)
def test_a_wrong_number_of_inputs_is_named(op: Op, inputs: tuple[TensorType, ...], message: str):
    with pytest.raises(GraphError, match=message):
        infer(op, inputs)


def test_an_unknown_word_names_the_nearest():
    with pytest.raises(OptionError, match=r"unknown layer 'convv' \(did you mean 'conv'\?\)"):
        op_named("convv")


def test_a_word_is_registered_once():
    with pytest.raises(GraphError, match="op 'relu' is registered twice, by Relu and Twin"):
        type("Twin", (Op,), {"word": "relu"})


MAP = TensorType(4, 8, 6, 6)


@pytest.fixture
def running_mean() -> Iterator[type[Op]]:
    """The mean over all past frames, as MoViNet's squeeze-excite has it, known while the test runs."""

    @dataclass(frozen=True)
    class RunningMean(Op):
        word: ClassVar[str] = "running_mean"

        def window(self, x: TensorType) -> Window:
            return Window(unbounded=True)

        def work(self, x: TensorType) -> Work:
            return {"add": x.values, "mul": x.values}

        def carry(self, x: TensorType) -> Carry:
            return Carry("none", {"sum": x.with_time(1), "count": TensorType(1, 1, 1, 1)})

        def streamed(self, stream: Streaming, x: TensorType) -> Op:
            return Step(self)

    yield RunningMean
    del OPS["running_mean"]


@pytest.mark.parametrize("state", ["partial", "window", "smallest"])
def test_a_new_op_of_one_file_streams(running_mean: type[Op], state: str):
    nodes = (
        Node("conv", Conv(channels=4, kernel=(3, 1, 1)), (INPUT,)),
        Node("mean", running_mean(), ("conv",)),
        Node("add", Add(), ("mean", INPUT)),
    )
    found = analyze(continual(Graph("movinet", MAP, nodes), state=state))  # type: ignore[arg-type]
    rows = {row["name"]: row for row in found.rows}
    assert rows["mean"]["op"] == "step running_mean"
    assert rows["mean"]["state_floats"] == 4 * 36 + 1
    assert rows["add.delay2"]["state_floats"] == 4 * 36
    assert found.totals["delay"] == 1
    assert found.totals["receptive_field"] == found.totals["warmup"] == float("inf")


@pytest.mark.parametrize(
    ("op", "stream", "form"),
    [
        (Relu(), Streaming(), Relu()),
        (Shift(frames=2), Streaming(), Step(Shift(frames=2, pads=False), 2)),
        (Lstm(4), Streaming("window"), Step(Lstm(4))),
        (GlobalPool(), Streaming(), GlobalPool(kernel=(1, None, None))),
        (
            GlobalPool(),
            Streaming("window", covers=5),
            Step(GlobalPool(kernel=(5, None, None), padding=(0, 0, 0)), 0, "window"),
        ),
    ],
)
def test_an_op_gives_its_frame_by_frame_form(op: Op, stream: Streaming, form: Op):
    assert op.streamed(stream, MAP) == form


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (Lstm(4), "lstm remembers frames behind a pool over the whole clip"),
        (Shift(), "shift looks through time behind a pool over the whole clip"),
        (Conv(channels=4, kernel=(3, 1, 1)), "conv looks through time behind a pool over the whole clip"),
        (
            Flatten(),
            "flatten needs all 8 frames of the clip at once and cannot run frame by frame; in place",
        ),
        (
            Attention(),
            "attention needs all 8 frames of the clip at once and cannot run frame by frame; leave",
        ),
    ],
)
def test_an_op_says_why_it_cannot_stream(op: Op, message: str):
    with pytest.raises(TransformError) as error:
        op.streamed(Streaming(is_behind_pool=True), *[MAP] * (op.arity or 1))
    assert str(error.value).startswith(message)


def test_transforms_to_streams_ask_no_op_what_it_is():
    package = Path(__file__).resolve().parents[2] / "costmodel"
    files = (
        "transforms/stream_graph.py",
        "transforms/retime.py",
        "transforms/registers.py",
        "analysis/temporal.py",
    )
    asking = re.compile(r"isinstance\([^)]*\bop\b")
    assert [name for name in files if asking.search((package / name).read_text("utf-8"))] == []
