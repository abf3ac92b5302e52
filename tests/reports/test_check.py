"""Baselines: what may be compared, and which figures may rise."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

import cli
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import METRICS
from costmodel.errors import OptionError
from costmodel.network import Network
from reports.check import NO_COSTS, Baseline, BaselineError, baseline_checked, tolerance_of

FORTH = ("digits", "--continual")


def written(path: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> Path:
    assert cli.main(["analyze", *arguments, "--format", "json"]) == 0
    path.write_text(capsys.readouterr().out)
    return path


@pytest.fixture
def baseline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    return written(tmp_path / "main.json", capsys, *FORTH)


def figures(sets: dict[str, int]) -> Figures:
    return Figures(Network.of("digits", None, sets).continual().graph())


def test_a_baseline_of_the_same_network_differs_in_nothing(baseline: Path):
    assert list(baseline_checked(figures({}), Baseline.read(baseline), Fraction(0))) == []


def test_a_cost_that_rises_beyond_the_tolerance_fails(baseline: Path):
    before, wider = Baseline.read(baseline), figures({"classes": 13})
    (params,) = (each for each in baseline_checked(wider, before, Fraction(0)) if each.figure == "params")
    assert not params.holds
    assert params.reason == "params was 16.412 k, is 16.541 k (+0.79 %), at most 0 % more allowed"
    loose = baseline_checked(wider, before, Fraction(1, 2))
    assert all(each.holds for each in loose)


def test_what_falls_is_told_and_holds(baseline: Path):
    found = list(baseline_checked(figures({"classes": 2}), Baseline.read(baseline), Fraction(0)))
    assert [each.holds for each in found] == [True] * len(found)
    assert "params" in {each.figure for each in found}


def test_all_that_may_rise_are_metrics():
    assert set(NO_COSTS) <= set(METRICS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x2d", "--continual"), "is of another network: model digits, expected x2d"),
        (("digits",), "is of another network: mode continual, expected clip"),
        (("digits", "--continual", "--dtype", "int8"), "dtype fp32, expected int8"),
        (("digits", "--continual", "--set", "classes=3"), 'set {}, expected {"classes": 3}'),
        (("digits", "--continual", "--excite", "clip"), "is of another network: transforms"),
    ],
)
def test_a_baseline_of_another_network_is_one_line(
    baseline: Path, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(["check", *arguments, "--baseline", str(baseline)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_what_is_no_baseline_is_one_line(tmp_path: Path):
    path = tmp_path / "main.json"
    for text in ("", "[]", "{}", '{"totals": 3}', '{"totals": {}, "network": []}', "[" * 100_000):
        path.write_text(text)
        with pytest.raises(BaselineError, match="is no baseline, expected what `costmodel analyze"):
            Baseline.read(path)
    with pytest.raises(BaselineError, match="cannot be read, no such file"):
        Baseline.read(tmp_path / "none.json")


def test_a_baseline_of_an_earlier_version_has_no_heading(baseline: Path):
    data = json.loads(baseline.read_text())
    for name in ("version", "schema", "command", "network", "dtype"):
        del data[name]
    baseline.write_text(json.dumps(data))
    Baseline.read(baseline).must_be_of(figures({}), {"variant": None, "set": {}, "transforms": []})


def test_a_tolerance_is_a_percentage():
    assert tolerance_of("2.5%") == Fraction(1, 40)
    with pytest.raises(OptionError, match=r"--tolerance: '0\.1', expected a percentage such as 1%"):
        tolerance_of("0.1")
