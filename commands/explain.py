"""`explain`: one layer's rules with the numbers put in, and what each counting convention makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction

from commands.command import Command
from commands.options import FORMAT, FPS
from commands.printing import show, tell
from commands.source import Source
from costmodel.analysis.cost import operations_by_kind
from costmodel.analysis.explain import TIMES, Counted, Explanation, counts_of
from costmodel.analysis.explain import explain as explain_layer
from costmodel.analysis.figures import Figures
from costmodel.analysis.kinds import KINDS
from costmodel.analysis.rates import checked_rate, rate_note, time_text
from costmodel.graph import Graph
from costmodel.numbers import Number
from costmodel.options import Option
from costmodel.readable import plain
from reports.table import Page, Row, Table, Text
from reports.tables import figure

EXAMPLES = """Why a layer costs what it costs: closed forms with the numbers put in, and what tools count.

Without a layer: what each counting convention makes of the whole network.

Examples:

    explain x3d_m res3.0.main.b                a layer of the clip network

    explain x3d_m pool5 --continual --pool 64  its frame-by-frame form

    explain x3d_m                              every convention on the whole network
"""

FORM_COLUMNS = ("figure", "closed_form", "numbers", "value", "source")
COUNT_COLUMNS = ("convention", "count", "unit", "counts", "leaves_out")
KIND_COLUMNS = ("kind", "amount", "meaning")
Rows = list[dict[str, object]]


def explain(source: Source, layer: str | None, fps: float | None, format: str) -> None:
    """Prints a layer's closed forms, facts and counts, or without a layer a network's counts."""
    graph = source.graph()
    rate = None if fps is None else checked_rate(fps)
    for note in filter(None, (*graph.notes, rate_note(graph, rate))):
        tell(f"note: {note}")
    page = network_page(graph) if layer is None else layer_page(graph, layer, rate)
    show(page, format)


def layer_page(graph: Graph, layer: str, fps: Fraction | None = None) -> Page:
    """One layer: its closed forms, its facts, and what each convention counts."""
    found = explain_layer(graph, layer)
    title = f"{found.name}: {found.op}, of {graph.name}, {_mode(graph)}\n\n{found.rule}\n"
    symbols = ", ".join(f"{name} = {value}" for name, value in found.symbols.items())
    forms = Table(form_rows(found), FORM_COLUMNS, "closed forms, for one output", drop=("source", "numbers"))
    # true under every convention, and so apart from the counts
    facts = [{"fact": name, "value": value} for name, value in found.facts.items()]
    told = Table(
        [{"fact": name, "value": _told(graph, name, value, fps)} for name, value in found.facts.items()],
        ("fact", "value"),
        "facts",
    )
    where = Table(
        [{"symbol": name, "value": value} for name, value in found.symbols.items()], ("symbol", "value")
    )
    counts = Table(count_rows(found.counts), COUNT_COLUMNS, f"what each convention counts, per {_per(graph)}")
    return Page(
        lambda: _layer_json(graph, found),
        lambda: [Text.of(title), forms, Text.of(f"where {symbols}\n"), told, counts],
        lambda: Table(_sections(forms.rows, facts, counts.rows), SECTION_COLUMNS),
        # in Markdown the symbols are a table of their own, on a terminal one line
        lambda: [Text.of(f"{found.rule}\n", "md"), forms, where, told, counts],
    )


def _told(graph: Graph, fact: str, value: Number, fps: Fraction | None) -> object:
    """A fact for a person: of a time camera frames and seconds too."""
    told = time_text(value, graph.every, graph.fps, fps) if fact in TIMES else ""
    return f"{value} ({told})" if told else value


def network_page(graph: Graph) -> Page:
    """A network: what each convention counts, and its work by kind."""
    figures = Figures(graph)
    counts = counts_of(figures, graph.nodes)
    kinds = [
        {"kind": kind, "amount": amount, "meaning": KINDS[kind]}
        for kind, amount in operations_by_kind(figures).items()
    ]
    rows = [{**row, "about": each.about} for row, each in zip(count_rows(counts), counts, strict=True)]
    title = f"{graph.name}, {_mode(graph)}: what each convention counts, per {_per(graph)}"
    by_kind = Table(kinds, KIND_COLUMNS, f"work by kind, per {_per(graph)}")
    brief = ("convention", "count", "unit", "counts")
    return Page(
        lambda: {
            "model": graph.name,
            "mode": _mode(graph),
            "conventions": _counts_json(counts),
            "kinds": kinds,
        },
        lambda: [Table(rows, brief, title), by_kind],
        lambda: Table(rows, (*COUNT_COLUMNS, "about")),
        lambda: [Table(rows, (*brief, "about")), by_kind],
    )


def form_rows(found: Explanation) -> Rows:
    """One row for each closed form."""
    return [
        {
            "figure": form.figure,
            "closed_form": form.formula,
            "numbers": form.numbers,
            "value": plain(form.value),
            "source": form.source,
        }
        for form in found.forms
    ]


def count_rows(counts: Iterable[Counted]) -> Rows:
    """One row for each convention, with what it leaves out in words."""
    return [
        {
            "convention": each.convention,
            "count": plain(each.count),
            "unit": each.unit,
            "counts": each.rules or "nothing",
            "leaves_out": ", ".join(
                f"{kind} {figure(plain(value))}" for kind, value in each.left_out.items()
            ),
        }
        for each in counts
    ]


# CSV holds one table: what stands in three for a person goes under one heading.
SECTION_COLUMNS = ("section", "name", "value", "text", "unit", "rule", "detail")


def _sections(forms: Sequence[Row], facts: Sequence[Row], counts: Sequence[Row]) -> Rows:
    """All tables of a layer as rows of one."""
    return [
        *(
            {
                "section": "closed form",
                "name": row["figure"],
                "rule": row["closed_form"],
                "detail": row["numbers"],
            }
            | {"value": row["value"]}
            for row in forms
        ),
        *({"section": "fact", "name": row["fact"], _column(row["value"]): row["value"]} for row in facts),
        *(
            {"section": "convention", "name": row["convention"], "value": row["count"], "unit": row["unit"]}
            | {"rule": row["counts"], "detail": f"leaves out {row['leaves_out'] or 'nothing'}"}
            for row in counts
        ),
    ]


def _column(value: object) -> str:
    """Where a fact stands: numbers in one column, all else in another."""
    return "value" if isinstance(value, int | float) and not isinstance(value, bool) else "text"


def _layer_json(graph: Graph, found: Explanation) -> dict[str, object]:
    return {
        "model": graph.name,
        "mode": _mode(graph),
        "layer": found.name,
        "op": found.op,
        "rule": found.rule,
        "closed_forms": form_rows(found),
        "symbols": dict(found.symbols),
        "facts": dict(found.facts),
        "conventions": _counts_json(found.counts),
    }


def _counts_json(counts: Iterable[Counted]) -> list[Mapping[str, object]]:
    return [
        {
            **asdict(each),
            "count": plain(each.count),
            "left_out": {kind: plain(value) for kind, value in each.left_out.items()},
        }
        for each in counts
    ]


def _mode(graph: Graph) -> str:
    return "continual" if graph.is_stream else "clip"


def _per(graph: Graph) -> str:
    return "frame" if graph.is_stream else "clip"


COMMAND = Command(
    explain,
    EXAMPLES,
    (
        Option(
            "layer",
            "A layer as `analyze` names it; all where none is given.",
            metavar="[LAYER]",
            is_positional=True,
        ),
        FPS,
        FORMAT,
    ),
    takes="spec",
)
