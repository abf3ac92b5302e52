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


@pytest.mark.parametrize(("sram", "told"), [("1MiB", "; it fits"), ("10KiB", "; it does not fit")])
def test_a_report_of_memory_says_what_a_chip_holds(sram: str, told: str, tmp_path: Path, capsys):
    line = ["report", "memory", "digits", "--continual", "--state", "window", "--npu", "--sram", sram]
    assert cli.main([*line, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().err
    assert "on a chip, in 8 bits: 0.02 MiB of weights in flash" in said
    assert f"{told}\n" in said
    rows = (tmp_path / "npu.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == [
        *("figure", "weights", "state", "state written", "maps", "SRAM", "left of SRAM")
    ]
    assert "## On a chip, in 8 bits" in (tmp_path / "memory.md").read_text()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--npu", "--npu: is for streams; add --continual"),
        ("--sram 4MiB", "--sram: is asked of a chip here; add --npu"),
    ],
)
def test_a_chip_is_asked_of_streams_alone(options: str, told: str, tmp_path: Path, capsys):
    assert cli.main(["report", "memory", "digits", *options.split(), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {told}"
    assert not (tmp_path / "out").exists()
