"""`baselines` compares searches in one study, draws them, and refuses what takes no training."""

import json
from pathlib import Path

import pytest

import cli

TOY = """
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from search.score.base import Result

class Toy:
    name = "toy_training:Toy"
    in_worker = True
    def recipe_at(self, step):
        return {}
    def __call__(self, task):
        figures = Figures(task.graph)
        return Result(float(evaluate(figures, "params")), 3 * int(evaluate(figures, "macs_per_clip")))
"""


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command on the digits network with a score that takes no time."""
    (tmp_path / "toy_training.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        fixed = ("--budget", "macs_per_clip<=4x", "--study", str(tmp_path / "study.db"), "--seeds", "1")
        code = cli.main(["baselines", "digits", *fixed, "--out", str(tmp_path / "out"), *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_methods_are_compared_and_drawn_and_a_second_run_trains_nothing(compare, tmp_path: Path):
    options = ("--score", "toy_training:Toy", "--workers", "1", "--format", "json")
    code, out, _ = compare(*options)
    assert code == 0
    found = json.loads(out)
    methods = {row["method"]: row for row in found["methods"]}
    assert {"expansion", "random", "X-Width"} <= methods.keys()
    assert methods["random"]["training_macs"] <= methods["expansion"]["training_macs"]
    assert (tmp_path / "out" / "baselines.png").read_bytes().startswith(b"\x89PNG")
    _, again, told = compare(*options)
    assert json.loads(again) == found
    assert "  candidate " not in told


def test_a_score_without_training_is_refused(compare):
    code, _, told = compare("--score", "entropy")
    assert code == 2
    assert "--score entropy: takes no training, expected one such as train" in told


def test_a_preset_supplies_the_score_and_limits(compare, tmp_path: Path):
    file = tmp_path / "preset.yaml"
    file.write_text("score: toy_training:Toy\nlimit: [params<=20000]\n")
    code, out, _ = compare("--preset", str(file), "--workers", "1", "--format", "json", "--fresh", "0")
    assert code == 0
    assert max(trial["score"] for trial in json.loads(out)["trials"]) <= 20000
