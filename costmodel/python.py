"""What Python calls by `costmodel.NAME`: networks by path, by shipped name, or as objects."""

from __future__ import annotations

from pathlib import Path

from costmodel.analysis import cost
from costmodel.analysis.cost import Analysis
from costmodel.errors import OptionError
from costmodel.graph import Graph
from costmodel.network import Network
from costmodel.transforms import continual as stream
from costmodel.transforms.continual import Excite, HeadPool, State
from costmodel.types import Answers

Given = str | Path | Network | Graph


def graph_of(given: Given) -> Graph:
    """The graph of a network: of a spec by path or shipped name, of a `Network`, or itself.

    Raises:
        CostModelError: the spec cannot be read, or it is none of these.
    """
    if isinstance(given, Graph):
        return given
    if isinstance(given, Network):
        return given.graph()
    if isinstance(given, str | Path):
        return Network.of(given).graph()
    kind = type(given).__name__
    raise OptionError(f"a network: found {kind}, expected a path, a shipped name, a Network or a Graph")


def analyze(
    network: Given,
    *,
    dtype: str = "fp32",
    fps: float | None = None,
    convention: str | None = None,
    train: int | None = None,
) -> Analysis:
    """All figures of a network, clip or frame by frame.

    >>> costmodel.analyze("x3d_m").totals["macs_per_clip"]
    4732468736
    >>> costmodel.analyze(costmodel.continual("x3d_m"), fps=30).totals["delay_seconds"]
    7.166666666666667

    Args:
        network: a spec by path or shipped name, a `Network`, or a graph such as `continual` gives.
        dtype: what sizes in bytes are counted in: fp32, fp16 or int8.
        fps: frames a second of the camera; adds times in seconds and multiply-adds a second.
        convention: adds what another tool counts, such as `fvcore`, in total and for each layer.
        train: adds `training_bytes`, what a step of training of the clip network on so many clips holds.

    Raises:
        CostModelError: there is no such network, or an option has a wrong value.
    """
    return cost.analyze(graph_of(network), dtype=dtype, fps=fps, convention=convention, train=train)


def continual(
    network: Given,
    *,
    pool: int | None = None,
    state: State = "partial",
    excite: Excite = "frame",
    head_pool: HeadPool = "window",
    chunk: int = 1,
    answers: Answers = "all",
) -> Graph:
    """The network that answers frame by frame  (Hedegaard 2022).

    >>> costmodel.continual("x3d_s", pool=64).is_stream
    True

    Args:
        network: a spec by path or shipped name, a `Network`, or the graph of a clip network.
        pool: frames that the pool of the head sees; those of the clip where None.
        state: what layers keep: partial sums, windows of frames, or the smallest of them, waits moved.
        excite: over what squeeze-excite pools: each frame alone, or the clip.
        head_pool: over what the head pools: a window, or all frames so far.
        chunk: frames at a step, a multiple of the cycle of strides in time.
        answers: which answers to a step's frames are given: `all`, or the `last`.

    Raises:
        CostModelError: there is no such network, or it cannot run frame by frame.
    """
    return stream.continual(
        graph_of(network),
        pool=pool,
        state=state,
        excite=excite,
        head_pool=head_pool,
        chunk=chunk,
        answers=answers,
    )
