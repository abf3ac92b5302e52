"""How sequences of features are augmented."""

import numpy as np
import pytest

from search.train.recipe import Recipe, load_recipe
from search.train.sequences import drawn, padded

FRAMES = 40
VIDEO = np.arange(FRAMES, dtype=np.float32)[:, None].repeat(3, 1)  # frame n holds n


def many(number: int = 300, **settings: object) -> list[np.ndarray]:
    recipe = Recipe("own", 0.1, 8, 1, **settings)  # type: ignore[arg-type]
    random = np.random.default_rng(0)
    return [drawn(VIDEO, recipe, random) for _ in range(number)]


def test_without_settings_a_sequence_is_the_video():
    assert np.array_equal(many(1)[0], VIDEO)


def test_parts_are_of_every_length_from_the_shortest_to_the_whole():
    found = many(shortest=16)
    assert {len(each) for each in found} == set(range(16, FRAMES + 1))
    assert all(np.array_equal(np.diff(each[:, 0]), np.ones(len(each) - 1)) for each in found)
    assert len({float(each[0, 0]) for each in found}) > 10
    assert {len(each) for each in many(shortest=100)} == {FRAMES}


def test_as_many_sequences_are_thinned_as_the_recipe_says():
    found = many(2000, thinning=(0.3, 0.14, 0.11))
    steps = np.array([int(each[1, 0] - each[0, 0]) for each in found])
    shares = [(steps == step).mean() for step in (1, 2, 3, 4)]
    assert shares == pytest.approx([0.45, 0.3, 0.14, 0.11], abs=0.03)
    assert all((np.diff(each[:, 0]) == step).all() for each, step in zip(found, steps, strict=True))


def test_noise_replaces_one_run_of_up_to_its_share():
    changed = [(each != VIDEO).any(1) for each in many(replaced=0.25)]
    assert max(each.sum() for each in changed) == FRAMES / 4
    assert min(each.sum() for each in changed) == 0
    assert all((np.diff(each.astype(int)) == 1).sum() <= 1 for each in changed)


def test_noise_has_the_variance_that_the_recipe_says():
    added = np.concatenate([each - VIDEO for each in many(noise=0.005)])
    assert added.mean() == pytest.approx(0, abs=0.001)
    assert added.var() == pytest.approx(0.005, rel=0.02)


def test_what_is_missing_of_the_longest_is_zero_and_stands_behind():
    found = padded([VIDEO, VIDEO[:4]], FRAMES)
    assert found.shape == (2, 3, FRAMES)
    assert np.array_equal(found[1, 0, :4], VIDEO[:4, 0])
    assert not found[1, :, 4:].any()


def test_the_recipe_of_recurrent_heads_is_that_of_the_paper():
    recipe = load_recipe("d3d_rnn")
    assert (recipe.shortest, recipe.thinning) == (16, (0.3, 0.14, 0.11))
    assert (recipe.noise, recipe.hidden_dropout, recipe.learning_rate) == (0.005, 0.3, 0.1)
