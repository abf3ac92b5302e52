"""`study`: what searches have found and decided, and why."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.options import Format, FormatOption
from costmodel.errors import OptionError

app = typer.Typer(no_args_is_help=True, help="What searches have found and decided, and why.")

File = Annotated[Path, typer.Argument(metavar="DB", help="A study that `search` wrote.")]
SearchOption = Annotated[
    int | None, typer.Option("--search", help="One search of the study; all if not given.")
]
SEARCHES = ("search", "mode", "score", "budget", "limits", "seed", "decisions", "started", "finished")
CANDIDATES = ("candidate", "score_name", "score", "status", "seconds", "attempts", "reason")
AGREEMENT = ("score", "networks", "rank_correlation", "low", "high")
OPTIONS = ("axis", "value", "ratio", "score", "reason", "note")


@app.callback()
def study() -> None:
    """What searches have found and decided, and why."""


@app.command("list")
def list_searches(study: File, format: FormatOption = Format.TABLE) -> None:
    """The searches of a study: what each looked for, when it ran, and how many decisions it made."""
    from search.study.history import searches_of
    from search.study.study import read_study

    with read_study(study) as opened:
        rows = searches_of(opened)
        title = f"{study}: searches on {opened.fact('spec_name')}"
    _print(rows, SEARCHES, format, title)


@app.command()
def show(study: File, search: SearchOption = None, format: FormatOption = Format.TABLE) -> None:
    """The candidates and decisions of a study, and how its scores agree with trained ones."""
    from commands.trajectory import COLUMNS, correlated, rows_of
    from reports import tables
    from search.study.history import candidates_of, correlations, decisions_of, searches_of
    from search.study.study import read_study

    with read_study(study) as opened:
        searches = _chosen(searches_of(opened), search, study)
        candidates = candidates_of(opened)
        decisions = [row for each in searches for row in decisions_of(opened, each["search"])]
        if format is Format.JSON:
            found = {
                "spec": opened.fact("spec_name"),
                "searches": searches,
                "candidates": candidates,
                "decisions": decisions,
                "correlations": correlations(opened),
            }
            typer.echo(tables.plain_json(found))
            return
        parts = [tables.table(_brief(candidates), CANDIDATES, f"{study}: candidates")]
        for each in searches:
            rows = rows_of([row for row in decisions if row["search"] == each["search"]], each["options"])
            title = f"search {each['search']}: {each['mode']} by {each['score']}, {each['budget']}"
            parts.append(_text(rows, COLUMNS, format, title))
        typer.echo("\n".join(parts) + correlated(opened), nl=False)


@app.command()
def why(
    study: File,
    step: Annotated[int, typer.Argument(help="The step of a search.")],
    search: SearchOption = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """Why a step was decided so: every axis with its value, score, or the reason that it was left out."""
    from search.study.history import decisions_of, searches_of
    from search.study.study import read_study

    with read_study(study) as opened:
        chosen = _chosen(searches_of(opened), search, study)[-1:]
        decisions = [row for each in chosen for row in decisions_of(opened, each["search"])]
    found = [row for row in decisions if row["step"] == step]
    if not found:
        raise OptionError(f"{study}: there is no step {step}; the search has {len(decisions)} decisions")
    for row in found:
        title = f"step {step}, {row['kind']} {row['axis'] or ''}: {row['reason']}"
        options = [{**option, "value": _decimal(option["value"])} for option in row["options"]]
        _print(options, OPTIONS, format, title)


@app.command()
def export(
    study: File,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file to write: .json, .csv or .yaml.")],
    search: SearchOption = None,
) -> None:
    """Writes a study as JSON, its candidates as CSV, or the winner as a spec in YAML with exact sizes."""
    from search.study.export import export as write
    from search.study.study import read_study

    with read_study(study) as opened:
        typer.echo(write(opened, search, out))


@app.command()
def agreement(
    study: File,
    score: Annotated[
        list[str] | None,
        typer.Option(help="A score that costs nothing; repeatable. The usual ones if not given."),
    ] = None,
    trained: Annotated[str, typer.Option(help="The score that networks were trained for.")] = "train",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder for the networks as CSV, and a drawing.")
    ] = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """How well cheap scores, such as the entropy, rank the networks that were trained (Spearman)."""
    from reports.agreement import write
    from search.study.study import read_study
    from search.trials.agreement import CHEAP, agreement, ranked

    with read_study(study) as opened:
        networks = ranked(opened, score or CHEAP, trained)
        rows, name = agreement(networks), opened.fact("spec_name")
    _print(rows, AGREEMENT, format, f"{name}: rank correlation with {trained}, {len(networks)} networks")
    for file in write(networks, rows, name, out) if out is not None else ():
        typer.echo(f"wrote {file}", err=True)


def _chosen(searches: list[dict[str, Any]], wanted: int | None, study: Path) -> list[dict[str, Any]]:
    found = [row for row in searches if wanted is None or row["search"] == wanted]
    if not found:
        known = ", ".join(str(row["search"]) for row in searches) or "none"
        raise OptionError(f"{study}: there is no search {wanted or ''} (known: {known})".replace("  ", " "))
    return found


def _decimal(value: Any) -> Any:
    """A value as it is stored, `a/b` where it is a fraction, as a number."""
    return float(Fraction(value)) if isinstance(value, str) else value


def _brief(candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "candidate": row["candidate"][:12]} for row in candidates]


def _print(rows: list[dict[str, Any]], columns: tuple[str, ...], format: Format, title: str) -> None:
    from reports import tables

    if format is Format.JSON:
        typer.echo(tables.plain_json(rows))
    else:
        typer.echo(_text(rows, columns, format, title), nl=False)


def _text(rows: list[dict[str, Any]], columns: tuple[str, ...], format: Format, title: str) -> str:
    from reports import tables

    if format is Format.CSV:
        return tables.csv_text(rows, columns)
    return tables.markdown(rows, columns) if format is Format.MD else tables.table(rows, columns, title)
