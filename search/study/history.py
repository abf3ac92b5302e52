"""Reads a study as plain rows: searches, candidates, decisions, and how scores agree with training.

Each network keeps its own form: `transforms` are what made it of the spec's network, as plain data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms import transform_from
from search.study.address import exact_settings
from search.study.study import Study

TRAINED = "train"
UNKNOWN_FORM = "unknown"
FEWEST_IN_COMMON = 3  # a rank correlation of fewer says nothing

Row = dict[str, Any]  # values of many kinds, most of them read from JSON, whose keys `damage` has checked


def searches_of(study: Study) -> list[Row]:
    """One row for each search: its mode, score, budget and limits, its times, and its number of decisions."""
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
    """One row for each candidate under a score: its sizes, costs, score, and what the scoring took."""
    form = "networks.transforms" if study.format > 1 else "NULL AS transforms"
    found = study.connection.execute(
        f"SELECT results.*, networks.settings, networks.costs, {form}, "
        # rowid is the order of insertion: an address is a hash, by which rows would stand in no order
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
            "error": json.loads(row["measured"]).get("error"),
            "reason": row["reason"],
            "settings": json.loads(row["settings"]),
            "transforms": _of_format_1(study) if row["transforms"] is None else json.loads(row["transforms"]),
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
    searches = [row for row in searches_of(study) if search is None or row["search"] == search]
    forms = _forms(study)
    found = [
        _decision(each["search"], dict(row))
        | {"transforms": forms.get(row["network"], transforms_of(each["options"]))}
        for each in searches
        for row in study.decisions(each["search"])
    ]
    options = [option for row in found for option in row["options"]]
    errors = {option["result"]: option.get("error") for option in options}
    return [row | {"error": errors.get(row["candidate"])} for row in found]


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


def transforms_of(options: Row) -> list[Row]:
    """The transforms that made every network of a search, from its options as they are stored."""
    if "transforms" in options:
        return list(options["transforms"])
    return [{"transform": "continual", **options["stream"]}] if options.get("stream") else []  # format 1


def _forms(study: Study) -> dict[str, list[Row]]:
    """The transforms of each network that a decision chose; of none in a study of the first format."""
    if study.format == 1:
        return {}
    query = "SELECT address, transforms FROM networks WHERE address IN (SELECT network FROM decisions)"
    return {row["address"]: json.loads(row["transforms"]) for row in study.connection.execute(query)}


def _of_format_1(study: Study) -> list[Row] | None:
    """The transforms of all networks of a study that keeps none for each; None where its searches differ."""
    forms = [transforms_of(row["options"]) for row in searches_of(study)]
    return forms[0] if forms and all(each == forms[0] for each in forms) else None


def form_of(row: Mapping[str, Any]) -> str:
    """The form of a candidate in words: `clip`, or the options that give it, such as `--continual`."""
    if row["transforms"] is None:
        return UNKNOWN_FORM
    return " ".join(transform_from(each).flags for each in row["transforms"]) or "clip"


def network_of(study: Study, settings: Row, transforms: Sequence[Row]) -> Network:
    """A network of a study, from the settings and the transforms of a row."""
    document = from_text(study.fact("spec"), study.fact("spec_name"), is_resolved=True)
    # Read from JSON, where a fraction is text.
    exact = exact_settings(json.dumps(settings))
    return Network(document, exact, tuple(transform_from(each) for each in transforms))


def network_of_decision(study: Study, decision: Row) -> Network:
    """The network that a decision chose, in the form that it has."""
    return network_of(study, decision["settings"], decision["transforms"])


def winner_of(decisions: Sequence[Row]) -> Row | None:
    """The decision that a search ended with: its last one on the path."""
    # an aside leaves the path for one network, and the search does not go on from it
    path = [row for row in decisions if row["kind"] != "aside"]
    return path[-1] if path else None


def moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What changed from one decision to another, in words: `frames 1 -> 2`."""
    old_form, form = form_of(before), form_of(after)
    sizes = after["settings"]
    return ", ".join(
        (
            *(
                f"{name} {_shown(old)} -> {_shown(sizes[name])}"
                for name, old in before["settings"].items()
                if sizes.get(name, old) != old
            ),
            *([f"form {old_form} -> {form}"] if form != old_form else []),
        )
    )


def _shown(value: object) -> str:
    from fractions import Fraction

    return f"{float(Fraction(value)):.6g}" if isinstance(value, str) else str(value)


def correlations(study: Study) -> list[Row]:
    """Each score's rank correlation with the trained one, over the networks that have both (Spearman).

    Networks of one form alone are ranked beside each other; where a form is not known there is none.
    """
    forms: dict[str, dict[str, dict[str, list[float]]]] = {}
    for row in candidates_of(study):
        if row["score"] is not None:
            scores = forms.setdefault(form_of(row), {}).setdefault(row["score_name"], {})
            scores.setdefault(row["network"], []).append(row["score"])
    known = {form: scores for form, scores in forms.items() if form != UNKNOWN_FORM}
    return [row for form, scores in known.items() for row in _correlated(form, scores)]


def _correlated(form: str, scores: dict[str, dict[str, list[float]]]) -> Iterator[Row]:
    trained = {network: _mean(values) for network, values in scores.get(TRAINED, {}).items()}
    for name, values in scores.items():
        common = sorted(trained.keys() & values.keys())
        if name == TRAINED or len(common) < FEWEST_IN_COMMON:
            continue
        pairs = [(_mean(values[network]), trained[network]) for network in common]
        yield {
            "score": name,
            "form": form,
            "networks": len(common),
            "rank_correlation": spearman(pairs),
        }


def spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    """The correlation of the ranks of pairs, ties at their mean rank; None where one side is constant."""
    import numpy as np

    # Pearson's correlation of ranks: with ties the formula by squared differences does not hold
    first, second = (_ranks([pair[side] for pair in pairs]) for side in (0, 1))
    if len(set(first)) == 1 or len(set(second)) == 1:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _ranks(values: Sequence[float]) -> list[float]:
    # the mean of the first and the last place that equal values take
    order = sorted(values)
    return [(order.index(value) + len(order) - 1 - order[::-1].index(value)) / 2 for value in values]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
