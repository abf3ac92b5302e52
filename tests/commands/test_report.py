from pathlib import Path

import pytest

import cli


def test_report_memory_writes_its_files_and_prints_their_paths(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(["report", "memory", "x3d_m", "--continual", "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out.split()
    assert sorted(printed) == sorted(str(path) for path in (tmp_path / "out").iterdir())
    page = (tmp_path / "out" / "memory.md").read_text()
    assert "## Table 4 of the paper" in page
    assert "From clips of 8 frames on, frame by frame needs less." in page


def test_a_folder_that_cannot_be_written_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "out").write_text("mine")
    assert cli.main(["report", "memory", "x3d_m", "--out", str(tmp_path / "out")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.endswith("out: is a file, expected a folder to write to\n")
    assert printed.err.count("\n") == 1
