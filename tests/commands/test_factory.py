"""A PyTorch factory stands where SPEC does, on every command; a path with a colon stays a path."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import own_modules
import pytest

from cli import main
from commands.factory import is_factory
from commands.source import Source

FACTORY = f"{own_modules.__file__}:Residual"
SIZES = ["--input", "1x3x4x8x8"]


@pytest.mark.parametrize(
    "spec",
    ["pkg.mod:factory", "torchvision.models.video:r3d_18", "my/net.py:Net.made", "C:\\nets\\net.py:make"],
)
def test_a_factory_is_told_by_its_form(spec: str):
    assert is_factory(spec)


@pytest.mark.parametrize(
    "spec",
    ["x3d_m", "C:\\nets\\mine.yaml", "C:mine.yaml", "a:b/mine", "a b:c", "w:1", "a:w.safetensors", ":f"],
)
def test_a_path_with_a_colon_is_no_factory(spec: str):
    assert not is_factory(spec)


def test_a_file_whose_name_is_like_a_factory_is_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("nets:mine").write_text("name: mine\n")
    assert not is_factory("nets:mine")


def test_analyze_takes_a_factory(capsys: pytest.CaptureFixture[str]):
    assert main(["analyze", FACTORY, *SIZES, "--args", "[7]", "--continual", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["params"] == 2611


def test_commands_with_weights_take_those_of_its_module(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["emit", FACTORY, *SIZES, "--continual", "--out", str(tmp_path / "net.py")]) == 0
    assert "16 tensors read from" in capsys.readouterr().err
    given = ["validate", FACTORY, *SIZES, "--against", FACTORY, "--format", "json"]
    assert main(given) == 0
    rows = json.loads(capsys.readouterr().out)["checks"]
    assert [(row["what"], row["holds"]) for row in rows] == [
        ("answers_equal_the_module_fp32", True),
        ("answers_equal_the_module_fp64", True),
    ]


def test_its_flags_can_be_pasted():
    from commands.factory import Making

    found = Source.read(FACTORY, None, {}, (), Making("1x3x4x8x8", '{"classes": 7}'))
    assert found.flags == f"{FACTORY} --input 1x3x4x8x8 --args '{{\"classes\": 7}}'"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([FACTORY], f"{FACTORY}: is a factory; expected --input, such as 1x3x16x112x112"),
        ([FACTORY, "--input", "1,3"], "--input: '1,3', expected sizes such as 1x3x16x112x112"),
        (["x3d_m", *SIZES], "--input: is for package.module:factory as SPEC; name one"),
        (["nowhere.at_all:make", *SIZES], "nowhere.at_all:make: cannot be imported: ModuleNotFoundError: "),
    ],
)
def test_wrong_options_are_one_line(given: list[str], told: str, capsys: pytest.CaptureFixture[str]):
    assert main(["analyze", *given]) == 2
    assert capsys.readouterr().err.startswith(f"error: {told}")


def test_help_says_that_the_users_python_is_run(capsys: pytest.CaptureFixture[str]):
    assert main(["analyze", "--help"]) == 0
    assert "RUN" in capsys.readouterr().out


def test_an_ordinary_spec_loads_no_torch():
    code = "import sys, cli; cli.main(['analyze', 'x3d_m']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
