"""`analyze`: what a network costs, clip or frame by frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from commands.command import Command
from commands.options import DTYPE, FPS, TRAIN
from commands.printing import put, show, tell
from commands.source import Source
from costmodel.analysis.conventions import CONVENTIONS, convention_named
from costmodel.analysis.cost import analyze as analyze_graph
from costmodel.analysis.rates import checked_rate, rate_note
from costmodel.options import Option
from costmodel.transforms.sgs import Sgs
from reports.analysis import Shown, page
from reports.table import FORMATS

GRAPH_FORMATS = ("graphml", "dot")
EXAMPLES = """What a network costs: parameters, multiply-adds, memory, delay, in total, by stage and by layer.

Examples:

    analyze x3d_m --continual                 frame by frame, on a live stream

    analyze x3d --variant S --set crop=182    the clip network at another crop

    analyze x3d_m --continual --pool 64 --fps 30 --dtype fp16

    analyze x3d_m --convention fvcore         also what fvcore prints

    analyze x3d_m --train 8                   also what training on batches of 8 clips holds

    analyze x3d_m --layers --sources          all layers, and the papers behind the figures

    analyze x3d_m --depth 2                   a row for each block

    analyze x3d_m --continual --format json   for programs
"""


def analyze(
    source: Source,
    dtype: str,
    fps: float | None,
    convention: str | None,
    train: int | None,
    implied: str | None,
    layers: bool,
    sources: bool,
    depth: int,
    format: str,
) -> None:
    """Prints the figures of a network."""
    if convention is not None:
        convention_named(convention)
    shares = _shares(source)
    graph = (source.with_sizes({"active_bins": max(shares)}) if shares else source).graph()
    rate = None if fps is None else checked_rate(fps)
    for note in filter(None, (*graph.notes, rate_note(graph, rate))):
        tell(f"note: {note}")
    if format in GRAPH_FORMATS:
        # networkx takes a while to load, and figures do not need it
        from reports.graphs import graph_text

        put(graph_text(graph, format))
        return
    analysis = analyze_graph(graph, dtype=dtype, fps=fps, convention=convention, train=train)
    if shares:
        from reports.active_bins import mean_analysis

        numbers = f"{min(shares)} to {max(shares)}"
        tell(f"note: figures are means over clips of {numbers} active bins; shapes are those of most")
        analysis = mean_analysis(source, shares, dtype=dtype, fps=fps, convention=convention, train=train)
    if implied is not None:
        analysis = replace(analysis, totals={**analysis.totals, **_implied(source, implied, convention)})
    show(page(graph, analysis, Shown(layers, sources, depth)), format)


def _shares(source: Source) -> Mapping[int, Fraction]:
    """The shares of clips by their active bins, where these are a distribution; else nothing."""
    sampling = source.made_by(Sgs)
    return {} if sampling is None else sampling.shares


def _implied(source: Source, cost: str, convention: str | None) -> dict[str, object]:
    """The mean number of active bins at a mean cost, in multiply-adds or as a convention counts."""
    from costmodel.analysis.quantities import Quantity, amount
    from reports.active_bins import costs_by_active_bins, implied_active_bins

    bound, _ = amount(cost, Quantity("macs_per_clip"))
    costs = costs_by_active_bins(source, None if convention is None else convention_named(convention))
    return {"implied_active_bins": float(implied_active_bins(costs, bound))}


COMMAND = Command(
    analyze,
    EXAMPLES,
    (
        DTYPE,
        FPS,
        Option("convention", f"Adds what another tool counts: {', '.join(CONVENTIONS)}.", metavar="NAME"),
        TRAIN,
        Option(
            "implied",
            "Adds the mean of active bins at a mean cost of clips, with --sgs.",
            metavar="COST",
        ),
        Option("layers", "All layers, and operations by kind, not the ten that hold most.", bool, False),
        Option("sources", "Where the rule of each figure is printed.", bool, False),
        Option("depth", "How many parts of a layer's name tell stages apart.", int, 1, least=1, most=20),
        Option(
            "format",
            "Figures, or the graph as GraphML or DOT.",
            default="table",
            choices=(*FORMATS, *GRAPH_FORMATS),
        ),
    ),
    takes="spec",
)
