"""What a study holds of one search, and the costs of its candidates that it does not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate, metric_named
from costmodel.analysis.quantities import Quantity
from costmodel.analysis.quantities import shown as amount
from costmodel.errors import OptionError
from costmodel.readable import plain
from search.study.history import (
    Row,
    candidates_of,
    decisions_of,
    form_of,
    moved,
    network_of,
    searches_of,
    winner_of,
)
from search.study.study import Study


@dataclass(frozen=True)
class Searched:
    """What a study holds of one search.

    Args:
        file: the study's.
        spec: the name of its spec.
        search: the search's row.
        decisions: its decisions.
        candidates: all candidates that the study has scored.
    """

    file: str
    spec: str
    search: Row
    decisions: Sequence[Row]
    candidates: Sequence[Row]

    @classmethod
    def read(cls, study: Study, search: int | None = None, costs: Sequence[str] = ()) -> Searched:
        """One search of a study, the last where none is named.

        Args:
            study: the study.
            search: the number of the search.
            costs: metrics that are worked out for each candidate, beside what the study holds of it.

        Raises:
            OptionError: there is no such search, or no such metric.
        """
        found = [row for row in searches_of(study) if search is None or row["search"] == search]
        if not found:
            raise OptionError(f"{study.path}: there is no search {search or ''}".rstrip())
        chosen = found[-1]
        decisions = decisions_of(study, chosen["search"])
        candidates = _with_costs(study, candidates_of(study), costs)
        return cls(str(study.path), study.fact("spec_name"), chosen, decisions, candidates)

    @property
    def is_running(self) -> bool:
        """Whether the search has not ended: it runs, or was stopped and can go on."""
        return self.search["finished"] is None

    @property
    def cost(self) -> str:
        """What its budget is about."""
        return str(self.search["options"]["budget"].partition("<=")[0])

    @property
    def unit(self) -> str:
        """The unit of its cost."""
        return Quantity(self.cost).unit or ""

    @property
    def budget(self) -> float | None:
        """The largest cost that its winner may have; None of steps replayed from a file."""
        bound = self.search["options"].get("bound")
        if self.search["mode"] == "replay" or bound is None:
            return None
        return float(Fraction(str(bound)))

    @cached_property
    def winner(self) -> Row | None:
        """The decision that it ended with, or stands at."""
        return winner_of(self.decisions)

    @cached_property
    def path(self) -> list[Row]:
        """The decisions on the way, without networks aside and without the stop."""
        return [row for row in self.decisions if row["kind"] not in ("aside", "stop")]

    @cached_property
    def scored(self) -> list[Row]:
        """The candidates that have the search's own score."""
        name = self.search["score"]
        return [row for row in self.candidates if row["score_name"] == name and row["score"] is not None]

    @property
    def chosen(self) -> set[object]:
        """The candidates of the way."""
        return {row["candidate"] for row in self.path}

    def changed(self, row: Row) -> str:
        """What a candidate changes from the start, in words."""
        if row["transforms"] is None:
            return form_of(row)
        return (moved(self.decisions[0], row) if self.decisions else "") or "the start"

    def shown_cost(self, value: float | None) -> str:
        """A cost with its unit."""
        return amount(value, self.unit)


def _with_costs(study: Study, rows: Sequence[Row], costs: Sequence[str]) -> list[Row]:
    known: dict[str, Mapping[str, float]] = {}
    for name in costs:
        metric_named(name)
    found = []
    for row in rows:
        name = row["network"]
        if costs and name not in known and row["transforms"] is not None:
            known[name] = _costs(study, row, costs)
        found.append({**row, "costs": {**known.get(name, {}), **row["costs"]}})
    return found


def _costs(study: Study, row: Row, costs: Sequence[str]) -> Mapping[str, float]:
    figures = Figures(network_of(study, row["settings"], row["transforms"]).graph())
    values = {name: plain(evaluate(figures, name)) for name in costs}
    return {name: value for name, value in values.items() if value is not None}
