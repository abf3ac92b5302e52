"""Settings of a recipe, and options that stand for them, outside their ranges."""

from pathlib import Path

import pytest

from costmodel.errors import OptionError, SpecError
from search.train.recipe import load_recipe


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("shortest: -1", "the number -1, expected a number from 0 to 100000"),
        ("thinning: [0.6, 0.5]", "shares that add up to 1.1, at most 1"),
        ("thinning: [1.5]", "the number 1.5, expected a number from 0 to 1"),
        ("replaced: 2", "the number 2, expected a number from 0 to 1"),
        ("noise: -1", "the number -1, expected a number from 0 to 1000"),
        ("hidden_dropout: 1", "the number 1, expected a number from 0 below 1"),
    ],
)
def test_settings_out_of_range_are_named(tmp_path: Path, line: str, message: str):
    path = tmp_path / "own.yaml"
    path.write_text(f"name: own\nlearning_rate: 0.1\nbatch: 8\nepochs: 10\n{line}\n")
    with pytest.raises(SpecError, match=message):
        load_recipe(str(path))


TEXT = "name: own\nlearning_rate: 0.1\nbatch: 8\nepochs: 10\n"


def message(path: Path) -> str:
    with pytest.raises(SpecError) as error:
        load_recipe(str(path))
    return str(error.value)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("epochs: 1e12", ":4: epochs: the number 1e+12, expected a number above 0 to 100000"),
        ("batch: 0", ":4: batch: the number 0, expected a number from 1 to 1e+06"),
        ("learning_rate: 0", ":4: learning_rate: the number 0, expected a number above 0 to 1000"),
        ("name: [a]", ":4: name: a list, expected text"),
        ("name: ~", ":4: name: nothing, expected text"),
    ],
)
def test_a_needed_setting_outside_its_range_is_named(tmp_path: Path, line: str, found: str):
    path = tmp_path / "own.yaml"
    key = line.partition(":")[0]
    rest = "".join(f"{each}\n" for each in TEXT.splitlines() if not each.startswith(f"{key}:"))
    path.write_text(f"{rest}{line}\n")
    assert message(path) == f"{path}{found}"


@pytest.mark.parametrize("epochs", [float("nan"), float("inf"), -1, 0, 1e12])
def test_options_keep_to_the_ranges_too(epochs: float):
    with pytest.raises(OptionError, match=r"^--epochs: .*, expected a number above 0 to 100000$"):
        load_recipe("x3d").with_epochs(epochs)
