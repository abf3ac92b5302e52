"""What changed from one network to another: figures, and layers that were added, removed or changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from costmodel.analysis.cost import Analysis, analyze, op_title
from costmodel.graph import Graph
from costmodel.network import Network
from costmodel.numbers import is_exact
from costmodel.ops.base import Op
from reports.compare import short
from reports.matching import Pair, matched, other_inputs
from reports.table import Page, Row, Shown, Table, Text

MOST_LAYERS = 20  # that are shown unless all are asked for
FIGURES = ("params", "macs", "state_floats", "activation_floats", "receptive_field", "delay")
FIGURE_COLUMNS = ("figure", "before", "after", "difference", "ratio")
LAYER_COLUMNS = ("change", "layer", "what", "MACs", "state", "params")
SHEET = (
    *("change", "layer", "layer_before", "op", "what"),
    *(f"{name}_{when}" for name in FIGURES for when in ("before", "after")),
)
OWN = ("added", "removed", "changed")


@dataclass(frozen=True)
class Difference:
    """Two networks, the command lines that give them, and in what they differ."""

    before: Analysis
    after: Analysis
    lines: tuple[str, str] = ("", "")

    @classmethod
    def of(cls, before: Network, after: Network, dtype: str = "fp32") -> Difference:
        """The difference of two networks.

        Raises:
            CostModelError: there is no such network.
        """
        lines = before.flags, after.flags
        return cls(analyze(before.graph(), dtype=dtype), analyze(after.graph(), dtype=dtype), lines)

    @property
    def is_none(self) -> bool:
        """Whether they are one network, whatever its layers are called."""
        return not (self.figures or self.layers or self.input)

    @property
    def graphs(self) -> tuple[Graph, Graph]:
        """Both networks."""
        return self.before.figures.graph, self.after.figures.graph

    @property
    def input(self) -> str:
        """What changed about the input; empty where nothing did."""
        before, after = (f"{each.source} every {each.every}" for each in self.graphs)
        return "" if before == after else f"input {before} -> {after}"

    @cached_property
    def pairs(self) -> Sequence[Pair]:
        """The layers of both side by side."""
        return matched(*self.graphs)

    @cached_property
    def renamed(self) -> int:
        """How many layers are called otherwise and are the same."""
        return sum(pair.before.name != pair.after.name for pair in self.pairs if pair.before and pair.after)

    @cached_property
    def figures(self) -> list[Row]:
        """A row for each figure of the whole network that changed."""
        return [
            {"figure": name, "before": old, "after": new, **_apart(old, new)}
            for name, new in self.after.totals.items()
            if (old := self.before.totals.get(name)) != new
        ]

    @cached_property
    def layers(self) -> list[Row]:
        """A row for each layer that is new, gone, another, or has other figures because of those ahead."""
        old = {str(row["name"]): row for row in self.before.rows}
        new = {str(row["name"]): row for row in self.after.rows}
        rewired = set(other_inputs(self.pairs))
        found = []
        for pair in self.pairs:
            left = old[pair.before.name] if pair.before else None
            right = new[pair.after.name] if pair.after else None
            what = list(_fields(pair, rewired))
            changed = [
                name for name in (*FIGURES, "out") if not left or not right or left[name] != right[name]
            ]
            if what or changed:
                found.append(_row(pair, left, right, what))
        return found

    @property
    def own(self) -> list[Row]:
        """The layers that changed themselves, without those that only have other maps."""
        return [row for row in self.layers if row["change"] in OWN]

    def as_json(self) -> dict[str, object]:
        """The difference as data."""
        return {
            "same": self.is_none,
            "input": self.input or None,
            "renamed": self.renamed,
            "figures": self.figures,
            "layers": self.layers,
        }


def page(found: Difference, *, all_layers: bool) -> Page:
    """The figures that changed, then the layers."""
    return Page(
        found.as_json,
        lambda: _parts(found, all_layers=all_layers),
        lambda: Table(found.layers, SHEET),
    )


def _parts(found: Difference, *, all_layers: bool) -> list[Shown]:
    if found.is_none:
        told = (
            f"no difference; {found.renamed} layers are called otherwise"
            if found.renamed
            else "no difference"
        )
        return [Text.of(f"{told}\n", "table", "md")]
    before, after = found.graphs
    title = f"{before.name}, {found.before.mode} -> {after.name}, {found.after.mode}"
    rows = [_shown_figure(row) for row in found.figures]
    chosen = found.layers if all_layers else _largest(found.own)
    layers = [_shown_layer(row) for row in chosen]
    return [
        Text.of(f"{found.input}\n" if found.input else "", "table", "md"),
        Table(rows, FIGURE_COLUMNS, f"{title}: figures", drop=("ratio",)),
        *([Table(layers, LAYER_COLUMNS, "layers", drop=("params", "state"))] if layers else []),
        Text.of(_rest(found, len(layers)), "table", "md"),
    ]


def _rest(found: Difference, shown: int) -> str:
    """What is not shown, in words."""
    own, others = len(found.own), len(found.layers) - len(found.own)
    counts = [f"{sum(row['change'] == each for row in found.own)} {each}" for each in OWN]
    further = "further have other maps or figures because of them" if own else "have other maps or figures"
    left_out = "" if shown == len(found.layers) else "; --layers lists all"
    return f"layers: {', '.join(counts)}; {others} {further}{left_out}\n"


def _largest(rows: Sequence[Row]) -> list[Row]:
    """Those whose cost changed most, in the network's order."""
    ranked = sorted(range(len(rows)), key=lambda place: _size(rows[place]), reverse=True)
    return [rows[place] for place in sorted(ranked[:MOST_LAYERS])]


