"""A network of ours beside the module that it was read from: the same answers, on clips and as a stream.

Nothing is taken from the reading: the module itself runs. A stream is held against the untouched module at
interior positions of a long clip, where its features do not depend on where the clip begins and ends: what
enters the module's head there, and what the module's own head answers to as many of them as in its clip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import nn

from costmodel.emit.build import emit
from costmodel.emit.carried import load_carried
from costmodel.network import Network
from costmodel.validation.against_stream import check_stream
from costmodel.validation.beside import Beside
from costmodel.validation.check import Check, not_measured, within
from costmodel.validation.layouts import nearest
from costmodel.validation.running import frames_of
from costmodel.validation.theirs import Theirs, TheirsError
from costmodel.validation.weights import small_for

LIMITS = {torch.float32: 1e-5, torch.float64: 1e-10}  # as shares of the largest value
NAMES = {torch.float32: "fp32", torch.float64: "fp64"}


@torch.no_grad()
def check_against(
    network: Network, weights: Path, module: nn.Module, order: Sequence[str], seed: int = 0
) -> Iterator[Check]:
    """The answers of a network with a module's weights beside the module's own.

    Args:
        network: a clip network, or the stream of one; then the stream too.
        weights: the file of its weights.
        module: what it was read from.
        order: the order of the axes of a clip as the module takes it.
        seed: of the clips.

    Raises:
        CostModelError: the weights are another network's.
    """
    graph = network.graph()
    running = emit(graph).double()  # numbers that 32 bits cannot hold stay as they are
    load_carried(network, running, weights)
    tensors = running.state_dict()
    clip = graph.clip or graph
    for dtype, most in LIMITS.items():
        ours = emit(clip).to(dtype).eval()
        ours.load_state_dict(tensors)
        frames = frames_of(clip, 1, int(clip.source.time), seed).to(dtype)
        what = f"answers_equal_the_module_{NAMES[dtype]}"
        try:
            expected = Theirs.copied(module, order, dtype).answer(frames)
        except TheirsError as error:
            yield not_measured(what, most, str(error))
            continue
        found = ours(frames.clone())
        if found.numel() != expected.numel():
            shapes = f"{tuple(found.shape)}, the module answers {tuple(expected.shape)}"
            yield Check(what, most, None, False, shapes, is_limit=True)
            continue
        whole = found.reshape(1, *map(int, clip.types[clip.output]))
        yield within(what, nearest(whole, expected)[0], f"1 clip, input {clip.source}", most)
    if graph.is_stream:
        theirs = Theirs.copied(module, order, torch.float64)
        # On the spec's own maps where the module takes no smaller ones, such as for a pool of one size.
        reduced = small_for(graph)
        sizes = (graph,) if reduced.source == graph.source else (reduced, graph)
        yield from check_stream(
            [Beside(each, tensors, theirs, seed) for each in sizes], LIMITS[torch.float64]
        )
