"""Streams that take several frames at a step, beside the same streams one frame after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from costmodel.emit import StreamNetwork
from costmodel.emit.export import Chunk
from costmodel.graph import Graph
from tests.shared.emitted import frames, stream_network

Run = Callable[..., Sequence[Tensor]]


def networks(graph: Graph, chunk: int, init: str = "zeros", **options: object) -> list[StreamNetwork]:
    """A stream of one frame at a step, and of a chunk, with equal weights."""
    one = stream_network(graph, init=init, **options)
    many = stream_network(replace(one.graph, chunk=chunk), init=init)
    many.load_state_dict(one.state_dict())
    return [one, many]


def clip_for(network: StreamNetwork, chunk: int, behind: int = 3) -> Tensor:
    """Frames until the stream has settled, and some chunks more."""
    return frames(network.graph, (network.program.settled // chunk + behind) * chunk)


@torch.no_grad()
def assert_chunks_equal_steps(
    graph: Graph, chunk: int, most: float = 1e-12, init: str = "zeros", **options: object
) -> None:
    """Every answer and its validity, from the first frame on; the last chunk is cut short."""
    one, many = networks(graph, chunk, init, **options)
    clip = clip_for(one, chunk)[:, :, :-1] if chunk > 1 else clip_for(one, chunk)
    expected, are_valid = one.forward_steps(clip)
    found, valid = many.forward_steps(clip)
    assert torch.equal(valid, are_valid)
    assert found.shape == expected.shape
    assert float((found - expected).abs().max() / expected.abs().max()) <= most


@torch.no_grad()
def assert_program_equals_steps(
    graph: Graph, chunk: int, run: Callable[[Chunk], Run] = lambda module: module, **options: object
) -> None:
    """Every answer of what is exported, which tells by its age what stands ahead of a stream."""
    one, many = networks(graph, chunk, **options)
    module = Chunk(many)
    program, state = run(module), module.initial_state(2)
    clip = clip_for(one, chunk)
    for number, part in enumerate(clip.split(chunk, 2)):
        outputs, valid, *state = program(part, *state)
        expected = [one.forward_step(frame) for frame in part.unbind(2)]
        due = [place for place in range(chunk) if one.program.answers((number * chunk + place) % one.cycle)]
        for place, output, is_valid in zip(due, outputs.unbind(2), valid.unbind(1), strict=True):
            answer = expected[place]
            assert bool(is_valid.all()) == (answer is not None)
            if answer is not None:
                gap = (output.flatten() - answer.flatten()).abs().max()
                assert float(gap / answer.abs().max()) <= 1e-12