def _size(row: Row) -> float:
    changes = (
        _apart(row[f"{name}_before"], row[f"{name}_after"])["difference"] for name in ("macs", "params")
    )
    return sum(abs(float(each)) for each in changes if isinstance(each, int | float))


def _row(pair: Pair, left: Row | None, right: Row | None, what: list[str]) -> Row:
    change = "removed" if right is None else "added" if left is None else "changed" if what else "affected"
    shown = right or left
    assert shown is not None
    return {
        "change": change,
        "layer": pair.after.name if pair.after else None,
        "layer_before": pair.before.name if pair.before else None,
        "op": shown["op"],
        "what": "; ".join(what),
        **{
            f"{name}_{when}": None if side is None else _plain(side[name])
            for name in (*FIGURES, "out")
            for when, side in (("before", left), ("after", right))
        },
    }


def _plain(value: object) -> object:
    return "x".join(map(str, value.values())) if isinstance(value, Mapping) else value


def _fields(pair: Pair, rewired: set[str]) -> Iterator[str]:
    """In what a layer differs from its partner, a text for each field."""
    if pair.before is None or pair.after is None:
        return
    old, new = pair.before.op, pair.after.op
    if op_title(old) != op_title(new):
        yield f"{op_title(old)} -> {op_title(new)}"
    before, after = _values(old), _values(new)
    for name in before:
        if name in after and before[name] != after[name]:
            yield f"{name} {_text(before[name])} -> {_text(after[name])}"
    if pair.after.name in rewired:
        yield f"reads {', '.join(pair.before.inputs)} -> {', '.join(pair.after.inputs)}"


def _values(op: Op) -> dict[str, object]:
    """The fields of a layer, those of the op that runs in it included."""
    found = {field.name: getattr(op, field.name) for field in dataclasses.fields(op)}
    inner = found.pop("inner", None)
    return {**(_values(inner) if isinstance(inner, Op) else {}), **found}


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    return f"{float(value):g}" if is_exact(value) and not isinstance(value, int) else str(value)


def _apart(old: object, new: object) -> dict[str, object]:
    """How far a figure moved, and how many times what it was."""
    if isinstance(old, bool) or not (isinstance(old, int | float) and isinstance(new, int | float)):
        difference = new if old is None else None if new is not None else _negative(old)
        return {"difference": difference if isinstance(difference, int | float) else None, "ratio": None}
    # of an unbounded figure nothing can be taken off
    if float("inf") in (old, new):
        return {"difference": None, "ratio": None}
    return {"difference": new - old, "ratio": new / old if old else None}


def _negative(value: object) -> object:
    return -value if isinstance(value, int | float) else None


def _shown_figure(row: Row) -> Row:
    name, ratio, apart = str(row["figure"]), row["ratio"], row["difference"]
    return {
        "figure": name,
        **{when: short(name, row[when]) for when in ("before", "after")},
        "difference": None if apart is None else _signed(name, apart),
        "ratio": None if ratio is None else f"{ratio:.4g}",
    }


def _signed(name: str, value: object) -> str:
    assert isinstance(value, int | float)
    return f"{'+' if value > 0 else '-'}{short(name, abs(value))}"


def _shown_layer(row: Row) -> Row:
    figures = {"MACs": "macs", "state": "state_floats", "params": "params"}
    apart = {
        title: _apart(row[f"{name}_before"], row[f"{name}_after"])["difference"]
        for title, name in figures.items()
    }
    before, after = row["layer_before"], row["layer"]
    told = f"{row['what']}; was {before}" if before and after and before != after else row["what"]
    maps = f"{row['out_before'] or ''} -> {row['out_after'] or ''}".strip()
    return {
        "change": row["change"],
        "layer": after or before,
        "what": told or (row["op"] if row["change"] in ("added", "removed") else maps),
        **{title: _signed(title, value) if value else None for title, value in apart.items()},
    }
