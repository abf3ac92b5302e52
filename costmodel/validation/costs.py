"""Parameters, multiply-adds, state and shapes, at full size, where nobody looks at the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.analysis.phases import macs_by_phase
from costmodel.emit.counting import executed_macs
from costmodel.emit.network import Record
from costmodel.emit.state import StreamState, held_floats
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph
from costmodel.readable import plain
from costmodel.validation.check import Check, equal
from costmodel.validation.settled import settled_steps
from costmodel.validation.unread import emit_unread, unread


def check_costs(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """Parameters, multiply-adds, shapes and the largest output; of a stream also its steps and its state."""
    figures = Figures(graph)
    network, clip = emit_unread(graph), emit_unread(graph.clip or graph)
    with torch.device(unread(clip.graph)):
        whole = torch.zeros((1, *map(int, clip.graph.source)))
    yield equal("params", evaluate(figures, "params"), sum(each.numel() for each in network.parameters()))
    with clip.recording() as record:
        counted = executed_macs(lambda: clip(whole))
    yield equal("macs_per_clip", evaluate(figures, "macs_per_clip"), counted, "torch.utils.flop_counter / 2")
    if isinstance(network, StreamNetwork):
        yield from _steps(figures, network)
    else:
        yield from _outputs(figures, record)


def _steps(figures: Figures, network: StreamNetwork) -> Iterator[Check]:
    """One cycle of steps, at an age at which every layer runs."""
    executed: list[int] = []
    with network.recording() as record:
        state = settled_steps(network, lambda step: executed.append(executed_macs(step)))
    necessary = _necessary(figures)
    mean = plain(Fraction(sum(executed), max(len(executed), figures.graph.chunk)))
    note = f"executed by each step of a cycle: {', '.join(f'{each:,}' for each in executed)}"
    yield equal(
        "macs_per_frame", plain(evaluate(figures, "macs_per_frame")), mean, "executed, mean of a cycle"
    )
    yield equal("macs_worst_step", evaluate(figures, "macs_worst_step"), max(executed), note)
    if figures.graph.chunk == 1:
        # Phase by phase: a stride that is off by a step would leave the mean as it is.
        pairs = enumerate(zip(necessary, executed, strict=True))
        differ = [phase for phase, (one, two) in pairs if one != two]
        yield equal("phases_with_other_macs", 0, len(differ), f"phases {differ}" if differ else "")
    yield _state("state_floats", figures, state)
    yield from _outputs(figures, record)


def state_check(graph: Graph, what: str) -> Check:
    """The numbers that a stream holds."""
    network = emit_unread(graph)
    assert isinstance(network, StreamNetwork)
    return _state(what, Figures(graph), settled_steps(network))


def _state(what: str, figures: Figures, state: StreamState) -> Check:
    return equal(
        what, evaluate(figures, "state_floats"), held_floats(state.tensors), "memory held after a cycle"
    )


def _necessary(figures: Figures) -> list[int]:
    """Multiply-adds that each step of a cycle needs."""
    steps = [0] * figures.cycle
    for node in figures.graph.nodes:
        for phase, macs in macs_by_phase(figures, node):
            for step in range(int(phase) % figures.at(node).jump, figures.cycle, figures.at(node).jump):
                steps[step] += int(macs)
    return steps


def _outputs(figures: Figures, record: Record) -> Iterator[Check]:
    graph = figures.graph
    measured = {name: _shape(outputs[0][1]) for name, outputs in record.items()}
    types = figures.in_step
    wrong = [
        f"{node.name}: {types[node.name]}, measured {'x'.join(map(str, measured.get(node.name, ())))}"
        for node in graph.nodes
        if measured.get(node.name) != tuple(map(int, types[node.name]))
    ]
    yield equal(
        "layers_of_the_predicted_shape", len(graph.nodes), len(graph.nodes) - len(wrong), "; ".join(wrong[:3])
    )
    largest = max(output[0].numel() for outputs in record.values() for _, output in outputs)
    yield equal("largest_activation_floats", evaluate(figures, "largest_activation_floats"), largest)


def _shape(output: Tensor) -> tuple[int, ...]:
    """Channels, time, height and width; a frame has a time of 1."""
    channels, *time, height, width = output.shape[1:]
    return (channels, *(time or [1]), height, width)
