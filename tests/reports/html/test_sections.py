from reports.html.parts import known_columns
from reports.html.sections import Section, page, section_of
from reports.table import Table

TABLE = Table(
    [{"network": "3d <b>", "params": 1234, "state": "4.61 MiB", "note": "2 of 3 frames"}],
    ("network", "params", "state", "note"),
)


def test_columns_of_numbers_are_told_by_their_values():
    assert [each.is_number for each in known_columns(TABLE).values()] == [False, True, True, False]


def test_a_section_shows_a_report_s_table_escaped():
    text = page("title", [section_of(TABLE, "All & more", "about it")], "").decode()
    assert '<section id="all---more"><h2>All &amp; more</h2>' in text
    assert "3d &lt;b&gt;" in text
    assert ">1,234<" in text.replace("\n", "<")


def test_a_page_without_figures_has_no_definitions():
    assert "Definitions" not in page("title", [Section("one")], "").decode()
