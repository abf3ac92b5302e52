"""`study`: prints and exports what searches have found and decided, and why."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command, Group
from commands.options import FORMAT
from commands.printing import show, tell
from commands.report_study import watch
from commands.study_file import study_of
from costmodel.errors import OptionError
from costmodel.options import Option
from reports.table import Page, Table, page_of

if TYPE_CHECKING:
    from search.study.history import Row

SEARCHES = ("search", "mode", "score", "budget", "limits", "seed", "decisions", "started", "finished")
CANDIDATES = ("candidate", "score_name", "score", "error", "status", "seconds", "attempts", "reason")
AGREEMENT = ("score", "networks", "rank_correlation", "low", "high")
OPTIONS = ("axis", "value", "ratio", "score", "error", "reason", "note")


WATCH = """A running search: what it tries and decides, as it comes.

Ends when the search does; reads the study alone, and may run on another machine that sees the file. A search
that was stopped has not ended: Ctrl-C leaves it.

Examples:

    study watch runs/x3d.db

    study watch runs/x3d.db --html          also runs/x3d.html, which renews itself

    study watch runs/x3d.db --format json   an object a line, for a program
"""


def list_searches(study: Path, format: str) -> None:
    """Prints the searches of a study: mode, budget, limits and times of each."""
    from search.study.history import searches_of

    with study_of(study) as opened:
        rows = searches_of(opened)
        title = f"{study}: searches on {opened.fact('spec_name')}"
    shown = [{**row, "limits": ", ".join(row["limits"]) or None} for row in rows]
    show(page_of(Table(shown, SEARCHES, title), lambda: rows), format)


def show_search(study: Path, search: int | None, format: str) -> None:
    """Prints a study's candidates and decisions, and how well its scores agree with training."""
    from commands.trajectory import COLUMNS, LEAST_COLUMNS, correlated, rows_of, sheet_of
    from search.study.history import candidates_of, correlations, decisions_of, searches_of

    with study_of(study) as opened:
        searches = _chosen(searches_of(opened), search, study)
        candidates = candidates_of(opened)
        decisions = [row for each in searches for row in decisions_of(opened, each["search"])]
        scores, spec = correlations(opened), opened.fact("spec_name")
    steps = [
        Table(
            rows_of([row for row in decisions if row["search"] == each["search"]], each["options"]),
            COLUMNS,
            f"search {each['search']}: {each['mode']} by {each['score']}, {each['budget']}",
            drop=LEAST_COLUMNS,
        )
        for each in searches
    ]
    tried = Table(_brief(candidates), CANDIDATES, f"{study}: candidates")
    page = Page(
        lambda: {
            "spec": spec,
            "searches": searches,
            "candidates": candidates,
            "decisions": decisions,
            "correlations": scores,
        },
        lambda: [tried, *steps, *correlated(scores)],
        lambda: sheet_of(decisions),
    )
    show(page, format)


def why(study: Path, step: int, search: int | None, format: str) -> None:
    """Prints why a step was decided so: each axis with its value and score, or why it was left out."""
    from search.study.history import decisions_of, searches_of

    with study_of(study) as opened:
        # the last search where none is named: it is the one that was just looked at
        chosen = _chosen(searches_of(opened), search, study)[-1:]
        decisions = [row for each in chosen for row in decisions_of(opened, each["search"])]
    found = [row for row in decisions if row["step"] == step]
    if not found:
        raise OptionError(f"{study}: there is no step {step}; the search has {len(decisions)} decisions")
    tables = [
        Table(
            [_told(option) for option in row["options"]],
            OPTIONS,
            f"step {step}, {row['kind']} {row['axis'] or ''}: {row['reason']}",
        )
        for row in found
    ]
    rows = [row for each in tables for row in each.rows]
    show(Page(lambda: rows, lambda: tables, lambda: Table(rows, OPTIONS)), format)


def export(study: Path, best: bool, out: Path, search: int | None) -> None:
    """Writes a study as JSON, its candidates as CSV, the winner as a spec, or all of it as a folder."""
    from search.study.best import export_best
    from search.study.export import export as write

    with study_of(study) as opened:
        files, commands = export_best(opened, search, out) if best else ([write(opened, search, out)], [])
    for file in files:
        print(file)
    for command in commands:
        tell(f"next: {command}")


