"""What a study holds, as plain rows: searches, candidates, decisions, and how scores agree with training."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from search.study.study import Study

TRAINED = "train"
FEWEST_IN_COMMON = 3  # a rank correlation of fewer says nothing

Row = dict[str, Any]


def searches_of(study: Study) -> list[Row]:
    """One row for each search: what it looked for, when, and how many decisions it made."""
    found = study.connection.execute(
        "SELECT searches.*, (SELECT count(*) FROM decisions WHERE search=searches.id) AS decisions "
        "FROM searches ORDER BY id"
    )
    return [_search(dict(row)) for row in found]


def _search(row: Row) -> Row:
    options = json.loads(row["options"])
    return {
        "search": row["id"],
        "mode": options["mode"],
        "score": options["score"],
        "budget": options["budget"],
        "limits": options["limits"],
        "seed": options["seed"],
        "decisions": row["decisions"],
        "started": row["started"],
        "finished": row["finished"],
        "options": options,
    }


def candidates_of(study: Study) -> list[Row]:
    """One row for each candidate under a score: its sizes, costs, score, and what it took."""
    found = study.connection.execute(
        "SELECT results.*, networks.settings, networks.costs, "
        "(SELECT count(*) FROM attempts WHERE result=results.address) AS attempts "
        "FROM results JOIN networks ON networks.address=results.network ORDER BY results.rowid"
    )
    return [
        {
            "candidate": row["address"],
            "network": row["network"],
            "status": "failed" if row["score"] is None else "done",
            "score_name": row["score_name"],
            "score": row["score"],
            "reason": row["reason"],
            "settings": json.loads(row["settings"]),
            "costs": json.loads(row["costs"]),
            "seed": row["seed"],
            "recipe": json.loads(row["recipe"]),
            "training_macs": row["training_macs"],
            "seconds": row["seconds"],
            "attempts": row["attempts"],
            "measured": json.loads(row["measured"]),
            "versions": json.loads(row["versions"]),
            "log": row["log"],
            "finished": row["finished"],
        }
        for row in found
    ]


def decisions_of(study: Study, search: int | None = None) -> list[Row]:
    """One row for each decision, in order; of one search or of all."""
    numbers = [row["search"] for row in searches_of(study)] if search is None else [search]
    return [_decision(number, dict(row)) for number in numbers for row in study.decisions(number)]


def _decision(search: int, row: Row) -> Row:
    return {
        "search": search,
        "step": row["step"],
        "kind": row["kind"],
        "axis": row["axis"],
        "score": row["score"],
        "cost": json.loads(row["cost"]),
        "name": row["name"],
        "reason": row["reason"],
        "candidate": row["result"],
        "network": row["network"],
        "settings": json.loads(row["settings"]),
        "options": json.loads(row["options"]),
        "decided": row["decided"],
    }


def winner_of(decisions: Sequence[Row]) -> Row | None:
    """The decision that a search ended with: its last one on the path."""
    path = [row for row in decisions if row["kind"] != "aside"]
    return path[-1] if path else None


def moved(before: Row, after: Row) -> str:
    """What a step changed, in words: `frames 1 -> 2`."""
    return ", ".join(
        f"{name} {_shown(old)} -> {_shown(after[name])}"
        for name, old in before.items()
        if after.get(name, old) != old
    )


def _shown(value: Any) -> str:
    from fractions import Fraction

    return f"{float(Fraction(value)):.6g}" if isinstance(value, str) else str(value)


def correlations(study: Study) -> list[Row]:
    """Each score's rank correlation with the trained one, over the networks that have both (Spearman)."""
    scores: dict[str, dict[str, list[float]]] = {}
    for row in candidates_of(study):
        if row["score"] is not None:
            scores.setdefault(row["score_name"], {}).setdefault(row["network"], []).append(row["score"])
    trained = {network: _mean(values) for network, values in scores.get(TRAINED, {}).items()}
    return list(_correlated(trained, scores))


def _correlated(trained: dict[str, float], scores: dict[str, dict[str, list[float]]]) -> Iterator[Row]:
    for name, values in scores.items():
        common = sorted(trained.keys() & values.keys())
        if name == TRAINED or len(common) < FEWEST_IN_COMMON:
            continue
        pairs = [(_mean(values[network]), trained[network]) for network in common]
        yield {"score": name, "networks": len(common), "rank_correlation": spearman(pairs)}


def spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    """The correlation of the ranks of pairs, ties at their mean rank; None where one side is constant."""
    import numpy as np

    first, second = (_ranks([pair[side] for pair in pairs]) for side in (0, 1))
    if len(set(first)) == 1 or len(set(second)) == 1:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(values)
    return [(order.index(value) + len(order) - 1 - order[::-1].index(value)) / 2 for value in values]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
