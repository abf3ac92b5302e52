"""One layer explained: its closed forms, its facts, and what each counting convention makes of it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from costmodel.analysis.closed_forms import ClosedForm, closed_forms
from costmodel.analysis.convention import Convention, amounts, count_of, way_of
from costmodel.analysis.conventions import CONVENTIONS
from costmodel.analysis.figures import Figures
from costmodel.analysis.kinds import STANDS_FOR
from costmodel.errors import OptionError, nearest
from costmodel.graph import Graph, Node
from costmodel.numbers import Number, is_zero

# The facts that are times, in frames of the network's input.
TIMES = (
    "waits, input frames",
    "jump, input frames",
    "jump after it",
    "receptive field so far",
    "padding so far",
    "delay so far",
)


@dataclass(frozen=True)
class Counted:
    """What a convention counts: how much, by which rules, and the work by kind that it leaves out."""

    convention: str
    count: Number
    unit: str
    rules: str
    left_out: Mapping[str, Number]
    about: str


@dataclass(frozen=True)
class Explanation:
    """A layer explained.

    Args:
        rule: what its op is, with paper and equation.
        forms: its figures in closed form, for one output.
        symbols: the numbers that the symbols stand for.
        facts: how it looks through time, what it keeps, how it is written.
        counts: what each convention counts, as a mean for one frame of a stream.
    """

    name: str
    op: str
    rule: str
    forms: tuple[ClosedForm, ...]
    symbols: Mapping[str, Number]
    facts: Mapping[str, Number]
    counts: tuple[Counted, ...]


def explain(graph: Graph, name: str) -> Explanation:
    """The explanation of one layer.

    Raises:
        OptionError: the network has no such layer; the message names the nearest.
    """
    if name not in graph.by_name:
        hint = nearest(name, graph.by_name, listed="analyze lists them")
        raise OptionError(f"{graph.name}: no layer {name!r}{hint}")
    figures, node = Figures(graph), graph.by_name[name]
    forms, symbols = closed_forms(figures, node)
    op = node.op.unwrapped
    # A stream's layer has two rules: its op's, and that of its frame-by-frame form.
    rules = [inspect.getdoc(type(each)) or "" for each in dict.fromkeys((op, node.op))]
    return Explanation(
        name,
        type(op).word or type(op).__name__.lower(),
        "\n\n".join(rules),
        tuple(forms),
        symbols,
        _facts(figures, node),
        tuple(counts_of(figures, [node])),
    )


def counts_of(figures: Figures, nodes: Iterable[Node]) -> list[Counted]:
    """What every convention counts of some layers, and what it leaves out."""
    chosen = list(nodes)
    return [_counted(figures, convention, chosen) for convention in CONVENTIONS.values()]


def _counted(figures: Figures, convention: Convention, nodes: list[Node]) -> Counted:
    total = figures.total((node, count_of(figures, convention, node)) for node in nodes)
    rules: dict[str, None] = {}
    missing: dict[str, Number] = {}
    for node in nodes:
        table, found = convention.table(figures, node), amounts(figures, node)
        counted = [kind for kind, amount in found.items() if table.get(kind) and not is_zero(amount)]
        for kind in counted:
            rules[kind if table[kind] == 1 else f"{table[kind]} * {kind}"] = None
        # A kind such as a kernel "as written" is another reading
        # of work that the layer does, and no work besides.
        for kind in figures.work[node.name].keys() - {STANDS_FOR.get(kind, kind) for kind in counted}:
            amount = figures.total([(node, figures.per_frame(node, found[kind]))])
            missing[kind] = missing.get(kind, 0) + amount
        if not is_zero(convention.beyond(figures, node)):
            rules["what its steps print besides"] = None
    return Counted(
        convention.name,
        total,
        convention.unit,
        " + ".join(rules),
        dict(sorted(missing.items())),
        convention.about,
    )


def _facts(figures: Figures, node: Node) -> dict[str, Number]:
    window, at, arrival = figures.windows[node.name], figures.at(node), figures.arrival(node)
    reach = figures.reach[node.name]
    facts: dict[str, Number] = {
        "inputs": ", ".join(f"{name} {figures.graph.types[name]}" for name in node.inputs),
        "output": str(figures.out(node)),
        "fields": node.op.described,
        "written": way_of(node),
        "kernel in time": window.kernel,
        "dilation in time": window.dilation,
        "stride in time": window.stride,
        "window span d(k-1)": window.span,
        "frames ahead of the window": window.before,
        "whole clip": window.whole_clip,
        "waits, input frames": window.wait,
        "jump, input frames": arrival.jump,
        "jump after it": at.jump,
        "receptive field so far": reach.receptive_field,
        "padding so far": reach.padding,
        "delay so far": reach.delay,
        "taps combine by": figures.carry[node.name].combine,
    }
    for tensor, kept in figures.carry[node.name].kept.items():
        facts[f"state, {tensor}"] = f"{kept} = {kept.values} floats"
    return facts
