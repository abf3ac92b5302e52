"""How well scores that need no training rank the networks of a study, compared with training them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.numbers import Number
from search.score.base import Score, Task, score_named
from search.study.history import (
    FEWEST_IN_COMMON,
    TRAINED,
    UNKNOWN_FORM,
    Row,
    candidates_of,
    form_of,
    network_of,
    spearman,
)
from search.study.study import Study

CHEAP = ("entropy", "macs_per_clip", "params", "receptive_field", "depth", "synflow")
RESAMPLED = 2000
LIKELY = (2.5, 97.5)  # percentiles of the correlation, resampled


@dataclass(frozen=True)
class Ranked:
    """A trained network: its sizes, the mean of its trained scores and their number, its cheap scores.

    `form` is `clip`, or the options of the transforms that made it, such as `--continual`.
    """

    settings: Mapping[str, Number]
    trained: float
    trainings: int
    scores: Mapping[str, float | None]
    form: str = "clip"


class Agreement(TypedDict):
    """How one cheap score ranks the networks of one form, with the ends of its likely range."""

    score: str
    form: str
    networks: int
    rank_correlation: float | None
    low: float | None
    high: float | None


def ranked(study: Study, scores: Sequence[str] = CHEAP, trained: str = TRAINED) -> list[Ranked]:
    """Every trained network of a study, under each cheap score; None where a network has no such score.

    Raises:
        OptionError: fewer than three networks are trained, a score is not known, or the study is of a format
            that does not keep each network's form.
    """
    found: dict[str, list[Row]] = {}
    for row in candidates_of(study):
        if row["score_name"] == trained and row["score"] is not None:
            found.setdefault(row["network"], []).append(row)
    if any(form_of(rows[0]) == UNKNOWN_FORM for rows in found.values()):
        raise OptionError(
            f"{study.path}: format {study.format} does not say which networks are clip networks"
        )
    if len(found) < FEWEST_IN_COMMON:
        expected = f"expected {FEWEST_IN_COMMON} at least"
        raise OptionError(f"{study.path}: {len(found)} networks have the score {trained}, {expected}")
    made = {name: score_named(name) for name in scores}
    return [
        _ranked(network_of(study, rows[0]["settings"], rows[0]["transforms"]), rows, made)
        for rows in found.values()
    ]


def _ranked(network: Network, rows: Sequence[Row], scores: Mapping[str, Score]) -> Ranked:
    values = {name: _value(score, name, network) for name, score in scores.items()}
    # over its seeds: a network trained thrice is still one network
    mean = float(np.mean([row["score"] for row in rows]))
    return Ranked(network.sizes, mean, len(rows), values, form_of(rows[0]))


def _value(score: Score, name: str, network: Network) -> float | None:
    value = float(score(Task(name, network, name, score.recipe_at(0), 0)).score)
    return value if np.isfinite(value) else None


def agreement(networks: Sequence[Ranked]) -> list[Agreement]:
    """For each cheap score Spearman's rank correlation with training, the best first, each form by itself.

    `low` and `high` are the correlations that 95 of 100 samples of the networks, drawn with replacement, lie
    between.
    """
    forms = {form: [each for each in networks if each.form == form] for form in (n.form for n in networks)}
    rows = [_row(name, form, alike) for form, alike in forms.items() for name in alike[0].scores]
    return sorted(rows, key=lambda row: -(row["rank_correlation"] or 0.0))


def _row(name: str, form: str, networks: Sequence[Ranked]) -> Agreement:
    pairs = [(value, each.trained) for each in networks if (value := each.scores[name]) is not None]
    low, high = _interval(pairs)
    return {
        "score": name,
        "form": form,
        "networks": len(pairs),
        "rank_correlation": spearman(pairs) if len(pairs) >= FEWEST_IN_COMMON else None,
        "low": low,
        "high": high,
    }


def _interval(pairs: Sequence[tuple[float, float]]) -> tuple[float | None, float | None]:
    # the bootstrap (Efron 1979): networks are drawn as pairs, so each keeps its own training
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(pairs), (RESAMPLED, len(pairs))) if pairs else np.empty((0, 0), np.int64)
    found = [spearman([pairs[place] for place in places]) for places in drawn.tolist()]
    # a sample may repeat a single network, and then has no correlation
    known = [each for each in found if each is not None]
    if len(pairs) < FEWEST_IN_COMMON or not known:
        return None, None
    low, high = np.percentile(known, LIKELY)
    return float(low), float(high)
