"""Commands as functions of Python: what they take, give back and refuse, and the examples of their help."""

import doctest
import inspect
from pathlib import Path

import pandas as pd
import pytest

import costmodel
from commands.index import COMMANDS
from commands.python import EXAMPLES
from costmodel.answer import MOST_LINES, Answer, cut
from costmodel.errors import CostModelError, OptionError

# Those that run no network.
QUICK = {"solve", "sweep", "compare", "diff", "check", "diagnose"}


def run_examples(name: str) -> None:
    finder, runner = doctest.DocTestFinder(exclude_empty=True), doctest.DocTestRunner()
    (found,) = finder.find(getattr(costmodel, name), name, globs={"costmodel": costmodel})
    assert found.examples
    assert runner.run(found).failed == 0


@pytest.mark.parametrize("name", [*sorted(QUICK), "analyze", "continual"])
def test_the_examples_of_the_help_run(name: str):
    run_examples(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - QUICK))
def test_the_examples_that_run_networks_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    run_examples(name)


def test_every_function_is_a_command_and_part_of_the_package():
    assert EXAMPLES.keys() <= COMMANDS.keys()
    assert EXAMPLES.keys() <= set(costmodel.__all__)


def test_a_function_tells_the_options_of_its_command():
    names = inspect.signature(costmodel.solve).parameters
    assert {"maximize", "limit", "over", "continual", "set"} <= names.keys()
    assert "format" not in names
    assert "maximize: What is to be large" in str(costmodel.solve.__doc__)


def test_an_answer_is_its_json_its_table_and_its_text(capsys: pytest.CaptureFixture[str]):
    found = costmodel.sweep("x3d_m", grid="frames=8,16", metrics=["macs_per_clip", "params"])
    assert (found["command"], found["designs"]) == ("sweep", 2)
    assert isinstance(found.table, pd.DataFrame)
    assert list(found.table["frames"]) == [8, 16]
    assert "macs per clip" in repr(found)
    assert "<table" in found._repr_html_()
    assert capsys.readouterr().out == ""


def test_networks_are_paths_names_and_objects():
    own = costmodel.Network.of("x3d", "S", {"crop": 96})
    by_object, by_name = (
        costmodel.diagnose(own),
        costmodel.diagnose("x3d", variant="S", set={"crop": 96}),
    )
    assert dict(by_object) == dict(by_name)
    assert costmodel.compare(own, Path("x3d_s")).table["network"].tolist()[0] == own.flags


def test_no_is_an_answer():
    assert not costmodel.diff("x3d_s", "x3d_m").holds
    assert costmodel.diff("x3d_s", "x3d_s").holds


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: costmodel.solve("x3d", maximise="entropy"), "'maximise' is no option .* 'maximize'"),
        (lambda: costmodel.solve(5), "found int, expected a path"),
        (lambda: costmodel.solve("x3d_mm"), "neither a file nor a shipped spec"),
        (lambda: costmodel.diagnose("x3d_s", continual="yes"), "expected True or False"),
        (lambda: costmodel.solve("x3d", format="json"), "'format' is no option"),
    ],
)
def test_a_wrong_call_is_one_line(call, message: str):
    with pytest.raises(OptionError if "neither" not in message else CostModelError, match=message):
        call()


def test_a_long_text_is_cut():
    assert cut("a\n" * MOST_LINES) == "\n".join("a" * MOST_LINES)
    lines = cut("a\n" * 100).split("\n")
    assert (len(lines), lines[-1]) == (MOST_LINES, "... and 81 lines more")


def test_an_empty_answer_has_an_empty_table():
    assert Answer().table.empty
    assert dict(Answer()) == {}
