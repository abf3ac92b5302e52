"""The sgs transform: frames sampled by their similarity behind a stage (Fayyaz 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from typing import ClassVar, Literal, cast

from costmodel.conditions import equal
from costmodel.edit import Editor
from costmodel.errors import ShapeError, TransformError
from costmodel.graph import Graph, Node
from costmodel.numbers import Size, ceil_div, even, maximum
from costmodel.ops import Sgs as Sampler
from costmodel.transforms.base import Carries, Transform, option
from costmodel.transforms.clips_by_bins import DISTRIBUTION, distribution_of_file, shares_of
from costmodel.transforms.sampled_stages import (
    is_activation,
    last_of,
    must_reach_all,
    must_save,
    places,
    stages_of,
    with_fill,
)
from costmodel.types import Shape

NOTE = "sampled: behind {} a clip has as many frames as it has bins of similarity that are not empty"
FIXED = "sampled: behind {} a clip has {} bins of similarity"


@dataclass(frozen=True)
class Sgs(Transform):
    """A network with similarity guided sampling behind a stage (Fayyaz 2021, sec. 4).

    The sampler stands ahead of the last activation of the stage, as the authors' code has it, on the sum of
    its last block. A stage is all layers called so, or beginning with its name and `.` or `_`, in each
    pathway that has them: numbers are those of the pathway of most frames, others have them in proportion.

    Args:
        sgs: the stage, or one layer.
        bins: similarity bins; as many as frames arrive unless given.
        active_bins: frames that are handed on, a size; without it each clip has its own number, and figures
            are those of all bins.
        sgs_block: frames of each of the blocks that are sampled apart; 0: the whole clip.
        kernel: how frames weigh in their bin.
        normalised: whether each bin is over the number of its frames.
        measure: the distance between frames.
        dimension: of the space that they are embedded in.
    """

    word: ClassVar[str] = "sgs"
    about: ClassVar[str] = "Sample frames by their similarity behind a stage."
    weightless: ClassVar[frozenset[str]] = frozenset({"bins", "active_bins"})

    sgs: str = option("res2", "The stage, or a layer.")
    bins: int | None = option(
        None,
        "Similarity bins, with --sgs; as many as frames unless given.",
        kind=int,
        least=1,
        most=10_000,
        unit="bins",
        is_size=True,
    )
    active_bins: int | str | None = option(
        None,
        "Bins that each clip hands on, with --sgs; uniform:1:13, or the file of an evaluation: means over "
        "clips; those that are not empty unless given.",
        kind=int,
        least=1,
        most=10_000,
        unit="bins",
        is_size=True,
        also=DISTRIBUTION,
        of_file=distribution_of_file,
        also_words="uniform:LEAST:MOST, or the .json that an evaluation wrote",
    )
    sgs_block: int = option(
        0,
        "Frames of the blocks that are sampled apart, with --sgs; 0: the whole clip.",
        least=0,
        unit="frames",
    )
    kernel: Literal["linear", "kronecker"] = option(
        "linear", "How frames weigh in their bin, with --sgs.", choices=("linear", "kronecker")
    )
    normalised: bool = option(False, "Divide each bin by the number of its frames, with --sgs.")
    measure: Literal["magnitude", "angular", "spherical"] = option(
        "magnitude", "The distance between frames, with --sgs.", choices=("magnitude", "angular", "spherical")
    )
    dimension: int = option(
        8, "Dimensions of the space of similarity, with --sgs.", least=1, most=10_000, unit="dimensions"
    )

    @property
    def shares(self) -> Mapping[int, Fraction]:
        """The shares of clips by their active bins, where `active_bins` is a distribution; else nothing."""
        return shares_of(self.active_bins) if isinstance(self.active_bins, str) else {}

    @property
    def sizes(self) -> Mapping[str, Size | None]:
        """Its bins; a distribution of them is no size."""
        return {name: None if isinstance(value, str) else value for name, value in super().sizes.items()}

    @property
    def carries(self) -> Carries:
        """A first value: the sampler is untrained, and the layers behind saw every frame."""
        return "initial"

    def __call__(self, graph: Graph) -> Graph:
        """The network with a sampler behind the stage, one in each pathway that has it.

        Raises:
            TransformError: there is no such stage, or no sampler can stand there.
        """
        self._must_be_first(graph)
        if self.shares:
            raise TransformError(
                f"--active-bins {self.active_bins}: is a mean over clips, which analyze gives; give a number"
            )
        stages, editor = list(stages_of(graph, self.sgs)), Editor(graph)
        most = reduce(maximum, (graph.types[stage[-1].name].time for stage in stages))
        made = [self._put(editor, graph, stage, most) for stage in stages]
        told = NOTE.format(self.sgs) if self.active_bins is None else FIXED.format(self.sgs, self.active_bins)
        # Ahead of the graph, whose own error of unequal branches would not say what to do.
        must_reach_all(graph, tuple(editor), frozenset(made), self.sgs)
        if len(made) > 1:
            with_fill(editor, frozenset(made))
        try:
            sampled = editor.graph(notes=(*graph.notes, told))
        except ShapeError as error:
            bins = self.active_bins
            repair = "" if bins is None else f", with {bins} active bins; give more --active-bins"
            raise TransformError(f"--sgs {self.sgs}: {error}{repair}") from error
        must_save(sampled, frozenset(made), self.sgs)
        return sampled if self.active_bins is not None else _filled(sampled, made)

    def _must_be_first(self, graph: Graph) -> None:
        others = [node for node in graph.nodes if isinstance(node.op, Sampler)]
        if others and not (self.sgs_block and all(_is_in_blocks(node.op) for node in others)):
            raise TransformError(
                f"--sgs {self.sgs}: {others[0].name} samples already, and bins have no order in time to "
                "sample again; sample once, or both times in blocks (--sgs-block) of a fixed number of bins"
            )

    def _sampler(self, frames: Size, most: Size) -> Sampler:
        """The sampler of a pathway; one of fewer frames has bins and blocks in proportion, rounded up."""

        def share(number: Size) -> Size:
            return number if even(equal(frames, most)) else ceil_div(number * frames, most)

        return Sampler(
            bins=None if self.bins is None else share(self.bins),
            active=None if self.active_bins is None else share(cast("Size", self.active_bins)),
            kernel=self.kernel,
            normalised=self.normalised,
            measure=self.measure,
            dimension=self.dimension,
            block=int(share(self.sgs_block)) if self.sgs_block else 0,
        )

    def _put(self, editor: Editor, graph: Graph, stage: list[Node], most: Size) -> str:
        """Puts the sampler ahead of a stage's last activation, or behind its last layer; gives its name."""
        last = last_of(stage, self.sgs)
        if last.name == graph.output:
            raise TransformError(
                f"--sgs {self.sgs}: {last.name} answers, nothing is behind it to save; {places(graph)}"
            )
        block = last.name.rpartition(".")[0]
        wanted = f"{block}.sgs" if block else f"{last.name.partition('_')[0]}_sgs"
        sampler = self._sampler(graph.types[last.name].time, most)
        if not is_activation(graph, last):
            return editor.insert_after(last.name, sampler, wanted, count=1)
        if isinstance(last.count, int):
            return editor.insert_before(last.name, 0, sampler, wanted)
        # It stands for the equal blocks of a stage, and the last of them alone sees sampled frames.
        made = editor.insert_after(last.name, sampler, wanted, count=1)
        editor.insert_after(made, last.op, f"{last.name}_sampled", count=1)
        editor.recount(last.name, last.count - 1)
        return made


def _filled(graph: Graph, samplers: list[str]) -> Graph:
    """The network in which each clip has the frames that the layers behind need at least."""
    if not all(isinstance(graph.types[name].time, int) for name in samplers):
        return graph
    weights = _weights(graph)
    for least in range(1, min(int(graph.types[name].time) for name in samplers) + 1):
        editor, filled = Editor(graph), Editor(graph)
        for name in samplers:
            op = graph.by_name[name].op
            assert isinstance(op, Sampler)
            editor.replace(name, replace(op, active=least, bins=least, block=0))
            filled.replace(name, replace(op, least=least))
        with suppress(ShapeError):
            # Behind a layer that makes channels of frames weights have a size of their own for each number.
            if _weights(editor.graph()) == weights:
                return graph if least == 1 else filled.graph()
    return graph


def _weights(graph: Graph) -> list[Mapping[str, Shape]]:
    return [
        node.op.weights(*graph.inputs_of(node)) for node in graph.nodes if not isinstance(node.op, Sampler)
    ]


def _is_in_blocks(op: object) -> bool:
    return isinstance(op, Sampler) and op.block > 0 and op.active is not None
