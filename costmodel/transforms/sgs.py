"""The sgs transform: frames sampled by their similarity behind a stage (Fayyaz 2021)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, Literal, cast

from costmodel.analysis.head import head_of
from costmodel.edit import Editor
from costmodel.errors import GraphError, OptionError, ShapeError, TransformError, nearest
from costmodel.graph import Graph, Node
from costmodel.numbers import Size
from costmodel.ops import Sgs as Sampler
from costmodel.transforms.base import Carries, Transform, option

UNIFORM = r"uniform:\d{1,4}:\d{1,4}"
NOTE = "sampled: behind {} a clip has as many frames as it has bins of similarity that are not empty"
FIXED = "sampled: behind {} a clip has {} bins of similarity"


@dataclass(frozen=True)
class Sgs(Transform):
    """A network with similarity guided sampling behind a stage (Fayyaz 2021, sec. 4).

    The sampler stands ahead of the last activation of the stage, as the authors' code has it, on the sum of
    its last block. A stage is all layers called so, or beginning with its name and `.` or `_`.

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
        "Bins that each clip hands on, with --sgs; uniform:1:13: means over clips; those that are not empty "
        "unless given.",
        kind=int,
        least=1,
        most=10_000,
        unit="bins",
        is_size=True,
        also=UNIFORM,
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
        if not isinstance(self.active_bins, str):
            return {}
        least, most = map(int, self.active_bins.split(":")[1:])
        if not 1 <= least <= most:
            raise OptionError(
                f"--active-bins: {self.active_bins!r}, expected uniform:LEAST:MOST, such as uniform:1:13"
            )
        return {number: Fraction(1, most - least + 1) for number in range(least, most + 1)}

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
        stages, editor = list(_stages(graph, self.sgs)), Editor(graph)
        if len(stages) > 1:
            pathways = " and ".join(stage[0].name for stage in stages)
            raise TransformError(
                f"--sgs {self.sgs}: stands in several pathways ({pathways}), which join unequal numbers of "
                "frames then; put it behind a stage that all frames pass"
            )
        made = [self._put(editor, graph, stage) for stage in stages]
        told = NOTE.format(self.sgs) if self.active_bins is None else FIXED.format(self.sgs, self.active_bins)
        # Ahead of the graph, whose own error of unequal branches would not say what to do.
        _must_reach_all(graph, tuple(editor), frozenset(made), self.sgs)
        try:
            sampled = editor.graph(notes=(*graph.notes, told))
        except ShapeError as error:
            raise TransformError(f"--sgs {self.sgs}: {error}") from error
        _must_save(sampled, frozenset(made), self.sgs)
        return sampled if self.active_bins is not None else _filled(sampled, made)

    def _must_be_first(self, graph: Graph) -> None:
        others = [node for node in graph.nodes if isinstance(node.op, Sampler)]
        if others and not (self.sgs_block and all(_is_in_blocks(node.op) for node in others)):
            raise TransformError(
                f"--sgs {self.sgs}: {others[0].name} samples already, and bins have no order in time to "
                "sample again; sample once, or both times in blocks (--sgs-block) of a fixed number of bins"
            )

    @property
    def _sampler(self) -> Sampler:
        return Sampler(
            bins=self.bins,
            active=cast("Size | None", self.active_bins),
            kernel=self.kernel,
            normalised=self.normalised,
            measure=self.measure,
            dimension=self.dimension,
            block=self.sgs_block,
        )

    def _put(self, editor: Editor, graph: Graph, stage: list[Node]) -> str:
        """Puts the sampler ahead of a stage's last activation, or behind its last layer; gives its name."""
        last = stage[-1]
        if not (isinstance(last.count, int) and last.count == 1):
            raise TransformError(
                f"--sgs {self.sgs}: {last.name} stands for several layers; give the depth a value"
            )
        if last.name == graph.output:
            raise TransformError(
                f"--sgs {self.sgs}: {last.name} answers, nothing is behind it to save; {_places(graph)}"
            )
        block = last.name.rpartition(".")[0]
        wanted = f"{block}.sgs" if block else f"{last.name.partition('_')[0]}_sgs"
        if _is_activation(graph, last):
            return editor.insert_before(last.name, 0, self._sampler, wanted)
        return editor.insert_after(last.name, self._sampler, wanted)


