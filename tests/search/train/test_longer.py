"""Trainings that go on for more epochs than they were begun for."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from costmodel.errors import DataError
from costmodel.network import Network
from costmodel.spec.document import from_text
from search.data import open_data
from search.train.longer import continued
from search.train.loop import CHECKPOINT, train
from search.train.options import Options, Result
from search.train.recipe import Recipe

SPEC = """
input: {channels: 1, time: 2, height: 8, width: 8}
network:
  - conv: {name: stem, channels: 3, kernel: [1, 3, 3]}
  - bn
  - global_pool
  - linear: {channels: 12}
"""
STEPS = Recipe("tiny", 0.1, 16, 4, warmup=1, schedule="steps", milestones=(2,), mirror=False)


def run(recipe: Recipe, folder: Path | None = None) -> Result:
    tiny = Network(from_text(SPEC, "tiny"))
    return train(tiny, open_data("digits:train=24,val=12,length=4"), recipe, Options(folder=folder))


def test_a_step_schedule_goes_on_as_if_it_had_been_longer_from_the_start(tmp_path: Path):
    run(STEPS, tmp_path)
    longer = run(STEPS.with_epochs(6), tmp_path)  # milestones in proportion, were it not for what is done
    whole = run(replace(STEPS, epochs=6))
    assert [row["rate"] for row in longer.rows] == [row["rate"] for row in whole.rows]
    pairs = zip(*(each.form.network.state_dict().values() for each in (longer, whole)), strict=True)
    assert all(torch.equal(*pair) for pair in pairs)
    again = run(STEPS.with_epochs(6), tmp_path)
    assert len(again.rows) == 6


def test_a_cosine_says_what_differs(tmp_path: Path):
    run(replace(STEPS, schedule="cosine"), tmp_path)
    with pytest.raises(DataError) as error:
        run(replace(STEPS, schedule="cosine").with_epochs(5), tmp_path)
    expected = (
        "was begun for 4 epochs, and a cosine over 5 has other rates from the start: epoch 4 learned at "
        "0.003806 instead of 0.02061; only constant rates, steps and plateaus go on; expected the same, or "
        "another --out"
    )
    assert str(error.value) == f"{tmp_path / CHECKPOINT}: {expected}"


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (replace(STEPS, learning_rate=0.2), "its recipe has learning_rate 0.1, here 0.2"),
        (replace(STEPS, epochs=3), "has 4 epochs done, more than the 3 asked for"),
        (replace(STEPS, lead=3), "its recipe has lead not set, here 3"),
    ],
)
def test_what_is_not_a_longer_training_is_named(recipe: Recipe, message: str):
    with pytest.raises(DataError) as error:
        continued(recipe, STEPS.key, 4)
    assert str(error.value) == message


def test_an_epoch_cut_short_is_not_gone_on_from():
    with pytest.raises(DataError) as error:
        continued(replace(STEPS, epochs=5), replace(STEPS, epochs=3.5).key, 4)
    assert str(error.value) == "its last epoch was cut short at 3.5"
