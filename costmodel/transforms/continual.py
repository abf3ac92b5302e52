"""The continual transform: a clip network as a stream (Hedegaard 2022, sec. 3.2 to 3.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from costmodel.analysis.temporal import cycle_of
from costmodel.errors import OptionError, TransformError
from costmodel.graph import Graph, Node
from costmodel.transforms.base import Transform, option
from costmodel.transforms.stream_graph import StreamGraph
from costmodel.types import Answers

State = Literal["partial", "window", "smallest"]
Excite = Literal["frame", "clip"]
HeadPool = Literal["window", "cumulative"]
MOST_POOLED_FRAMES = 100_000
LONGEST_CHUNK = 100_000


@dataclass(frozen=True)
class Continual(Transform):
    """A clip network run frame by frame, as a stream.

    Args:
        pool: input frames that the last pool covers instead of the clip (sec. 4.2, extended receptive field).
        state: what a step keeps: open partial results, its input window, or the smallest by layer with
            delays retimed.
        excite: squeeze-excite over each frame alone (as Co3D does), or over a sliding clip.
        head_pool: what the last pool pools: a window of the last frames, or all frames so far.
        chunk: frames that a step takes at once, a multiple of the network's cycle.
        answers: those of a step's frames that are given.
    """

    word: ClassVar[str] = "continual"
    about: ClassVar[str] = "Run the network frame by frame on a stream."
    gives_stream: ClassVar[bool] = True
    weightless: ClassVar[frozenset[str]] = frozenset({"chunk", "answers"})

    pool: int | None = option(
        None,
        "Input frames that the last pool covers, with --continual.",
        kind=int,
        least=1,
        most=MOST_POOLED_FRAMES,
        unit="input frames",
        is_size=True,
    )
    state: State = option(
        "partial", "What a step keeps, with --continual.", choices=("partial", "window", "smallest")
    )
    excite: Excite = option(
        "frame", "Over what squeeze-excite pools, with --continual.", choices=("frame", "clip")
    )

    head_pool: HeadPool = option(
        "window",
        "What the pool over the whole clip pools: as many of the last frames, or all so far.",
        choices=("window", "cumulative"),
    )

    chunk: int = option(
        1,
        "Frames at a step, a multiple of the cycle of strides in time; the first of them waits for the last.",
        kind=int,
        least=1,
        most=LONGEST_CHUNK,
        unit="frames",
        is_later=True,
    )
    answers: Answers = option(
        "all",
        "Which answers to a step's frames are given, with --chunk.",
        choices=("all", "last"),
        is_later=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.answers != "all" and self.chunk == 1:
            raise OptionError("--answers: of steps of one frame there is one; add --chunk")
        if self.pool is not None and self.head_pool == "cumulative":
            raise OptionError("--pool: the head pools all frames so far; leave out --pool or --head-pool")

    @property
    def takes_symbols(self) -> bool:
        """Whether sizes may be symbols: where a delay holds the fewest numbers depends on them."""
        return self.state != "smallest"

    def streamed(self, clip: Graph) -> Graph:
        """The stream that runs a clip network frame by frame.

        Raises:
            TransformError: a layer cannot run frame by frame; names it, the reason and the cheapest repair.
        """
        if clip.is_stream:
            raise TransformError(f"{clip.name}: is a stream already")
        stream = StreamGraph(self, clip)
        for node in clip.nodes:
            stream.add(node)
        # Refused once all nodes are known: which pool slides
        # over the clip depends on what stands ahead of it.
        if self.pool is not None and not stream.pools:
            raise TransformError(f"--pool: {clip.name} has no pool over the whole clip to extend")
        if self.head_pool == "cumulative" and not any(_is_pool(stream, node) for node in clip.nodes):
            raise TransformError(f"--head-pool: {clip.name} has no pool over the whole clip")
        result = stream.result()
        if self.state == "smallest":
            # networkx takes longer to load than a network to analyse, and few ask for it.
            from costmodel.transforms.retime import retime

            result = retime(result)
        return result if self.chunk == 1 else self._in_chunks(result)

    def _in_chunks(self, stream: Graph) -> Graph:
        cycle = cycle_of(stream)
        # Only then every step does the same, and every layer has its share of frames in each.
        if self.chunk % cycle:
            raise TransformError(
                f"--chunk: {self.chunk} frames, expected a multiple of the {cycle} after which strides of "
                f"{stream.name} repeat: {cycle}, {2 * cycle}, {4 * cycle}, ..."
            )
        return replace(stream, chunk=self.chunk, answers=self.answers)


def _is_pool(stream: StreamGraph, node: Node) -> bool:
    return node.name in stream.pools or node.op.is_cumulative


def continual(
    graph: Graph,
    *,
    pool: int | None = None,
    state: State = "partial",
    excite: Excite = "frame",
    head_pool: HeadPool = "window",
    chunk: int = 1,
    answers: Answers = "all",
) -> Graph:
    """The stream that runs a clip network frame by frame; see `Continual` for the options."""
    return Continual(pool, state, excite, head_pool, chunk, answers)(graph)
