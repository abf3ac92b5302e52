"""A network of somebody else's as a spec: short where it reads back as the same, else layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from costmodel.errors import CostModelError
from costmodel.graph import Graph
from costmodel.importers.blocks.lines import LINE, lines, mapping
from costmodel.importers.blocks.modules import Owners
from costmodel.importers.blocks.shorten import NETWORK, Short, shortened
from costmodel.importers.blocks.sizes import (
    CLASSES,
    WIDTHS,
    Freed,
    fixed,
    freed,
    header,
    least_of,
    reason_against,
)
from costmodel.importers.blocks.style import WIDTH, Style
from costmodel.network import Network
from costmodel.spec.document import Document, from_text
from costmodel.spec.write import dump, text_of

NOT_SHORT = "its blocks would not read back as the same network, so its layers stand one after the other"


@dataclass(frozen=True)
class Written:
    """A spec, and what its reader must know.

    Args:
        text: the spec.
        notes: a line each.
    """

    text: str
    notes: tuple[str, ...] = ()


def written(graph: Graph, owners: Owners, *, frees_width: bool = False) -> Written:
    """A network as a person would write it.

    Args:
        graph: the network.
        owners: the modules that each of its layers stands in.
        frees_width: whether all channels become shares of one width.
    """
    sizes, notes = freed(graph), list[str]()
    clip_alone = fixed(graph)
    if clip_alone:
        frees_width = False
        notes.append(f"there are no sizes: what {clip_alone} takes and gives is known of this clip alone")
    # Read once for all sizes that are tried: of thousands of layers that takes a second.
    document = read_back(_spec(graph, owners, sizes), graph)
    if document is None:
        return Written(dump(graph), (NOT_SHORT,))
    for name, value in sizes.values(graph).items():
        reason = reason_against(document, {name: 2 * value})
        if reason:
            sizes = sizes.without(name)
            notes.append(f"{name} stays {value}: {reason}")
        elif name != CLASSES:
            sizes = replace(sizes, least={**sizes.least, name: least_of(document, name, value)})
    if frees_width:
        sizes, reason = _with_width(graph, owners, sizes)
        notes += [f"{WIDTH} cannot be freed: {reason}"] if reason else []
    text = _spec(graph, owners, sizes)
    if read_back(text, graph) is None:
        return Written(dump(graph), (NOT_SHORT,))
    return Written(text, tuple(notes))


def read_back(text: str, graph: Graph) -> Document | None:
    """A spec, if it reads back as a network: the same layers under the same names, reading the same."""
    try:
        document = from_text(text, graph.name)
        again = Network(document).graph()
    except CostModelError:
        return None
    return document if (again.nodes, again.source) == (graph.nodes, graph.source) else None


def _with_width(graph: Graph, owners: Owners, sizes: Freed) -> tuple[Freed, str]:
    """The sizes with a width, if that makes networks; without one, and why."""
    first = ""
    # A share of channels that follow from others may be rounded otherwise than theirs.
    for has_ratios in (True, False):
        tried = replace(sizes, has_width=True, has_ratios=has_ratios)
        reason = _reason_against_widths(read_back(_spec(graph, owners, tried), graph))
        if not reason:
            return tried, ""
        first = first or reason
    return sizes, first


def _reason_against_widths(document: Document | None) -> str:
    if document is None:
        return "its channels are fixed"
    return next(filter(None, (reason_against(document, {WIDTH: width}) for width in WIDTHS)), "")


def _spec(graph: Graph, owners: Owners, sizes: Freed) -> str:
    style = Style(graph, sizes.has_width, sizes.classes)
    short = shortened(graph, owners, style, ratios=sizes.has_ratios)
    layers = [*_blocks(short), "network:", *lines(short.rows[NETWORK], "input", 2)]
    if not any(f"channels: {CLASSES}" in line for line in layers):
        sizes = sizes.without(CLASSES)  # the head is what a block's argument makes it
    head = [f"name: {text_of(graph.name)}", *header(graph, sizes, style.let())]
    return "\n".join([*head, *layers]) + "\n"


def _blocks(short: Short) -> list[str]:
    found = [line for block in short.blocks for line in _block(short, block.name)]
    return ["blocks:", *found] if found else []


def _block(short: Short, name: str) -> list[str]:
    arguments = _arguments(short.defaults[name])
    return [f"  {name}:", *arguments, "    layers:", *lines(short.rows[name], "in", 6)]


def _arguments(arguments: Mapping[str, str]) -> Sequence[str]:
    if not arguments:
        return []
    one = f"    args: {mapping(arguments)}"
    if len(one) <= LINE:
        return [one]
    return ["    args:", *(f"      {name}: {value}" for name, value in arguments.items())]
