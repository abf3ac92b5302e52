"""What a network does with the weights of a file, beside what the analysis says of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.emit.build import emit
from costmodel.emit.carried import load_carried
from costmodel.emit.stream import StreamNetwork
from costmodel.emit.weights import load_weights
from costmodel.graph import Graph
from costmodel.network import Network
from costmodel.validation.check import Check, equal
from costmodel.validation.clips import from_layers_one_by_one
from costmodel.validation.equality import clip_and_outputs, compared
from costmodel.validation.frames import frames_compared
from costmodel.validation.maps import small
from costmodel.validation.rounding import Rounding
from costmodel.validation.running import frames_of
from costmodel.weights import WeightsFile, is_weights_file, read_weights_file


def check_weights(network: Network, path: Path, seed: int = 0) -> Iterator[Check]:
    """What a network answers with the weights of a file; of one that knows its network also what it holds.

    Args:
        network: with its transforms, through which the weights are carried.
        path: the file, or a `Checkpoint` that says how it is read.
        seed: of the frames.

    Raises:
        CostModelError: the file cannot be read, or its tensors are another network's.
    """
    file = read_weights_file(path) if is_weights_file(path) else None
    if file is not None and file.about is not None:
        yield _held(file)
    yield _answers(network, path, seed)


def _held(file: WeightsFile) -> Check:
    """The parameters of a file's own network, predicted, beside the learned values that the file holds."""
    graph = file.known.network.graph()
    # Names and shapes must be the network's before numbers are counted.
    load_weights(emit(graph), file.path)
    with torch.device("meta"):
        names = dict(emit(graph).named_parameters())
    held = sum(torch.Size(each.shape).numel() for name, each in file.tensors.items() if name in names)
    return equal("params in the file", evaluate(Figures(graph), "params"), held, str(file.path))


@torch.no_grad()
def _answers(network: Network, path: Path, seed: int) -> Check:
    """A stream's answers beside the clip network's; those of a clip network beside its layers one by one."""
    graph = small_for(network.graph())
    running = emit(graph)
    loaded = load_carried(network, running, path)
    running.checks_values = False
    running.double().eval()
    if isinstance(running, StreamNetwork):
        frames = frames_compared(Figures(graph))
        clip, outputs = clip_and_outputs(graph, running, frames, seed, kept={graph.output})
        number, found = compared(running, clip, outputs[graph.output])
    else:
        clip = frames_of(graph, 1, int(graph.source.time), seed)
        number, found = 1, from_layers_one_by_one(running, clip)
    rounding = Rounding(graph, running.layers, clip)
    answers = f"{number} answer{'s' * (number > 1)}, input {graph.source}"
    read = f"{loaded.tensors} tensors read from {path} ({loaded.told})"
    return rounding.check("answers_with_these_weights", found, graph.output, f"{answers}; {read}")


def small_for(graph: Graph) -> Graph:
    """The network on smaller maps, where no weight of it is as large as its maps."""
    reduced = small(graph)
    with torch.device("meta"):
        ours, theirs = (emit(each).state_dict() for each in (reduced, graph))
    return reduced if all(ours[name].shape == theirs[name].shape for name in theirs) else graph
