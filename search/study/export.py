"""Writes a study as JSON, CSV or YAML for other programs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from costmodel.errors import OptionError
from costmodel.escape import csv_cell
from costmodel.spec.write import dump
from search.study.history import (
    Row,
    candidates_of,
    correlations,
    decisions_of,
    form_of,
    network_of_decision,
    searches_of,
    winner_of,
)
from search.study.store import StudyError
from search.study.study import Study


def export(study: Study, search: int | None, out: Path) -> Path:
    """Writes a study as JSON, its candidates as CSV, or the winner of a search as a spec in YAML.

    Raises:
        OptionError: the file has another ending, or there is no such search.
    """
    searches = [row for row in searches_of(study) if search is None or row["search"] == search]
    if not searches:
        raise OptionError(f"{study.path}: there is no search {search}")
    writers = {".json": _json, ".csv": _csv, ".yaml": _yaml}
    if out.suffix not in writers:
        raise OptionError(f"--out {out}: expected a file that ends with .json, .csv or .yaml")
    text = writers[out.suffix](study, searches)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StudyError(f"{out}: cannot be written: {error.strerror}") from error
    return out


def _json(study: Study, searches: list[Row]) -> str:
    found = {
        "spec": study.fact("spec"),
        "spec_name": study.fact("spec_name"),
        "spec_address": study.fact("spec_address"),
        "created": study.fact("created"),
        "searches": searches,
        "candidates": candidates_of(study),
        "decisions": [row for each in searches for row in decisions_of(study, each["search"])],
        "correlations": correlations(study),
    }
    return json.dumps(found, indent=2) + "\n"


def _csv(study: Study, searches: list[Row]) -> str:
    rows = [_flat(row) for row in candidates_of(study)]
    # candidates of two searches may have other settings and costs: all columns, in the order of appearance
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    # after this a spreadsheet takes no text for a formula
    writer.writerows({key: csv_cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _flat(row: Row) -> Row:
    nested = {"settings", "costs", "recipe", "measured", "versions"}
    plain = {
        key: value for key, value in row.items() if key not in nested and key not in ("log", "transforms")
    }
    return (
        plain
        | {"form": form_of(row)}
        | {f"{part}.{key}": value for part in sorted(nested) for key, value in row[part].items()}
    )


def _yaml(study: Study, searches: list[Row]) -> str:
    winner = winner_of(decisions_of(study, searches[-1]["search"]))
    if winner is None:
        raise OptionError(f"{study.path}: the search has no winner yet")
    return dump(network_of_decision(study, winner).clip())
