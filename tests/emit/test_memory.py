"""Streams hold the numbers that are predicted, counted by the memory behind their tensors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from costmodel import Graph, Node, TensorType, analyze, continual
from costmodel.emit import StreamNetwork, emit
from costmodel.emit.export import Cycle, export_torch
from costmodel.emit.memory import kept_frames
from costmodel.emit.source import source_text
from costmodel.emit.state import held_floats
from costmodel.ops import Add, Concat, Conv, Dropout, Lstm, Op, Relu, Shift, Split, Subsample

LATE = Conv(channels=2, kernel=(3, 1, 1), stride=(2, 1, 1))


def of(**layers: tuple[Op, *tuple[str, ...]]) -> Graph:
    nodes = (Node(name, op, tuple(inputs)) for name, (op, *inputs) in layers.items())
    return Graph("net", TensorType(2, 8, 4, 4), tuple(nodes))


HOLDING = {
    "a share that is shifted": of(
        stem=(Conv(channels=4), "input"),
        share=(Split(part=1), "stem"),
        old=(Shift(), "share"),
        rest=(Split(part=2), "stem"),
        both=(Concat(), "old", "rest"),
    ),
    "the input": of(
        same=(Dropout(), "input"),
        late=(Conv(channels=2, kernel=(3, 1, 1)), "same"),
        sum=(Add(), "late", "same"),
    ),
    "every second pixel": of(
        stem=(Conv(channels=2), "input"),
        pixels=(Subsample(stride=(1, 2, 2)), "stem"),
        late=(Conv(channels=2, kernel=(3, 1, 1)), "pixels"),
        sum=(Add(), "late", "pixels"),
    ),
    "what another keeps": of(
        stem=(Relu(), "input"),
        near=(Conv(channels=2, kernel=(3, 1, 1)), "stem"),
        far=(Conv(channels=2, kernel=(5, 1, 1)), "stem"),
        sum=(Add(), "near", "far", "stem"),
    ),
    "what a recurrent layer keeps": of(
        lstm=(Lstm(channels=2), "input"),
        late=(Conv(channels=2, kernel=(3, 1, 1)), "lstm"),
        sum=(Add(), "late", "lstm"),
    ),
    "half a frame later": of(
        stem=(Conv(channels=2), "input"),
        late=(LATE, "stem"),
        slow=(Conv(channels=2, stride=(2, 1, 1)), "stem"),
        sum=(Add(), "late", "slow"),
        last=(Conv(channels=2, kernel=(3, 1, 1)), "sum"),
        end=(Add(), "last", "sum"),
    ),
}
STATES = pytest.mark.parametrize("state", ["partial", "window", "smallest"])


def stream(what: str, state: Any) -> tuple[StreamNetwork, Tensor, int]:
    """A network, frames of whole cycles that it is settled after, and the numbers it is to hold."""
    graph = continual(HOLDING[what], state=state)
    network = emit(graph).eval()
    assert isinstance(network, StreamNetwork)
    clip = torch.randn(1, 2, 12 * network.cycle, 4, 4)
    return network, clip, analyze(graph).totals["state_floats"]


@STATES
@pytest.mark.parametrize("what", HOLDING)
@torch.no_grad()
def test_a_module_holds_what_is_predicted(what: str, state: str):
    network, clip, predicted = stream(what, state)
    network.forward_steps(clip)
    assert held_floats(network.get_state().tensors) == predicted


@STATES
@pytest.mark.parametrize("what", HOLDING)
@torch.no_grad()
def test_a_cycle_holds_what_is_predicted(what: str, state: str):
    network, clip, predicted = stream(what, state)
    assert held_by(Cycle(network), network, clip) == predicted


@torch.no_grad()
def test_an_exported_program_holds_what_is_predicted(tmp_path: Path):
    network, clip, predicted = stream("a share that is shifted", "partial")
    export_torch(network, tmp_path / "net.pt2")
    assert held_by(torch.export.load(tmp_path / "net.pt2").module(), network, clip) == predicted


def held_by(run: Any, network: StreamNetwork, clip: Tensor) -> int:
    """Numbers held after a clip, without the age of the streams."""
    state = Cycle(network).initial_state()
    for frames in clip.split(network.cycle, dim=2):
        _, _, *state = run(frames.contiguous(), *state)
    return held_floats(state[1:])


@STATES
@pytest.mark.parametrize("what", HOLDING)
@torch.no_grad()
def test_source_holds_what_is_predicted(what: str, state: str):
    network, clip, predicted = stream(what, state)
    module = ModuleType("emitted")
    exec(source_text(network.graph), module.__dict__)
    written: nn.Module = module.Net().eval()
    held = []
    for frame in clip.unbind(2):
        written.forward_step(frame)
        kept = [tensor for each in written.modules() for tensor in tensors_in(vars(each))]
        held.append(held_floats(kept))
    # Unlike a module's, its state shrinks where a frame leaves ahead of the next.
    assert max(held) == predicted


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors that plain Python values hold, parameters left out."""
    if isinstance(value, Tensor) and not isinstance(value, nn.Parameter):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from () if key in ("_parameters", "_modules") else tensors_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from tensors_in(each)
    elif type(value).__module__ == "emitted" and not isinstance(value, nn.Module):
        yield from tensors_in(vars(value))


def test_a_frame_with_memory_of_its_own_is_not_copied():
    chain = of(stem=(Conv(channels=2), "input"), late=(Conv(channels=2, kernel=(3, 1, 1)), "stem"))
    assert kept_frames(continual(chain, state="window")).copies == frozenset()


def test_memory_is_counted_once_and_whole():
    whole = torch.zeros(4, 3)
    assert held_floats([whole[:1], whole[1:2], torch.zeros(2)]) == 14
