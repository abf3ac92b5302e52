"""Contenders over their seeds: means, standard errors, files."""

import pytest

from reports.sampling_trials import files_of, page, summary
from search.train.compared import Trial

TRIALS = [
    Trial("plain", 0, 0.5, 100, 8.0, 0.6, 1.0),
    Trial("plain", 1, 0.7, 100, 8.0, 0.6, 3.0),
    Trial("similarity", 0, 0.4, 60, 3.0, 0.5, 2.0, {"3": 12}, {"a": 3.0}),
]


def test_errors_are_those_of_the_mean_over_seeds():
    plain, similarity = summary(TRIALS)
    assert (plain["accuracy"], plain["macs_error"], plain["seeds"]) == (pytest.approx(0.6), 0.0, 2)
    assert plain["accuracy_error"] == pytest.approx(0.1)  # s / sqrt(2), s = 0.2 / sqrt(2)
    assert similarity["accuracy_error"] is None


def test_every_trial_is_written():
    files = files_of("digits", TRIALS)
    assert sorted(files) == ["sampling.csv", "sampling.png", "sampling.svg"]
    assert files["sampling.csv"].count(b"\n") == 4
    assert "similarity" in page(TRIALS).render("csv")
