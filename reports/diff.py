"""In what two networks differ: figures, and layers that were added, removed or changed."""

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
from reports.matching import Pair, matched, other_inputs
from reports.table import Row

FIGURES = ("params", "macs", "state_floats", "activation_floats", "receptive_field", "delay")
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
            {"figure": name, "before": old, "after": new, **apart(old, new)}
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
    if value is None:  # what follows from the other fields, or from the input
        return "auto"
    if isinstance(value, tuple):
        return "x".join(map(_text, value))
    return f"{float(value):g}" if is_exact(value) and not isinstance(value, int) else str(value)


def apart(old: object, new: object) -> dict[str, object]:
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
