"""Time by kind of layer in the eager steps of streams."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from costmodel.emit.bench.setting import Benched, Setting, threads
from costmodel.emit.bench.subjects import in_chunks, inputs_of, network_of
from costmodel.emit.fold import fold_norms
from costmodel.emit.profile import profile_rows
from costmodel.emit.stream import StreamNetwork

MOST_PROFILED = 20  # runs: a mean of as many is even enough


def profiled(
    specs: Sequence[Benched], setting: Setting, say: Callable[[str], None]
) -> list[dict[str, object]]:
    """The time of each kind of layer in the eager steps of streams, beside its bound."""
    rows: list[dict[str, object]] = []
    with threads(setting.threads), torch.no_grad():
        for title, graph, weights, chunks in specs:
            stream = network_of(graph, weights, setting)
            assert isinstance(stream, StreamNetwork)
            for chunk in chunks or (graph.chunk,):
                say(f"profiling {title}, {chunk} frame{'s' * (chunk > 1)} at a step")
                own = in_chunks(stream, chunk)
                run = fold_norms(own) if setting.fold else own
                run.checks_values = False
                frames = inputs_of(graph.clip or graph, setting)[:, :, :1].to(setting.torch_device)
                given = frames.expand(-1, -1, max(chunk, run.cycle), -1, -1).contiguous()
                rows += profile_rows(run, title, given, min(setting.runs, MOST_PROFILED))
    return rows
