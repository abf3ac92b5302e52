"""Where the time of a stream's eager steps goes, by kind of layer, beside what the machine allows.

The bound of a layer is the longer of two times: of its multiply-adds at the speed of a square matrix product,
which the library packs as it likes, and of the bytes that it moves at the speed of adding two large vectors.
Both speeds are measured in the same run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import METRICS
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Node
from costmodel.ops.base import macs_of

SIDE, VECTOR = 768, 2**23  # of a matrix; numbers of a vector, more than caches hold
RUNS = 5
FLOAT_BYTES = 4


@dataclass(frozen=True)
class Machine:
    """What one thread does a second: multiply-adds of a matrix product, and bytes that an addition moves."""

    macs: float
    bytes: float


@dataclass
class Kind:
    """Layers of one kind: how many, and of one frame their multiply-adds, bytes, seconds and bound."""

    layers: int = 0
    macs: float = 0.0
    bytes: float = 0.0
    seconds: float = 0.0
    bound: float = 0.0


@torch.no_grad()
def machine() -> Machine:
    """The speed of this machine, as a matrix product and an addition of large vectors have it."""
    matrix, one, two = torch.rand(SIDE, SIDE), torch.rand(VECTOR), torch.rand(VECTOR)
    product = _least(lambda: matrix @ matrix)
    # Two read, one written over the first.
    addition = _least(lambda: one.add_(two))
    return Machine(SIDE**3 / product, 3 * FLOAT_BYTES * VECTOR / addition)


@torch.no_grad()
def profile(network: StreamNetwork, frames: Tensor, runs: int) -> dict[str, Kind]:
    """The time of each kind of layer in a settled stream's steps, for each frame, the longest first.

    Args:
        network: the stream, which goes on from where it is.
        frames: of a cycle, or of a chunk.
        runs: how often they are run.
    """
    settled = -(-network.program.settled // frames.shape[2]) + 1
    for _ in range(settled):
        network.forward_steps(frames)
    spent = dict.fromkeys(network.layers, 0.0)
    with _timed(network, spent):
        for _ in range(runs):
            network.forward_steps(frames)
    figures, speed = Figures(network.graph), machine()
    found: dict[str, Kind] = {}
    for node in network.graph.nodes:
        kind = found.setdefault(kind_of(node), Kind())
        macs, moved = _amounts(figures, node)
        kind.layers += 1
        kind.macs += macs
        kind.bytes += moved
        kind.seconds += spent[node.name] / runs / frames.shape[2]
        kind.bound += max(macs / speed.macs, moved / speed.bytes)
    return dict(sorted(found.items(), key=lambda item: -item[1].seconds))


def kind_of(node: Node) -> str:
    """What a layer is called here: its word, and of a convolution what decides how it runs."""
    op = node.op.unwrapped
    if op.word != "conv":
        return op.word or type(op).__name__.lower()
    kernel, groups = getattr(op, "kernel", ()), getattr(op, "groups", 1)
    if groups != 1:
        return "conv, in groups"
    return "conv, pointwise" if tuple(kernel) == (1, 1, 1) else "conv"


def _amounts(figures: Figures, node: Node) -> tuple[float, float]:
    """Multiply-adds and bytes of a layer for each frame."""
    moved = METRICS["traffic_bytes"].layer
    assert moved is not None
    macs = figures.per_frame(node, macs_of(figures.work[node.name]))
    return float(macs), float(moved(figures, node))


def profile_rows(network: StreamNetwork, title: str, frames: Tensor, runs: int) -> list[dict[str, object]]:
    """The kinds of layers of a stream as rows, milliseconds of a frame beside their bounds."""
    return [
        {
            "spec": title,
            "chunk": network.graph.chunk,
            "kind": name,
            "layers": kind.layers,
            "macs": kind.macs,
            "bytes": kind.bytes,
            "ms_per_frame": kind.seconds * 1000,
            "bound_ms": kind.bound * 1000,
        }
        for name, kind in profile(network, frames, runs).items()
    ]


@contextmanager
def _timed(network: StreamNetwork, spent: dict[str, float]) -> Iterator[None]:
    """Adds the seconds that each layer takes in steps."""
    single, together = network._run, network._run_together

    def timing(run: Callable[..., Tensor | None]) -> Callable[..., Tensor | None]:
        def timed(action: object, *rest: object) -> Tensor | None:
            start = time.perf_counter()
            output = run(action, *rest)
            spent[action.node] += time.perf_counter() - start  # type: ignore[attr-defined]
            return output

        return timed

    network._run = timing(single)
    network._run_together = timing(together)  # type: ignore[assignment]
    try:
        yield
    finally:
        # What stands on the class is in view again.
        del network.__dict__["_run"], network.__dict__["_run_together"]


def _least(run: Callable[[], object]) -> float:
    found = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)
