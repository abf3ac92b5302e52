"""A stream that takes several frames at a step, beside the same stream one frame after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph
from costmodel.numbers import ceil_div
from costmodel.validation.check import Check, difference, equal
from costmodel.validation.maps import small
from costmodel.validation.rounding import Rounding
from costmodel.validation.running import frames_of, of_one_frame, running

SETTLED_CHUNKS = 3  # behind the first that is settled, so that a state that chunks have made is read too


@torch.no_grad()
def check_chunks(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """Every answer of chunks from the first frame on, and how many frames a chunk holds up."""
    graph = replace(small(graph), answers="all")
    for init in ("zeros", "replicate"):
        one, many = (running(each, seed, init=init) for each in (of_one_frame(graph), graph))
        assert isinstance(one, StreamNetwork)
        assert isinstance(many, StreamNetwork)
        chunks = ceil_div(one.program.settled, graph.chunk) + SETTLED_CHUNKS
        # The last is cut short: its frames run one by one, on the state that chunks have left.
        clip = frames_of(graph, 1, chunks * graph.chunk - 1, seed)
        expected, are_valid = one.forward_steps(clip)
        found, valid = many.forward_steps(clip)
        rounding = Rounding(graph, one.layers, clip, init)
        note = f"{expected.shape[2]} answers to {clip.shape[2]} frames, ahead of the first {init}"
        differ = difference(found, expected) if found.shape == expected.shape else torch.inf
        yield rounding.check(f"chunks_equal_steps_from_{init}", differ, graph.output, note)
        yield equal(f"valid_answers_from_{init}", int(are_valid.sum()), int((valid & are_valid).sum()))
    yield equal(
        "added_wait", evaluate(Figures(graph), "added_wait"), graph.chunk - 1, "frames of a step but one"
    )