def agreement(study: Path, score: tuple[str, ...], trained: str, out: Path | None, format: str) -> None:
    """How well cheap scores, such as the entropy, rank the networks that were trained (Spearman)."""
    from reports.agreement import write
    from search.trials.agreement import CHEAP, agreement, ranked

    with study_of(study) as opened:
        networks = ranked(opened, score or CHEAP, trained)
        rows, name = agreement(networks), opened.fact("spec_name")
    title = f"{name}: rank correlation with {trained}, {len(networks)} networks"
    show(page_of(Table(rows, AGREEMENT, title)), format)
    for file in write(networks, rows, name, out) if out is not None else ():
        tell(f"wrote {file}")


def _chosen(searches: list[Row], wanted: int | None, study: Path) -> list[Row]:
    found = [row for row in searches if wanted is None or row["search"] == wanted]
    if not found:
        known = ", ".join(str(row["search"]) for row in searches) or "none"
        raise OptionError(f"{study}: there is no search {wanted or ''} (known: {known})".replace("  ", " "))
    return found


def _told(option: Row) -> Row:
    """An option as the table has it: its form beside its axis, where the search moves forms."""
    from search.problem.steps import Considered

    axis = Considered(option["axis"], form=option.get("form", {})).title
    return {"error": None, **option, "axis": axis, "value": _decimal(option["value"])}


def _decimal(value: object) -> object:
    """A value as it is stored, `a/b` where it is a fraction, as a number."""
    return float(Fraction(value)) if isinstance(value, str) else value


def _brief(candidates: list[Row]) -> list[Row]:
    # enough of a hash to tell candidates apart
    return [{**row, "candidate": row["candidate"][:12]} for row in candidates]


_DB = Option(
    "study", "A study that `search` wrote.", Path, is_positional=True, is_required=True, metavar="DB"
)
_SEARCH = Option("search", "One search of the study; all if not given.", int)
COMMAND = Group(
    "What searches have found and decided, and why.",
    {
        "list": Command(
            list_searches,
            "The searches of a study: what each looked for, and when it ran.",
            (_DB, FORMAT),
        ),
        "show": Command(
            show_search,
            "Its candidates and decisions, and how well scores agree.",
            (_DB, _SEARCH, FORMAT),
        ),
        "why": Command(
            why,
            "Why a step was decided so, axis by axis.",
            (
                _DB,
                Option(
                    "step", "The step of a search.", int, is_positional=True, is_required=True, metavar="STEP"
                ),
                _SEARCH,
                FORMAT,
            ),
        ),
        "watch": Command(
            watch,
            WATCH,
            (
                _DB,
                Option("search", "One search of the study; the last if not given.", int),
                Option("every", "Seconds from one look to the next.", int, 2, least=1),
                Option("html", "As a page too, which a browser renews by itself.", bool, False),
                Option("out", "The page, with --html; the study's name with .html unless given.", Path),
                Option(
                    "format",
                    "A line for each candidate and decision, or JSON a line.",
                    default="table",
                    choices=("table", "json"),
                ),
            ),
        ),
        "export": Command(
            export,
            "All as JSON, candidates as CSV, the winner as a spec or a folder.",
            (
                _DB,
                Option(
                    "best", "The winner's spec, weights, figures, and a page, into a folder.", bool, False
                ),
                Option(
                    "out",
                    "The file to write: .json, .csv or .yaml; with --best a folder.",
                    Path,
                    is_required=True,
                    metavar="FILE|DIR",
                ),
                _SEARCH,
            ),
        ),
        "agreement": Command(
            agreement,
            "How well cheap scores rank trained networks (Spearman).",
            (
                _DB,
                Option(
                    "score",
                    "A score that costs nothing; repeatable. The usual ones if not given.",
                    is_repeatable=True,
                ),
                Option("trained", "The score that networks were trained for.", default="train"),
                Option("out", "A folder for the networks as CSV, and a drawing.", Path, metavar="DIR"),
                FORMAT,
            ),
        ),
    },
)
