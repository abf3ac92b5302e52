"""Text from strangers reads in every format as it was, and does nothing else there."""

import ast
import csv
import io
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt  # comes with rich
from matplotlib.figure import Figure

from costmodel import escape
from costmodel.errors import one_line
from costmodel.spec.load import read_text

# Characters that mean something somewhere, drawn far more often than by chance
AWKWARD = st.text(
    st.sampled_from("'\"\\`$&<>|#*_[]{}()~^%!;=+-@\n\r\t\0\x1b\x07\x7f\x85\u202e\u2028 aZ09\U0001f600\ud800")
)
TEXT = AWKWARD | st.text()
WRITTEN = TEXT.filter(lambda text: not any("\ud800" <= each <= "\udfff" for each in text))


@given(TEXT)
def test_a_terminal_sees_printable_text_and_line_ends(text: str):
    shown = escape.terminal(text)
    assert all(line.isprintable() for line in shown.split("\n"))
    assert shown.count("\n") == text.count("\n")


@given(TEXT)
def test_a_python_string_holds_the_text(text: str):
    tree = ast.parse(f'"""{escape.python(text)}."""\nx = 1\n')
    assert len(tree.body) == 2
    assert ast.get_docstring(tree, clean=False) == f"{one_line(text)}."


def test_a_shell_reads_one_word_that_is_the_text():
    texts = [
        "",
        "a b",
        "'; touch X #",
        "$(id)`id`",
        "t\x1b]0;x\x07",
        "a\nb'\\c",
        "\u202e\U0001f600",
        "-rf",
        "C:\\n",
    ]
    words = [escape.shell(text) for text in texts]
    assert all(word.isprintable() for word in words)
    line = f"printf '%s\\0' {' '.join(words)}"
    read = subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout
    assert read.decode().split("\0")[:-1] == texts


@given(WRITTEN)
@settings(max_examples=200)
def test_markdown_shows_the_text_and_nothing_else(text: str):
    """Read by another's reader of Markdown, in a heading, a paragraph and a cell."""
    shown = escape.markdown(text)
    page = f"# a {shown}, b\n\na {shown}\n\n| a |\n| --- |\n| {shown} |\n"
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(page)
    inline = [token for token in tokens if token.type == "inline"]
    texts = ["".join(each.content for each in token.children) for token in inline]
    assert {each.type for token in inline for each in token.children} <= {"text", "text_special"}
    expected = one_line(text)
    assert [each.strip(" ") for each in texts] == [
        f"a {expected}, b",
        f"a {expected}".strip(" "),
        "a",
        expected.strip(" "),
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("macs_per_frame", "macs_per_frame"),
        ("a|b", r"a\|b"),
        ("_em_ <script>", r"\_em\_ \<script>"),
        ("# head\n[x](y)", r"# head\n\[x](y)"),
        ("84.96* and <5, ~3", "84.96* and <5, ~3"),
        ("n_H * n_W * c", "n_H * n_W * c"),
        ("C:\\users\\", r"C:\users\\"),
        ("&amp; & &", r"\&amp; & &"),
        ("-3.5 (a) x 2", "-3.5 (a) x 2"),
    ],
)
def test_markdown_escapes_what_it_would_read(text: str, shown: str):
    assert escape.markdown(text) == shown


@given(st.lists(TEXT, min_size=1, max_size=3))
def test_a_csv_cell_is_read_back_and_is_no_formula(texts: list[str]):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([escape.csv_cell(text) for text in texts])
    (row,) = csv.reader(io.StringIO(out.getvalue()))
    for cell, text in zip(row, texts, strict=True):
        assert cell.removeprefix("'") == one_line(text).removeprefix("'")
        assert cell[:1] not in ("=", "@") or len(cell) == 1


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+2", "'=1+2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        ("+a", "'+a"),
        ("\t=1", "\\t=1"),
        ("-3.5e-7", "-3.5e-7"),
        ("+1,000%", "+1,000%"),
        ("-", "-"),
        (-3, -3),
        (None, None),
        ("macs", "macs"),
    ],
)
def test_numbers_stay_and_formulas_become_text(value: object, cell: object):
    assert escape.csv_cell(value) == cell


@given(WRITTEN)
def test_xml_and_html_are_well_formed_and_hold_the_text(text: str):
    node = ElementTree.Element("name")
    node.text = escape.xml(text)
    assert (ElementTree.fromstring(ElementTree.tostring(node, "utf-8")).text or "") == one_line(text)
    reader = _Reader()
    reader.feed(f'<p title="{escape.html(text)}">{escape.html(text)}</p>')
    reader.close()
    assert reader.tags == ["p"]
    assert "".join(reader.text) == one_line(text)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text.append(data)


@given(TEXT)
def test_a_dot_string_ends_where_it_should(text: str):
    quoted = escape.dot(text)
    inner = quoted[1:-1].replace("\\\\", "").replace('\\"', "")
    assert quoted[0] == quoted[-1] == '"'
    assert '"' not in inner
    assert inner.isprintable()


@given(TEXT)
def test_latex_has_no_bare_mark_left(text: str):
    shown = escape.latex(text)
    assert "--" not in shown
    shown = re.sub(r"\\text[a-z]+\{\}|\{\[\}|-\{\}", "", shown)
    for mark in "{}$&#%_":
        shown = shown.replace(f"\\{mark}", "")
    assert not set(shown) & set('\\{}$&#%_~^<>|"\n')


@given(AWKWARD.filter(lambda text: len(text) < 20))
@settings(max_examples=20, deadline=None)
def test_a_drawing_shows_dollars_as_dollars(text: str):
    figure = Figure(figsize=(1, 1))
    figure.suptitle(escape.drawing(text.encode("ascii", "ignore").decode()))
    figure.savefig(io.BytesIO(), format="svg")  # lays the text out: a formula would raise here


@given(WRITTEN)
def test_yaml_reads_the_text_back(text: str):
    assert read_text(f"name: {escape.yaml(text)}\n", "x").value["name"].value == text
