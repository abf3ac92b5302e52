"""Tables and pages in every format: what reads a format reads them, and nothing that stands there changes."""

from __future__ import annotations

import json
import math

import pytest
from awkward_table import TABLE

from reports.table import FORMATS, Page, Table, Text, page_of, plain_json, whole


def test_every_format_holds_every_row():
    for format in FORMATS:
        text = TABLE.render(format)
        assert text.endswith("\n")
        assert "a" in text
        assert "1234567" in text.replace(",", "")


def test_json_has_null_for_what_is_unbounded():
    assert json.loads(TABLE.render("json"))[0]["delay"] is None


def test_json_is_that_of_pythons_own_writer():
    value = {
        "text": 'é \u2028 "quoted"\n',
        "numbers": [0, -7, 10**30, 0.1, 1e300, -0.0],
        "words": (True, False, None),
        "empty": [{}, [], (), ""],
        "deep": [[{"a": [1, {"b": 2}]}]],
        3: 1,
    }
    assert plain_json(value) == json.dumps(value, indent=2)
    assert json.loads(plain_json([math.nan, {"a": math.inf}, -math.inf])) == [None, {"a": None}, None]
    with pytest.raises(TypeError, match="set is not JSON"):
        plain_json([set()])


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
