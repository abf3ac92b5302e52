"""Totals that follow from the emitted module itself, and those that nothing measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.emit.counting import executed_macs
from costmodel.emit.state import held_floats
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph
from costmodel.validation.check import Check, equal
from costmodel.validation.settled import settled_steps
from costmodel.validation.watched import Kept, Made, to_watch, watch

# Of what `analyze` prints, why `validate` measures it not.
NOT_MEASURED: Mapping[str, str] = {
    "depth": "no operation tells a convolution of the body from one of a squeeze or a head",
    "entropy": "a score of the graph, which nothing that runs has; tests hold it against the released code",
    "activation_bytes": "peak_activation_floats, which is measured, times the bytes of a number",
    "operations_per_byte": "of operations and traffic, each of which is measured",
    "lookahead": "of a clip network; that of its stream is measured",
    "added_wait": "of steps of one frame none; of chunks it is measured",
    "training_bytes": "no training is run; tests count the storages of one (tests/analysis/test_training.py)",
}


def unmeasured(graph: Graph) -> Mapping[str, str]:
    """The totals of a network that nothing here measures, each with the reason."""
    measured = {"lookahead"} if graph.is_stream else set()
    measured |= {"added_wait"} if graph.chunk > 1 else set()
    return {name: reason for name, reason in NOT_MEASURED.items() if name not in measured}


def check_totals(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """Weights, clip buffer, worst case and bytes, by the parameters, inputs and outputs of the module."""
    network, figures, largest = to_watch(graph), Figures(graph), [0]
    given = list[Tensor]()

    def see(name: str, inputs: Sequence[Tensor], kept: Kept, run: Callable[[], Made]) -> None:
        given.extend(inputs[:1] if not given else [])
        output, _ = run()
        largest[0] = max(largest[0], 0 if output is None else output.numel())

    for _ in watch(network, see):
        pass
    parameters = list(network.parameters())
    weights = sum(each.numel() for each in parameters if each.dim() > 1)
    yield equal("weights", evaluate(figures, "weights"), weights, "parameters of two axes or more")
    stored = sum(each.nbytes for each in parameters)
    yield equal("weight_bytes", evaluate(figures, "weight_bytes"), stored, "of the parameters as emitted")
    buffer = _earlier_frames(given[0])
    note = "frames that one call takes, but its newest"
    yield equal("clip_buffer_floats", evaluate(figures, "clip_buffer_floats"), buffer, note)
    state = _state(graph)
    if not graph.is_stream:
        # For each new frame it runs once more, and what is left of a run is its answer.
        again = executed_macs(lambda: list(watch(to_watch(graph), _unseen)))
        for name in ("macs_per_frame", "macs_worst_step"):
            yield equal(name, evaluate(figures, name), again, "the whole clip once more")
        yield equal("state_floats", evaluate(figures, "state_floats"), state, "a call keeps nothing")
    yield equal("state_bytes", evaluate(figures, "state_bytes"), 4 * state, "memory held after a cycle")
    worst, told = evaluate(figures, "worst_case_floats"), "state, clip buffer and the largest output seen"
    yield equal("worst_case_floats", worst, state + buffer + largest[0], told)


def _unseen(name: str, inputs: Sequence[Tensor], kept: Kept, run: Callable[[], Made]) -> None:
    run()


def _earlier_frames(given: Tensor) -> int:
    """Numbers of all frames of a clip but one; a step takes a frame, which has no axis of time."""
    return given[:, :, 1:].numel() if given.dim() == 5 else 0


def _state(graph: Graph) -> int:
    network = to_watch(graph)
    return held_floats(settled_steps(network).tensors) if isinstance(network, StreamNetwork) else 0
