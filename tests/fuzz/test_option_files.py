"""Broken recipes, presets and orders of steps are refused in one line each, or can be used."""

from pathlib import Path

import numpy as np
from mutations import mutations

from search.methods.replay import read_replay
from search.problem.preset import filled
from search.train.recipe import load_recipe

RECIPE = b"""
name: own
description: all that a recipe may say
learning_rate: 0.1
batch: 32
micro: 8
epochs: 30
warmup: 34 / 16
schedule: steps
milestones: [10, 20]
factor: 0.1
momentum: 0.9
dropout: 0.5
mirror: true
scales: [128 / 112, 160 / 112]
any_scale: false
expansion:
  - {step: 0, batch: 2, epochs: 0.5}
  - {step: 8, batch: 1, drop_connect: 0.1}
"""
PRESET = b"""
description: a first try
budget: macs_per_clip<=4x
score: train
limit: [params<=4e6]
with: [recipe=digits, epochs=2]
factor: 2
workers: 2
retries: 1
continual: true
"""
REPLAY = b"""
source: a paper
start: X2D
steps:
  - {axis: Time, set: {frames: 4, stride: 2}, name: first, printed: 0.5}
  - {axis: Width, set: {wide: 1.5}, aside: true, budget: macs_per_clip<=2GMAC}
"""


def use_recipe(path: Path) -> None:
    recipe = load_recipe(str(path))
    random = np.random.default_rng(0)
    for step in (recipe, recipe.at_step(9), recipe.with_batch(4), recipe.with_epochs(2)):
        assert step.key
        assert 0.05 < step.draw_scale(random) < 11
        assert all(0 <= step.rate_at(epoch, 1) < 1e7 for epoch in (0.0, 0.5 * step.epochs, step.epochs))


def test_broken_recipes(tmp_path: Path, survive, number: int):
    read_well, refused = survive(tmp_path / "r.yaml", mutations(RECIPE, number), use_recipe)
    assert read_well > number / 20
    assert refused > number / 4


def test_broken_presets(tmp_path: Path, survive, number: int):
    read_well, refused = survive(
        tmp_path / "p.yaml", mutations(PRESET, number), lambda path: filled({"budget": None}, str(path))
    )
    assert read_well > number / 20
    assert refused > number / 4


def test_broken_orders_of_steps(tmp_path: Path, survive, number: int):
    sizes = dict.fromkeys(("frames", "stride", "wide"))
    read_well, refused = survive(
        tmp_path / "o.yaml",
        mutations(REPLAY, number),
        lambda path: read_replay(str(path), ("Time", "Width"), sizes),
    )
    assert read_well > number / 50
    assert refused > number / 4
