"""An op of one's own, all its parts registered here: MoViNet's running mean over all frames so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import reload
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

import costmodel.emit
from costmodel import Graph, analyze, continual
from costmodel.emit import MIRRORS, Layer, emit, randomise
from costmodel.emit.export import Cycle, export_onnx, export_torch, names_of
from costmodel.emit.modules import mirrors
from costmodel.emit.modules.complete import check_parts
from costmodel.emit.modules.keeper import KEEPERS, Keeper, Kept, keeps
from costmodel.emit.modules.written import SOURCES, STEP_SOURCES, Written, writes, writes_steps
from costmodel.emit.source import source_text
from costmodel.emit.state import held_floats
from costmodel.errors import EmitError
from costmodel.ops import OPS, Conv, Op, Step
from costmodel.types import Carry, Streaming, TensorType, Window, Work
from costmodel.validation.validate import validate
from tests.shared.emitted import assert_near, chain, clip_network, frames, stream_network


class RunningMean(nn.Module):
    """The mean of all frames so far; a clip starts anew, a stream goes on."""

    def __init__(self, remembers: bool = False) -> None:
        super().__init__()
        self.remembers = remembers
        self.reset()

    def reset(self) -> None:
        """Forgets the stream."""
        self.frames, self.total = 0, torch.zeros(())

    def forward(self, clip: Tensor) -> Tensor:
        """The mean at every frame."""
        frames, totals = 0, clip.cumsum(2)
        if self.remembers:
            frames, totals = self.frames, self.total + totals
            self.frames, self.total = frames + clip.shape[2], totals[:, :, -1:].clone()
        counts = torch.arange(1, clip.shape[2] + 1, dtype=clip.dtype, device=clip.device) + frames
        return totals / counts.view(-1, 1, 1)


@pytest.fixture
def running_mean() -> Iterator[type[Op]]:
    """The op, forgotten again behind the test."""

    @dataclass(frozen=True)
    class Mean(Op):
        word: ClassVar[str] = "running_mean"

        def work(self, x: TensorType) -> Work:
            return {"add": x.values + x.time, "mul": x.values}  # of the sum, and of the count

        def window(self, x: TensorType) -> Window:
            return Window(unbounded=True)

        def carry(self, x: TensorType) -> Carry:
            return Carry("none", {"total": x.with_time(1), "count": TensorType(1, 1, 1, 1)})

        def streamed(self, stream: Streaming, x: TensorType) -> Op:
            return Step(self)

    yield Mean
    for registry in (MIRRORS, KEEPERS, SOURCES, STEP_SOURCES):
        registry.pop(Mean, None)
    del OPS["running_mean"]


@pytest.fixture
def registered(running_mean: type[Op]) -> Graph:
    """A network with the op behind a layer that looks ahead, all parts of the op there."""

    @mirrors(running_mean)
    class MeanLayer(Layer[Any]):
        def forward(self, *clips: Tensor) -> Tensor:
            return RunningMean()(clips[0])

        def frame(self, *frames: Tensor) -> Tensor:
            return frames[0]

    @keeps(running_mean)
    class MeanKeeper(Keeper):
        def __init__(self, layer: MeanLayer, op: Step, x: TensorType) -> None:
            shapes = {"total": (int(x.channels), int(x.height), int(x.width)), "count": (1, 1, 1)}
            super().__init__(shapes, 0.0)

        def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
            total, count = kept[0] + frame, kept[1] + 1
            return total / count, (total, count)

        def replicated(self, frame: Tensor, phase: int) -> Kept:
            return self.empty(len(frame), frame)

    @writes(running_mean)
    def of_clips(op: Op, x: TensorType) -> Written:
        return Written("RunningMean", carried=(RunningMean,))

    @writes_steps(running_mean)
    def of_steps(step: Step, op: Op, x: TensorType) -> Written:
        return Written("RunningMean", options={"remembers": True}, carried=(RunningMean,))

    return chain(Conv(channels=3, kernel=(3, 1, 1)), running_mean(), Conv(channels=2, kernel=(2, 1, 1)))


def test_its_stream_equals_its_clip_from_the_first_frame(registered: Graph):
    check_parts()
    stream, clip = stream_network(registered), frames(registered, 12)
    outputs, _ = stream.forward_steps(clip)
    assert_near(outputs, clip_network(registered)(clip)[:, :, : outputs.shape[2]])
    assert (
        held_floats(stream.get_state().map(lambda each: each[:1].clone()).tensors)
        == (analyze(stream.graph).totals["state_floats"])
    )


def test_every_figure_of_it_holds(registered: Graph):
    assert [check for check in validate(continual(registered)) if not check.holds] == []


@torch.no_grad()
def test_its_exports_and_its_source_answer_as_the_module_does(registered: Graph, tmp_path: Path):
    network = emit(continual(registered)).double().eval()
    randomise(network)
    module = ModuleType("emitted")
    exec(source_text(network.graph), module.__dict__)
    written = module.Chain().double()
    written.load_state_dict(network.state_dict())
    export_torch(network, tmp_path / "net.pt2", 2)
    program, state = torch.export.load(tmp_path / "net.pt2").module(), Cycle(network).initial_state(2)
    for frame in frames(network.graph, 9).unbind(2):
        expected, (outputs, valid, *state) = network.forward_step(frame), program(frame.unsqueeze(2), *state)
        assert bool(valid.all()) == (expected is not None)
        if expected is not None:
            assert_near(outputs[:, :, 0], expected)
            assert_near(written.forward_step(frame), expected)
        else:
            assert written.forward_step(frame) is None


@torch.no_grad()
def test_its_onnx_file_answers_as_the_module_does(registered: Graph, tmp_path: Path):
    runtime = pytest.importorskip("onnxruntime")
    network = emit(continual(registered)).eval()
    randomise(network)
    export_onnx(network, tmp_path / "net.onnx")
    session = runtime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    cycle = Cycle(network)
    names, state = names_of(cycle)[0], [each.numpy() for each in cycle.initial_state(1)]
    for frame in frames(network.graph, 9)[:1].float().unbind(2):
        given = zip(names, (frame.unsqueeze(2).numpy(), *state), strict=True)
        outputs, valid, *state = session.run(None, dict(given))
        expected = network.forward_step(frame)
        assert valid.all() == (expected is not None)
        if expected is not None:
            torch.testing.assert_close(torch.from_numpy(outputs[:, :, 0]), expected, rtol=1e-4, atol=1e-5)


def test_an_op_without_its_parts_is_refused_at_import(running_mean: type[Op]):
    with pytest.raises(EmitError) as error:
        reload(costmodel.emit)
    parts = ("layer", "keeper of its state", "source text", "source text of its frame-by-frame form")
    assert str(error.value) == "; ".join(
        [
            *(f"Mean has no {part}" for part in parts),
            "register it beside the others in costmodel/emit/modules",
        ]
    )


@pytest.mark.parametrize("registry", [KEEPERS, STEP_SOURCES, SOURCES, MIRRORS], ids=lambda each: each.part)
def test_one_forgotten_part_is_named(registry: dict[type[Op], Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(registry, Conv)
    with pytest.raises(EmitError, match=f"^Conv has no {registry.part}; register it beside"):
        check_parts()


def test_a_stream_without_a_keeper_says_whose(running_mean: type[Op]):
    mirrors(running_mean)(MIRRORS[Conv])
    with pytest.raises(EmitError, match="Mean has no keeper of its state"):
        KEEPERS.of(Step(running_mean()))
