"""Training on a tiny network and a few clips."""

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_training import RECIPE, data, equal, network, run, tiny, weights

from costmodel.emit.weights_format import read_weights
from costmodel.errors import DataError
from search.data.views import View, centre_clips
from search.train.checkpoint import load_weights
from search.train.forms import form_of
from search.train.loop import CHECKPOINT, METRICS, WEIGHTS, train
from search.train.options import Options


def test_the_loss_falls():
    rows = run(replace(RECIPE, epochs=12, dropout=0)).rows
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]


def test_the_same_seed_gives_the_same_weights_and_another_does_not():
    assert equal(run(seed=1), run(seed=1))
    assert not equal(run(seed=1), run(seed=2))


def test_training_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    run(seed=5)
    assert torch.equal(torch.rand(3), expected)


class KilledError(Exception):
    """Ends a run from within."""


def interrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, **options) -> None:
    """A run that is killed after some epochs."""
    monkeypatch.setattr("search.train.loop.SECONDS_BETWEEN_CHECKPOINTS", -1.0)

    def stop(row: dict[str, float]) -> None:
        if row["epoch"] == after:
            raise KilledError

    with pytest.raises(KilledError):
        train(tiny(), data(), RECIPE, Options(folder=tmp_path, **options), stop)


@pytest.mark.parametrize("after", [1, 2])
def test_a_run_that_is_cut_short_goes_on_to_the_same_bits(tmp_path: Path, monkeypatch, after: int):
    interrupt(tmp_path, monkeypatch, after)
    resumed, whole = run(folder=tmp_path), run()
    assert equal(resumed, whole)
    assert (resumed.accuracy, resumed.macs) == (whole.accuracy, whole.macs)
    same = ("epoch", "rate", "train_loss", "validation_accuracy")
    assert [[row[name] for name in same] for row in resumed.rows] == [
        [row[name] for name in same] for row in whole.rows
    ]


def test_a_finished_run_is_not_run_again(tmp_path: Path):
    first = run(folder=tmp_path)
    second = train(tiny(), data(), RECIPE, Options(folder=tmp_path), lambda row: pytest.fail("trained"))
    assert equal(first, second)


@pytest.mark.parametrize("missing", [METRICS, WEIGHTS])
def test_a_run_killed_between_its_last_files_writes_them_again(tmp_path: Path, missing: str):
    run(folder=tmp_path)
    before = (tmp_path / METRICS).read_bytes()
    (tmp_path / missing).unlink()
    (tmp_path / f".{missing}.a1b2c3d4").write_bytes(b"half")
    train(tiny(), data(), RECIPE, Options(folder=tmp_path), lambda row: pytest.fail("trained"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [CHECKPOINT, METRICS, WEIGHTS]
    assert (tmp_path / METRICS).read_bytes() == before


def test_a_run_writes_weights_and_metrics(tmp_path: Path):
    result = run(folder=tmp_path)
    rows = (tmp_path / METRICS).read_text().splitlines()
    assert rows[0] == "epoch,rate,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds"
    assert len(rows) == 4
    other = form_of(network(), "clip").network
    load_weights(other, tmp_path / WEIGHTS)
    found = other.state_dict().values()
    assert all(torch.equal(a, b) for a, b in zip(found, weights(result), strict=True))


def test_weights_say_what_they_are_for_and_how_they_came_to_be(tmp_path: Path):
    result = run(folder=tmp_path, seed=3)
    about = read_weights(tmp_path / WEIGHTS)[0].known
    assert about.network.identity == tiny().identity
    assert about.classes == data().classes
    assert (about.recipe["name"], about.recipe["batch"], about.recipe["kind"]) == ("tiny", 16, "clip")
    assert about.data == {"key": data().key, "given": "digits:train=50,val=20,length=8", "seed": 0}
    assert (about.seed, about.accuracy.value, about.accuracy.videos) == (3, result.accuracy, 20)
    assert about.versions["torch"] == str(torch.__version__)
    clips = centre_clips(data().validation, np.arange(20), View(4, Fraction(2), 10, 10))
    low, high = about.pixels.fed
    assert low <= float(clips.min()) < 0 < float(clips.max()) <= high


def test_a_checkpoint_of_another_seed_is_refused(tmp_path: Path):
    run(folder=tmp_path, seed=1)
    with pytest.raises(DataError) as error:
        run(folder=tmp_path, seed=2)
    expected = "is of another network, recipe, data or seed; expected the same, or another --out"
    assert str(error.value) == f"{tmp_path / CHECKPOINT}: {expected}"


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path: Path, monkeypatch):
    interrupt(tmp_path, monkeypatch, 1)
    before = (tmp_path / CHECKPOINT).read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError) as error:
        run(folder=tmp_path)
    assert (
        str(error.value)
        == f"{tmp_path / CHECKPOINT}: cannot be written, no space left on device; the last one is kept"
    )
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [CHECKPOINT, METRICS]


def test_a_plateau_ends_the_run():
    recipe = replace(RECIPE, schedule="plateau", patience=1, falls=1, epochs=50, learning_rate=1e-12)
    rows = run(replace(recipe, norm_momentum=0.0)).rows
    assert len(rows) < 10
