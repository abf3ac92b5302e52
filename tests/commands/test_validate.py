"""`validate` prints every check and answers by its exit code."""

import json

import pytest

from cli import main
from costmodel.ops import (
    Step,
)


def test_the_command_prints_every_check_and_answers_yes(capsys: pytest.CaptureFixture[str]):
    assert main(["validate", "--random", "1", "--seed", "4", "--format", "json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert {"what", "predicted", "measured", "holds"} <= checks[0].keys()
    assert all(check["holds"] for check in checks)


def test_the_command_answers_no_where_a_figure_differs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(Step, "weights", lambda op, x: {})
    assert main(["validate", "--random", "1", "--seed", "13"]) == 1
    shown = capsys.readouterr()
    assert "params" in shown.out
    assert "validate --random 1 --seed 13 repeats it" in shown.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "SPEC: expected one, or --random N and no SPEC"),
        (["x3d_m", "--random", "2"], "SPEC: expected one, or --random N and no SPEC"),
        (["--random", "2", "--variant", "M"], "is for a SPEC; name one"),
        (["x3d_m", "--state", "window"], "is for streams; add --continual"),
    ],
)
def test_the_command_names_what_was_wrong(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["validate", *arguments]) == 2
    assert message in capsys.readouterr().err
