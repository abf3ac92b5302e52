"""Sequences of features as a recurrent head learns from them: cut, thinned, in part noise (Kopuklu 2022)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.train.recipe import Recipe

Features = NDArray[np.float32]


def drawn(features: Features, recipe: Recipe, random: np.random.Generator) -> Features:
    """A random augmentation of one video's features (frames, channels)  (Kopuklu 2022, sec. 3.3).

    Of what the paper leaves open: the video is thinned before its part is cut, and what is replaced is one
    run of up to `replaced` of the part, by noise of the features' own mean and deviation.
    """
    part = _part(_thinned(features, recipe, random), recipe, random)
    part = _replaced(part, recipe, random)
    if not recipe.noise:
        return part
    # the paper states a variance, numpy takes a deviation
    return part + random.normal(0, np.sqrt(recipe.noise), part.shape).astype(np.float32)


def padded(sequences: Sequence[Features], frames: int) -> Features:
    """Sequences (sequences, channels, frames), zeros behind each.

    A head that looks back alone never sees what stands behind: its answer to the last feature is that to the
    sequence by itself.
    """
    found = np.zeros((len(sequences), sequences[0].shape[1], frames), np.float32)
    for row, each in zip(found, sequences, strict=True):
        row[:, : len(each)] = each.T
    return found


def _thinned(features: Features, recipe: Recipe, random: np.random.Generator) -> Features:
    """One feature in n, from a random one of the first n on."""
    shares = recipe.thinning
    if not shares:
        return features
    step = 1 + int(random.choice(len(shares) + 1, p=(1 - sum(shares), *shares)))
    # from a random first one, so that over the epochs every feature is learned from
    return features[random.integers(min(step, len(features))) :: step]


def _part(features: Features, recipe: Recipe, random: np.random.Generator) -> Features:
    if not recipe.shortest:
        return features
    number = int(random.integers(min(recipe.shortest, len(features)), len(features) + 1))
    start = int(random.integers(len(features) - number + 1))
    return features[start : start + number]


def _replaced(features: Features, recipe: Recipe, random: np.random.Generator) -> Features:
    number = int(random.integers(int(recipe.replaced * len(features)) + 1))
    if not number:
        return features
    start = int(random.integers(len(features) - number + 1))
    # the stored features are drawn from again in the next epoch
    changed = features.copy()
    noise = random.normal(features.mean(), features.std(), (number, features.shape[1]))
    changed[start : start + number] = noise
    return changed
