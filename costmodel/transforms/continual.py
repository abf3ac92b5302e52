"""The continual transform: a clip network as a stream (Hedegaard 2022, sec. 3.2 to 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from costmodel.errors import OptionError, TransformError
from costmodel.graph import Graph
from costmodel.transforms.stream_graph import StreamGraph

State = Literal["partial", "window", "smallest"]
Excite = Literal["frame", "clip"]
MOST_POOLED_FRAMES = 100_000


@dataclass(frozen=True)
class Continual:
    """The options of the transform.

    Args:
        pool: input frames that the last pool covers instead of the clip (sec. 4.2, extended receptive field).
        state: what a step keeps: open partial results, its input window, or the smallest by layer with
            delays retimed.
        excite: squeeze-excite over each frame alone (as Co3D does), or over a sliding clip.
    """

    pool: int | None = None
    state: State = "partial"
    excite: Excite = "frame"

    def __post_init__(self) -> None:
        if self.pool is not None and not 1 <= self.pool <= MOST_POOLED_FRAMES:
            raise OptionError(f"--pool: {self.pool}, expected 1 to {MOST_POOLED_FRAMES} input frames")
        for name, value, known in (
            ("state", self.state, ("partial", "window", "smallest")),
            ("excite", self.excite, ("frame", "clip")),
        ):
            if value not in known:
                raise OptionError(f"--{name}: {value!r}, expected {' or '.join(known)}")

    def __call__(self, graph: Graph) -> Graph:
        """The stream that runs a clip network frame by frame.

        Raises:
            TransformError: a layer cannot run frame by frame; names it, the reason and the cheapest repair.
        """
        if graph.is_stream:
            raise TransformError(f"{graph.name}: is a stream already")
        stream = StreamGraph(self, graph)
        for node in graph.nodes:
            stream.add(node)
        if self.pool is not None and not stream.pools:
            raise TransformError(f"--pool: {graph.name} has no pool over the whole clip to extend")
        result = Graph(
            graph.name,
            graph.source.with_time(1),
            stream.in_order(),
            graph.every,
            clip=graph,
            notes=stream.notes(),
        )
        if self.state == "smallest":
            from costmodel.transforms.retime import retime

            smallest: Graph = retime(result)
            return smallest
        return result


def continual(
    graph: Graph, *, pool: int | None = None, state: State = "partial", excite: Excite = "frame"
) -> Graph:
    """The stream that runs a clip network frame by frame; see `Continual` for the options."""
    return Continual(pool, state, excite)(graph)
