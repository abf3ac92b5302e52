"""Whether a finished training can be continued for more epochs, and if not, what would differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from costmodel.errors import DataError
from search.train.recipe import Recipe

IN_PROPORTION = {"epochs", "warmup", "milestones"}  # what `Recipe.with_epochs` changes


def continued(recipe: Recipe, before: str, done: int) -> Recipe:
    """The recipe by which a training of another number of epochs goes on.

    Its warm-up and milestones stay at the epochs that they were begun with, so that what is done holds.

    Args:
        recipe: what is asked for.
        before: the `key` of the recipe that the training was begun with.
        done: epochs done.

    Raises:
        DataError: more than the number of epochs differs, or the rates of the epochs done depend on it.
    """
    old, new = json.loads(before), json.loads(recipe.key)
    differs = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    other = next((name for name in differs if name not in IN_PROPORTION), None)
    if other is not None:
        raise DataError(f"its recipe has {other} {_text(old, other)}, here {_text(new, other)}")
    begun = replace(recipe, epochs=old["epochs"], warmup=old["warmup"], milestones=tuple(old["milestones"]))
    if recipe.schedule == "cosine":
        raise DataError(_of_a_cosine(recipe, begun, done))
    if recipe.epochs < done:
        raise DataError(f"has {done} epochs done, more than the {recipe.epochs:g} asked for")
    # epochs such as 2.5 end in half an epoch, which a run of 5 would have learned whole
    if done > old["epochs"]:
        raise DataError(f"its last epoch was cut short at {old['epochs']:g}")
    return replace(begun, epochs=recipe.epochs)


def _of_a_cosine(recipe: Recipe, begun: Recipe, done: int) -> str:
    last = max(done, 1)
    at = last - 0.5  # every run begins at the same rate, and a warm-up's is 0
    return (
        f"was begun for {begun.epochs:g} epochs, and a cosine over {recipe.epochs:g} has other rates from "
        f"the start: epoch {last} learned at {begun.rate_at(at):.4g} instead of {recipe.rate_at(at):.4g}; "
        "only constant rates, steps and plateaus go on"
    )


def _text(settings: Mapping[str, object], name: str) -> str:
    return json.dumps(settings[name]) if name in settings else "not set"
