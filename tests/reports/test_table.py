"""Tables and pages in every format: what reads a format reads them, and nothing that stands there changes."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from reports.table import FORMATS, Page, Table, Text, page_of, whole

ROWS = [{"name": "res_1 & 50%", "macs": 1_234_567, "delay": math.inf}, {"name": "a|b", "macs": None}]
TABLE = Table(ROWS, ("name", "macs", "delay"), "costs", drop=("delay",))


def test_every_format_holds_every_row():
    for format in FORMATS:
        text = TABLE.render(format)
        assert text.endswith("\n")
        assert "a" in text
        assert "1234567" in text.replace(",", "")


def test_json_has_null_for_what_is_unbounded():
    assert json.loads(TABLE.render("json"))[0]["delay"] is None


def test_csv_is_read_back():
    rows = list(csv.DictReader(io.StringIO(TABLE.render("csv"))))
    assert rows[0] == {"name": "res_1 & 50%", "macs": "1234567", "delay": "unbounded"}
    assert rows[1]["macs"] == ""


def test_markdown_keeps_a_bar_inside_its_cell():
    line = TABLE.render("md").splitlines()[3]
    assert [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] == [r"a\|b", "-", "-"]


def test_latex_is_a_tabular_that_needs_no_package():
    assert TABLE.render("latex").splitlines() == [
        r"\begin{tabular}{lrl}",
        r"\hline",
        r"name & macs & delay \\",
        r"\hline",
        r"res\_1 \& 50\% & 1,234,567 & unbounded \\",
        r"a\textbar{}b & - & - \\",
        r"\hline",
        r"\end{tabular}",
    ]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(tmp_path: Path):
    text = rf"\documentclass{{article}}\begin{{document}}{TABLE.render('latex')}\end{{document}}"
    (tmp_path / "table.tex").write_text(text)
    subprocess.run(["pdflatex", "-halt-on-error", "table.tex"], cwd=tmp_path, check=True, capture_output=True)


def test_a_page_puts_text_between_tables_only_where_it_is_meant():
    page = Page(lambda: {"a": 1}, lambda: [TABLE, Text.of("so it is\n"), Text.of("# told\n", "md")])
    assert json.loads(page.render("json")) == {"a": 1}
    assert page.render("csv") == TABLE.render("csv")
    assert page.render("table") == f"{TABLE.render()}\nso it is\n"
    assert page.render("md") == f"{TABLE.render('md')}\n# told\n"
    assert page.render("latex") == TABLE.render("latex")


def test_a_document_may_have_other_parts_than_a_terminal():
    page = Page(list, lambda: [TABLE], document=lambda: [Text.of("else\n", "md", "latex")])
    assert [page.render(format) for format in ("md", "latex", "table")] == [*["else\n"] * 2, TABLE.render()]


def test_what_is_not_asked_for_is_not_made():
    def never() -> list[Table]:
        raise AssertionError

    assert Page(lambda: [1], never, None, never).render("json") == "[\n  1\n]\n"


def test_a_page_of_one_table_has_its_rows_as_json():
    assert json.loads(page_of(TABLE).render("json")) == json.loads(TABLE.render("json"))


def test_tables_without_rows_can_be_left_out():
    assert whole([Table([], ("a",)), TABLE]) == [TABLE]
