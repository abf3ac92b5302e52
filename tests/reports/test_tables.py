"""Rows as CSV, Markdown and LaTeX: what reads a format reads them."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from awkward_table import TABLE

from reports.tables import markdown


def test_csv_is_read_back():
    rows = list(csv.DictReader(io.StringIO(TABLE.render("csv"))))
    assert rows[0] == {"name": "res_1 & 50%", "macs": "1234567", "delay": "inf"}
    assert rows[1]["macs"] == ""


def test_markdown_keeps_a_bar_inside_its_cell():
    line = TABLE.render("md").splitlines()[3]
    assert [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] == [r"a\|b", "-", "-"]


def test_latex_is_a_tabular_of_booktabs():
    assert TABLE.render("latex").splitlines() == [
        r"% \usepackage{booktabs}",
        r"\begin{tabular}{lrl}",
        r"\toprule",
        r"name & macs & delay \\",
        r"\midrule",
        r"res\_1 \& 50\% & 1,234,567 & unbounded \\",
        r"a\textbar{}b & - & - \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(tmp_path: Path):
    head = r"\documentclass{article}\usepackage{booktabs}\begin{document}"
    text = rf"{head}{TABLE.render('latex')}\end{{document}}"
    (tmp_path / "table.tex").write_text(text)
    subprocess.run(["pdflatex", "-halt-on-error", "table.tex"], cwd=tmp_path, check=True, capture_output=True)


def test_a_sentence_that_begins_with_a_number_stands_to_the_left():
    rows = [{"size": "4.61 MiB", "note": "1 clip, 3x8x8"}, {"size": "12 KiB", "note": "3 answers of a head"}]
    assert markdown(rows, ("size", "note")).splitlines()[1] == "| --: | --- |"


def test_a_name_that_begins_with_a_number_stands_to_the_left():
    rows = [{"class": "0or6or8 cross", "macs": "105.408 kMAC"}, {"class": "3rd test", "macs": "-27.3 k"}]
    assert markdown(rows, ("class", "macs")).splitlines()[1] == "| --- | --: |"
