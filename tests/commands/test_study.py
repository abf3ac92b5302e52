"""`study` prints what a study holds."""

import csv
import io
import json
from pathlib import Path

import pytest
from studies import make_study

import cli


def test_show_prints_candidates_and_decisions_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.chdir(tmp_path)
    make_study()
    capsys.readouterr()
    assert cli.main(["study", "show", "s.db", "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {"step", "axis", "score", "cost"} <= shown["decisions"][0].keys()
    expected = {"score", "costs", "settings", "versions", "seconds", "training_macs"}
    assert expected <= shown["candidates"][0].keys()


def test_csv_is_one_table_of_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_study()
    capsys.readouterr()
    assert cli.main(["study", "show", "s.db", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows
    assert [row["search"] for row in rows] == ["1"] * len(rows)
    assert all(float(row[name]) > 0 for row in rows for name in ("cost", "ratio") if row[name])


def test_a_list_tells_limits_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(tmp_path)
    line = ["search", "digits", "--score", "entropy", "--budget", "macs_per_frame<=2x", "--study", "l.db"]
    assert cli.main([*line, "--limit", "params<=40000", "--limit", "depth<=90"]) == 0
    capsys.readouterr()
    assert cli.main(["study", "list", "l.db"]) == 0
    assert "params<=40k, depth<=90" in capsys.readouterr().out
    assert cli.main(["study", "list", "l.db", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["limits"] == ["params<=40k", "depth<=90"]