def _filled(graph: Graph, samplers: list[str]) -> Graph:
    """The network in which each clip has the frames that the layers behind need at least."""
    if not all(isinstance(graph.types[name].time, int) for name in samplers):
        return graph
    for least in range(1, min(int(graph.types[name].time) for name in samplers) + 1):
        editor, filled = Editor(graph), Editor(graph)
        for name in samplers:
            op = graph.by_name[name].op
            assert isinstance(op, Sampler)
            editor.replace(name, replace(op, active=least, bins=None, block=0))
            filled.replace(name, replace(op, least=least))
        with suppress(ShapeError):
            editor.graph()
            return filled.graph()
    return graph


def _is_in_blocks(op: object) -> bool:
    return isinstance(op, Sampler) and op.block > 0 and op.active is not None


def _stages(graph: Graph, wanted: str) -> Iterator[list[Node]]:
    """The layers of the stage; of one that stands in several pathways, such as `slow_res2`, those of each.

    Raises:
        TransformError: there are none; the message names the nearest.
    """
    found: dict[str, list[Node]] = {}
    for node in graph.nodes:
        if _is_of(node.name, wanted):
            found.setdefault("", []).append(node)
    for node in graph.nodes if not found else ():
        for place, sign in enumerate(node.name):
            if sign in "._" and _is_of(node.name[place + 1 :], wanted):
                found.setdefault(node.name[:place], []).append(node)
                break
    if not found:
        names = [each for node in graph.nodes for each in (node.name, node.name.partition(".")[0])]
        raise TransformError(
            f"--sgs: {graph.name} has no stage or layer {wanted!r}"
            + nearest(wanted, set(names), listed="analyze lists them")
        )
    yield from found.values()


def _is_of(name: str, stage: str) -> bool:
    return name == stage or name.startswith((f"{stage}.", f"{stage}_"))


def _is_activation(graph: Graph, node: Node) -> bool:
    """Whether a layer is a function of each value alone."""
    work = node.op.work(*graph.inputs_of(node))
    return bool(work) and all(kind.startswith("activation.") for kind in work)


def _behind(nodes: Sequence[Node], samplers: frozenset[str]) -> frozenset[str]:
    """The layers whose frames are sampled."""
    found = set(samplers)
    for node in nodes:
        if any(name in found for name in node.inputs):
            found.add(node.name)
    return frozenset(found)


def _must_reach_all(graph: Graph, nodes: Sequence[Node], samplers: frozenset[str], stage: str) -> None:
    """Refuses a sampler that a layer joins with frames that were not sampled."""
    behind = _behind(nodes, samplers)
    for node in nodes:
        sampled = [name in behind for name in node.inputs]
        if any(sampled) and not all(sampled):
            raise TransformError(
                f"--sgs {stage}: {node.name} would join sampled frames with all frames, as the sampler is "
                f"in one of its branches; {_places(graph)}"
            )


def _must_save(graph: Graph, samplers: frozenset[str], stage: str) -> None:
    """Refuses a sampler behind which nothing but the head stands."""
    behind = _behind(graph.nodes, samplers) - samplers
    for node in graph.nodes:
        is_sampled = node.name in behind and node.op.is_convolution
        if is_sampled and node.op.kernel_on(*graph.inputs_of(node)) != (1, 1, 1):
            return
    raise TransformError(
        f"--sgs {stage}: stands behind the last stage, where the head alone is left and nothing to save; "
        f"{_places(graph)}"
    )


def _places(graph: Graph) -> str:
    """Where a sampler could go, in words."""
    stages = list(dict.fromkeys(name.partition(".")[0] for name in graph.by_name if "." in name))
    try:
        head = head_of(graph)
        stages = [each for each in stages if each not in head]
    except GraphError:
        pass
    return (
        f"it would go behind an early stage, such as {', '.join(stages[:2])}"
        if stages
        else "put it further ahead"
    )
