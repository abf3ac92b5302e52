"""The module that a factory makes, and what is told where it makes none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from costmodel.errors import CostModelError
from costmodel.importers import module_of
from costmodel.importers.factory import FORM

FILE = """
from torch import nn
number = 3
def make(classes=2):
    return nn.Linear(4, classes)
def broken():
    raise ValueError("no")
def none():
    return 1
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own_net_of_a_user.py"
    path.write_text(FILE)
    return path


def test_a_file_s_factory_takes_arguments_by_name_and_in_order(file: Path):
    assert module_of(f"{file}:make", '{"classes": 5}').out_features == 5
    assert module_of(f"{file}:make", "[6]").out_features == 6
    assert module_of("torch.nn:Linear", "[3, 7]").out_features == 7


def test_a_checkpoint_s_names_may_have_the_prefix_of_a_wrapper(file: Path, tmp_path: Path):
    wanted = {"weight": torch.rand(2, 4), "bias": torch.rand(2)}
    torch.save({f"module.{name}": value for name, value in wanted.items()}, tmp_path / "net.pt")
    made = module_of(f"{file}:make", checkpoint=tmp_path / "net.pt")
    assert all(torch.equal(value, wanted[name]) for name, value in made.state_dict().items())


@pytest.mark.parametrize(
    ("place", "arguments", "told"),
    [
        ("{file}", "", FORM),
        ("{file}:mak", "", "has no 'mak' (did you mean 'make'?)"),
        ("{file}:number", "", "is a int, expected a function or a class"),
        ("{file}:none", "", "made a int, expected a torch.nn.Module"),
        ("{file}:broken", "", "raised ValueError at {file}:7: no"),
        ("{file}:make", "{{", "--args: '{{' is no JSON, expected such as '{{\"classes\": 10}}'"),
        ("{file}:make", "3", "--args: a int, expected arguments by name, or a list of them"),
        (
            "nowhere_at_all:make",
            "",
            "cannot be imported: ModuleNotFoundError: No module named 'nowhere_at_all'",
        ),
        ("nowhere.py:make", "", f"there is no file nowhere.py; {FORM}"),
    ],
)
def test_what_makes_no_module_is_told(file: Path, place: str, arguments: str, told: str):
    with pytest.raises(CostModelError) as raised:
        module_of(place.format(file=file), arguments.format())
    assert told.format(file=file) in str(raised.value)


def test_a_checkpoint_of_another_network_is_refused(file: Path, tmp_path: Path):
    torch.save({"weight": torch.rand(2, 4)}, tmp_path / "net.pt")
    with pytest.raises(CostModelError, match="another network's: 1 tensors are missing, 0 are unknown"):
        module_of(f"{file}:make", checkpoint=tmp_path / "net.pt")
