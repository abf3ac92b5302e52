"""What may be another number in a network that was read: frames, crop, classes, and the width of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from costmodel.errors import CostModelError, one_line
from costmodel.graph import INPUT, Graph
from costmodel.importers.blocks.lines import mapping
from costmodel.importers.blocks.style import WIDTH
from costmodel.network import Network
from costmodel.spec.document import Document
from costmodel.spec.fields import fields_of
from costmodel.spec.resolved import exact_text

FRAMES, CROP, CLASSES = "frames", "crop", "classes"
WIDTHS = (Fraction(1, 2), Fraction(3, 4), Fraction(3, 2), Fraction(2))
LARGEST_CLIP = {FRAMES: 8, CROP: 4}  # as many times the module's own, in the axes of a search


@dataclass(frozen=True)
class Freed:
    """What the sizes of a spec are to be.

    Args:
        axes: the size that an axis of the clip has, by the axis.
        classes: the layer that answers the classes; empty where none does.
        has_width: whether all channels are shares of one width.
        has_ratios: whether channels in a block may follow from others.
        least: the smallest value of a size in the axes of a search.
    """

    axes: Mapping[str, str]
    classes: str = ""
    has_width: bool = False
    has_ratios: bool = True
    least: Mapping[str, int] = field(default_factory=dict)

    def without(self, size: str) -> Freed:
        """The same, one size being a number of the spec."""
        if size == CLASSES:
            return replace(self, classes="")
        return replace(self, axes={axis: name for axis, name in self.axes.items() if name != size})

    def values(self, graph: Graph) -> dict[str, int]:
        """What the sizes are in the module."""
        source = graph.source._asdict()
        values = {name: int(source[axis]) for axis, name in self.axes.items()}
        classes = {CLASSES: int(graph.types[self.classes].channels)} if self.classes else {}
        return values | classes


def fixed(graph: Graph) -> str:
    """The layer whose numbers are those of the module's own clip alone; empty where there is none."""
    return next((node.name for node in graph.nodes if not node.op.runs), "")


def freed(graph: Graph) -> Freed:
    """All that a network may have as sizes."""
    if fixed(graph):
        return Freed({})
    is_square = graph.source.height == graph.source.width
    space = (CROP, CROP) if is_square else ("crop_height", "crop_width")
    return Freed({"time": FRAMES, "height": space[0], "width": space[1]}, head(graph))


def head(graph: Graph) -> str:
    """The layer whose channels are the network's answers; empty where it is not one alone."""
    name = graph.output
    while name != INPUT:
        node = graph.by_name[name]
        if "channels" in fields_of(type(node.op).word):
            return name
        if len(node.inputs) != 1:
            return ""
        [name] = node.inputs
    return ""


def header(graph: Graph, sizes: Freed, let: Mapping[str, str]) -> list[str]:
    """The lines of a spec ahead of its blocks, behind its name."""
    source = {axis: sizes.axes.get(axis, str(value)) for axis, value in graph.source._asdict().items()}
    values = {name: str(value) for name, value in sizes.values(graph).items()}
    if sizes.has_width:
        values[WIDTH] = "1"
    lines = [f"input: {mapping(source)}"]
    lines += [f"sizes: {mapping(values)}"] if values else []
    lines += ["let:", *(f"  {name}: {rule}" for name, rule in let.items())] if let else []
    axes = list(_axes(graph, sizes))
    return [*lines, *(["axes:", *axes] if axes else [])]


def _axes(graph: Graph, sizes: Freed) -> list[str]:
    """What a search may change."""
    found = []
    for name, value in sizes.values(graph).items():
        if name in sizes.least:
            most = value * LARGEST_CLIP.get(name, LARGEST_CLIP[CROP])
            factor = {} if name == FRAMES else {"factor": "1.41421356"}
            given = {"moves": name, **factor, "bounds": f"[{sizes.least[name]}, {most}]"}
            found.append(f"  {name.capitalize()}: {mapping(given)}")
    if sizes.has_width:
        bounds = f"[{exact_text(WIDTHS[0])}, {exact_text(WIDTHS[-1])}]"
        found.append(f"  Width: {mapping({'moves': WIDTH, 'bounds': bounds, 'integer': 'false'})}")
    return found


def reason_against(document: Document, values: Mapping[str, int | Fraction]) -> str:
    """Why a spec is no network at these sizes; empty where it is one."""
    try:
        Network(document, values).graph()
    except CostModelError as error:
        reason = one_line(str(error).splitlines()[0])
        return reason.partition(": ")[2][:200]
    return ""


def least_of(document: Document, name: str, value: int) -> int:
    """The smallest of some values of a size at which a spec is a network."""
    smaller = (each for each in (value // 4, value // 2) if each > 0)
    return next((each for each in smaller if not reason_against(document, {name: each})), value)
