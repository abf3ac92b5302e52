"""`ablate` trains the rows of ablations in one study, and `sampling` asks for a stage."""

import json
from pathlib import Path

import pytest

import cli
from tests.commands.test_baselines import TOY


def test_rows_are_scored_in_one_study_and_a_second_run_scores_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    (tmp_path / "toy_ablation.py").write_text(TOY.replace("toy_training", "toy_ablation"))
    monkeypatch.syspath_prepend(tmp_path)
    fixed = ("--set", "frames=8", "--sgs", "res1", "--ablation", "kernel,placement", "--seeds", "2")
    options = ("--score", "toy_ablation:Toy", "--workers", "1", "--study", str(tmp_path / "a.db"))
    assert cli.main(["ablate", "digits", *fixed, *options, "--format", "json"]) == 0
    first = capsys.readouterr()
    # all rows are scored together, so that no worker waits for the end of a row
    assert first.err.rindex("  candidate ") < first.err.index("kernel, linear: ")
    rows = {row["row"]: row for row in json.loads(first.out)["rows"]}
    assert list(rows) == ["linear", "Kronecker", "no sampling", "behind conv1", "behind res1", "behind res2"]
    # The linear kernel behind res1 stands in both ablations, and is one candidate.
    assert rows["linear"]["score"] == rows["behind res1"]["score"] > rows["no sampling"]["score"]
    assert rows["linear"]["macs"] > rows["no sampling"]["macs"]  # at most: all bins, and the sampler's own
    assert rows["linear"]["seeds"] == 2
    assert cli.main(["ablate", "digits", *fixed, *options, "--format", "json"]) == 0
    again = capsys.readouterr()
    assert again.out == first.out
    assert "  candidate " not in again.err


def test_sampling_without_a_stage_is_refused(tmp_path: Path, capsys):
    assert cli.main(["sampling", "digits", "--data", "digits", "--out", str(tmp_path)]) == 2
    assert "--sgs: is missing; expected the stage behind which frames are sampled" in capsys.readouterr().err
