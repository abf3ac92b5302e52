from pathlib import Path

import pytest

from costmodel.errors import SpecError
from search.train.recipe import Recipe, load_recipe, recipe_names

TEXT = "name: own\nlearning_rate: 0.1\nbatch: 8\nepochs: 10\n"


def own(tmp_path: Path, more: str = "") -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(TEXT + more)
    return path


def message(path: Path) -> str:
    with pytest.raises(SpecError) as error:
        load_recipe(str(path))
    return str(error.value)


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_loads_under_its_own_name(name: str):
    assert load_recipe(name).name == name


def test_the_x3d_recipe_is_that_of_the_paper():
    recipe = load_recipe("x3d")
    assert (recipe.learning_rate, recipe.batch, recipe.epochs, recipe.momentum) == (1.6, 1024, 256, 0.9)
    assert (recipe.weight_decay, recipe.dropout) == (5e-5, 0.5)
    assert recipe.warmup == pytest.approx(256 * 8_000 / 60_000)


def test_the_x3d_rate_rises_linearly_then_falls_as_half_a_cosine():
    recipe = load_recipe("x3d")
    assert recipe.rate_at(0) == 0
    assert recipe.rate_at(recipe.warmup / 2) == pytest.approx(0.8)
    assert recipe.rate_at(128) == pytest.approx(0.8)
    assert recipe.rate_at(192) == pytest.approx(1.6 * 0.5 * (1 - 2**-0.5))
    assert recipe.rate_at(256) == pytest.approx(0)


def test_milestones_let_the_rate_fall():
    recipe = load_recipe("efficient3d_finetune")
    assert [recipe.rate_at(epoch) for epoch in (29, 30, 45)] == pytest.approx([0.01, 0.001, 0.0001])


def test_plateaus_let_the_rate_fall():
    recipe = load_recipe("d3d")
    assert [recipe.rate_at(50, falls) for falls in (0, 1, 3)] == pytest.approx([0.1, 0.01, 0.0001])


def test_an_expansion_is_regularised_step_by_step():
    steps = [load_recipe("x3d").at_step(step) for step in (0, 7, 8, 11, 13)]
    assert [recipe.batch for recipe in steps] == [2048, 2048, 1024, 1024, 1024]
    assert [recipe.micro for recipe in steps] == [16, 16, 8, 8, 8]
    assert [recipe.epochs for recipe in steps] == [128] * 5
    assert [recipe.drop_connect for recipe in steps] == [0, 0, 0, 0.1, 0.2]


def test_another_batch_keeps_the_rate_of_a_clip():
    recipe = load_recipe("x3d").with_batch(64)
    assert recipe.learning_rate == pytest.approx(0.1)


def test_equal_settings_have_equal_keys_whatever_their_name(tmp_path: Path):
    path = own(tmp_path)
    first = load_recipe(str(path))
    path.write_text(TEXT.replace("own", "other"))
    assert load_recipe(str(path)).key == first.key
    path.write_text(TEXT.replace("0.1", "0.2"))
    assert load_recipe(str(path)).key != first.key


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("momentun: 0.9", ":5: momentun: unknown setting (did you mean 'momentum'?)"),
        ("micro: 1.5", ":5: micro: the number 1.5, expected a whole number"),
        ("momentum: -1", ":5: momentum: the number -1, expected a number from 0 below 1"),
        ("dropout: 2", ":5: dropout: the number 2, expected a number from 0 below 1"),
        ("scales: [1, 0]", ":5: scales[1]: the number 0, expected a number from 0.1 to 10"),
        ("scales: []", ":5: scales: an empty list, expected one scale or more"),
        ("schedule: [cosine]", ":5: schedule: a list, expected cosine, steps, plateau, constant"),
        ("patience: 0", ":5: patience: the number 0, expected a number from 1 to 100000"),
        ("warmup: a + 1", ":5: warmup: unknown name 'a'"),
        ("warmup: 1 / 0", ":5: warmup: '1 / 0' divides by zero"),
        ("milestones: [{a: 1}]", ":5: milestones[0]: a mapping, expected a number or arithmetic"),
        ("mirror: ~", ":5: mirror: nothing, expected true or false"),
        ("expansion: [{step: 1.5}]", ":5: expansion[0]: step is 1.5, expected a whole number"),
        (
            "expansion: [{step: 1, batch: 0}]",
            ":5: expansion[0].batch: the number 0, expected a number above 0 to 1000",
        ),
        ("expansion: [[step]]", ":5: expansion[0]: expected {step: N} with batch, epochs or drop_connect"),
        ("mirror: 3", ":5: mirror: the number 3, expected true or false"),
        ("scales: 2", ":5: scales: the number 2, expected a list"),
        ("schedule: linear", ":5: schedule: 'linear', expected cosine, steps, plateau, constant"),
        ("expansion: [{at: 3}]", ":5: expansion[0]: expected {step: N} with batch, epochs or drop_connect"),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(tmp_path: Path, more: str, found: str):
    path = own(tmp_path, more)
    assert message(path) == f"{path}{found}"


def test_a_missing_setting_is_named(tmp_path: Path):
    path = tmp_path / "a.yaml"
    path.write_text("name: a\n")
    assert message(path) == f"{path}:1: no 'learning_rate', expected one in a recipe"


def test_an_unknown_recipe_names_the_nearest():
    with pytest.raises(SpecError) as error:
        load_recipe("x3")
    assert str(error.value) == "--recipe: unknown 'x3' (did you mean 'x3d'?)"


def test_a_recipe_without_a_warm_up_starts_at_its_rate():
    assert Recipe("own", 0.1, 8, 10).rate_at(0) == pytest.approx(0.1)


def test_the_clips_in_memory_at_once_are_a_part_of_a_batch_or_all_videos():
    recipe = load_recipe("x3d")
    assert recipe.clips_at_once(1000) == 8
    assert load_recipe("digits").clips_at_once(1000) == 32
    assert recipe.clips_at_once(5) == 5
