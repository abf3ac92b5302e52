"""Prints a search: its decisions while it runs, its trajectory and winner at the end."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from commands.printing import tell
from commands.source import Source
from costmodel.analysis.quantities import Quantity
from costmodel.analysis.quantities import shown as amount
from costmodel.escape import shell
from costmodel.names import file_stem
from costmodel.network import Network
from costmodel.numbers import Number
from costmodel.transforms.continual import Continual
from reports.table import Page, Shown, Table, Text, whole
from search.problem.steps import Decision, Problem
from search.study.address import exact_settings
from search.study.history import (
    correlations,
    decisions_of,
    network_of_decision,
    searches_of,
    winner_of,
)
from search.study.study import Study

COLUMNS = ("step", "kind", "axis", "moved", "cost", "ratio", "score", "error", "name", "reason")
# A narrow terminal keeps what moved, what it costs and what it scores.
LEAST_COLUMNS = ("reason", "name", "error", "kind", "ratio")
Row = Mapping[str, Any]


def progress(text: str) -> None:
    """Writes a line to standard error."""
    tell(text)


class Pace:
    """How far a search is: the step of about how many, and about how long the others will take.

    Args:
        problem: of the search.
        is_replay: whether a file gives its steps, whose number is not known ahead.
    """

    def __init__(self, problem: Problem, *, is_replay: bool = False) -> None:
        self.steps = 0 if is_replay else steps_in_all(problem)
        self.start = monotonic()
        self.taken = 0

    def __call__(self, decision: Decision, known: bool) -> str:
        """What to tell behind a decision; nothing where no step is left, or none was taken in this run."""
        self.taken += not known
        left = self.steps - decision.step
        if known or left <= 0:
            return ""
        elapsed = monotonic() - self.start
        return (
            f"  step {decision.step} of about {self.steps}: {elapsed:.0f} s, "
            f"about {elapsed / self.taken * left:.0f} s left"
        )


def steps_in_all(problem: Problem) -> int:
    """About how many steps lie between the start and the budget, each so many times dearer or cheaper."""
    cost, target = problem.cost(problem.first), float(problem.budget.bound)
    if cost <= 0 or target <= 0:
        return 0
    return math.ceil(abs(math.log(target / cost)) / math.log(problem.factor) - 1e-9)


def printed(problem: Problem, decision: Decision, known: bool) -> str:
    """A decision as lines: what was chosen, then each axis with its cost and score, or why it is out."""
    moved = f" {decision.axis}" if decision.axis else ""
    name = f" = {decision.name}" if decision.name else ""
    score = "" if decision.score is None else f", score {scored(decision.score, decision.error)}"
    again = " (known)" if known else ""
    head = f"step {decision.step}: {decision.kind}{moved}{name}, {problem.shown(decision.cost)}{score}{again}"
    lines = [f"{head}{_because(decision)}"]
    # its one option is itself, unless it was chosen among forms
    if decision.kind == "start" and len(decision.options) == 1:
        return lines[0]
    width = max(14, *(len(option.title) for option in decision.options)) if decision.options else 0
    for option in decision.options:
        told = option.reason or option.note
        cost = problem.shown(problem.cost(option.design)) if option.design and option.design.values else "-"
        value = "-" if option.value is None else f"{float(option.value):.6g}"
        score = "-" if option.score is None else scored(option.score, option.error)
        lines.append(f"  {option.title:{width}} {value:>10} {cost:>14} {score:>12}  {told}".rstrip())
    return "\n".join(lines)


def _because(decision: Decision) -> str:
    """The reason, behind a head that has told the score: most reasons begin with it, and need not again."""
    known = "" if decision.score is None else f"score {decision.score:.6g}, "
    if known and decision.reason.startswith(known):
        return f", {decision.reason.removeprefix(known)}"
    return f": {decision.reason}"


def scored(score: float, error: float) -> str:
    """A score with its standard error, where it has one."""
    return f"{score:.6g} +- {error:.2g}" if error else f"{score:.6g}"


def page(network: Network, study: Study, search: int) -> Page:
    """A search that has ended: its trajectory, the command that emits its winner, correlations."""
    found = next(row for row in searches_of(study) if row["search"] == search)
    decisions = decisions_of(study, search)
    winner = winner_of(decisions)
    assert winner is not None
    # From JSON and back through exact_settings, so that a fraction is pasted as it was.
    chosen = network_of_decision(study, winner)
    formed = replace(network, transforms=chosen.transforms)
    command = emit_line(formed.with_sizes(exact_settings(json.dumps(winner["settings"]))))
    told = f"the winner: {command}\nas a folder: {export_line(study, search)}\n"
    # a file's order of steps obeys no budget
    budget = "" if found["mode"] == "replay" else f", {found['budget']}"
    title = f"{study.fact('spec_name')}: {found['mode']} by {found['score']}{budget}"
    trajectory = Table(rows_of(decisions, found["options"]), COLUMNS, title, drop=LEAST_COLUMNS)
    scores = correlations(study)
    return Page(
        lambda: {
            "search": found,
            "decisions": [_without_options(row) for row in decisions],
            "winner": {**_without_options(winner), "emit": command},
            "correlations": scores,
        },
        lambda: [trajectory, *correlated(scores), Text.of(told)],
        lambda: sheet_of(decisions),
        document=lambda: [trajectory],
    )


def rows_of(decisions: Sequence[Row], options: Row) -> list[dict[str, object]]:
    """The trajectory with costs in their unit."""
    from reports.study import trajectory

    unit = Quantity(options["budget"].partition("<=")[0]).unit or ""
    return [
        {
            **row,
            "cost": amount(row["cost"], unit),
            "ratio": "" if row["ratio"] is None else f"x{row['ratio']:.2f}",
        }
        for row in trajectory(decisions)
    ]


def sheet_of(decisions: Sequence[Row]) -> Table:
    """The trajectory as CSV has it: numbers without their units, and the search that each row is of."""
    from reports.study import trajectory

    by_search: dict[object, list[Row]] = {}
    for each in decisions:
        by_search.setdefault(each["search"], []).append(each)
    rows = [{"search": search, **row} for search, found in by_search.items() for row in trajectory(found)]
    return Table(rows, ("search", *COLUMNS))


def correlated(scores: Sequence[Row]) -> list[Shown]:
    """Each score's rank correlation with the trained one, where both are there."""
    return whole([Table(scores, ("score", "networks", "rank_correlation"), "beside training")])


def emit_line(network: Network) -> str:
    """The command that emits a network, safe to paste; if need be the one that writes its spec first."""
    stream = network.made_by(Continual)
    # Source is frame by frame.
    form, ending = ("torch-export", "pt2") if stream is not None and stream.chunk > 1 else ("source", "py")
    file = f"{file_stem(network.document.name)}_winner.{ending}"
    line = f"costmodel emit {network.flags} --as {form} --out {file}"
    first = network.written_first if isinstance(network, Source) else ""
    return f"{first} && {line}" if first else line


def export_line(study: Study, search: int) -> str:
    """The command that writes the best network of a search into a folder, safe to paste."""
    path, folder = (str(each) for each in (study.path, study.path.with_suffix(".best")))
    named = shell(f"./{path}" if path.startswith("-") else path)
    return f"costmodel study export {named} --best --search {search} --out {shell(folder)}"


def exact_number(value: Number) -> float:
    """A size as a program reads it: whole numbers as int, others as float."""
    return value if isinstance(value, int) else float(value)


def _without_options(row: Row) -> dict[str, object]:
    return {key: value for key, value in row.items() if key != "options"}
