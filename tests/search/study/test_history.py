"""Rows of a study: forms of networks, and how well scores agree with training."""

import sqlite3
from pathlib import Path

import pytest
from searches import search
from studies import as_format_1

from costmodel.transforms.continual import Continual
from search.study.history import (
    candidates_of,
    correlations,
    form_of,
    spearman,
)
from search.study.study import read_study


def test_a_study_of_format_1_does_not_say_which_of_two_forms_a_network_has(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study, budget="macs_per_clip<=6x")
    search(tiny, study, [Continual()], budget="macs_per_clip<=6x")
    with read_study(as_format_1(study)) as opened:
        assert {form_of(row) for row in candidates_of(opened)} == {"unknown"}
        assert correlations(opened) == []


def test_the_rank_correlation_takes_ties_at_their_mean():
    assert spearman([(1, 1), (2, 2), (3, 3)]) == 1
    assert spearman([(1, 3), (2, 2), (3, 1)]) == -1
    assert spearman([(1, 1), (1, 2), (3, 3)]) == pytest.approx(0.8660254)
    assert spearman([(1, 1), (1, 2)]) is None


def test_scores_are_correlated_with_trained_results(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study)
    with sqlite3.connect(study) as connection:
        connection.execute(
            "INSERT INTO results SELECT 'trained' || address, network, 'train', recipe, seed, -score, '', 1, "
            "1, '{}', '', versions, finished FROM results"
        )
    connection.close()
    with read_study(study) as opened:
        (row,) = correlations(opened)
    assert row["score"] == "entropy"
    assert row["rank_correlation"] == pytest.approx(-1)


def test_networks_of_two_forms_are_never_ranked_beside_each_other(tiny: Path, tmp_path: Path):
    """The trained score of clip networks rises with the entropy here, that of streams falls."""
    study = tmp_path / "s.db"
    search(tiny, study, score="entropy")
    search(tiny, study, [Continual()], score="entropy")
    with sqlite3.connect(study) as connection:
        connection.execute(
            "INSERT INTO results SELECT 'trained' || results.address, network, 'train', recipe, seed, "
            "CASE transforms WHEN '[]' THEN score ELSE 1000 - score END, '', 1, 1, '{}', '', "
            "versions, finished FROM results JOIN networks ON networks.address=network"
        )
    connection.close()
    with read_study(study) as opened:
        rows = {row["form"]: row["rank_correlation"] for row in correlations(opened)}
    assert rows == {"clip": pytest.approx(1), "--continual": pytest.approx(-1)}
