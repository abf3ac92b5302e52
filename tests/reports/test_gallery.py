"""The gallery is what the tool makes of its specs, and holds each network once."""

from functools import cache
from pathlib import Path

import pytest

import cli
from reports import gallery
from reports.gallery import entries

DOCS = Path(__file__).resolve().parents[2] / "docs"
rows = cache(gallery.rows)  # ten seconds


def test_the_gallery_of_the_docs_is_up_to_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(gallery, "rows", rows)
    assert cli.main(["report", "gallery", "--out", str(tmp_path)]) == 0
    made = tmp_path / "gallery.md"
    assert capsys.readouterr().out.strip() == str(made)
    assert (DOCS / "gallery.md").read_text() == made.read_text(), "make it anew: report gallery --out docs"


def test_each_network_stands_once():
    commands = [entry.command for entry in entries()]
    assert len(commands) == len(set(commands))
    assert {"x3d --variant M", "mobilenet_v1_3d --set width=0.5", "squeezenet_3d"} <= set(commands)
    assert not any(command.startswith("x3d_m") for command in commands)


def test_a_row_holds_the_figures_of_its_network():
    found, refused = rows()
    row = next(row for row in found if row["network"] == "`x3d --variant M`")
    assert (row["MACs per clip"], row["MACs per frame"], row["state"]) == (
        4_732_468_736,
        297_525_776,
        5_279_664,
    )
    assert (row["delay"], row["receptive field"]) == ("43 / 215 / 7.167", "72 / 360 / 12")
    assert len(refused) == sum("state" not in row for row in found)
