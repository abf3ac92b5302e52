"""A published row that is wrong is an error that names the row."""

import pytest

import cli
from costmodel.errors import SpecError
from costmodel.spec.load import read_text
from reports import papers
from reports.papers import read_paper
from reports.reproduce import reproduce_paper

PAPER = """
paper: test
source: A paper
convention: mac
networks:
  small: {spec: x3d, variant: XS}
tables:
  - table: "1"
    columns:
      - {figure: FLOPs, unit: G, value: count / 1e9}
      - {figure: accuracy, measured: of trained weights}
    rows:
      - {row: X3D-XS, network: small, printed: "0.61 68.6"}
"""


def judged(old: str = "", new: str = "") -> list:
    assert old in PAPER
    return reproduce_paper(read_paper(read_text(PAPER.replace(old, new), "test.yaml")))


def test_a_right_row_is_judged():
    flops, accuracy = judged()
    assert (flops.verdict, accuracy.verdict) == ("exact", "measured")


ROW = "test, table 1, X3D-XS, FLOPs: "


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("spec: x3d", "spec: x4d", f"{ROW}x4d: neither a file nor a shipped spec (did you mean 'x3d'?)"),
        ("variant: XS", "variant: XSS", "variant: unknown 'XSS' (did you mean 'XS'?)"),
        (
            "variant: XS",
            "variant: XS, set: {frame: 4}",
            f"{ROW}--set frame: x3d has no such size (did you mean 'frames'?)",
        ),
        (
            "variant: XS",
            "variant: XS, continual: true, pool: 0",
            f"{ROW}--pool: 0, expected 1 to 100000 input frames",
        ),
        (
            "variant: XS",
            "varient: XS",
            "networks.small.varient: unknown key 'varient' (did",
        ),
        ("convention: mac", "convention: macs", f"{ROW}--convention: unknown 'macs', expected one of mac,"),
        ("count / 1e9", "counts / 1e9", f"{ROW}unknown name 'counts' (did you mean 'count'?)"),
        ("count / 1e9", "small.counts", f"{ROW}unknown name 'small.counts'"),
        ("count / 1e9", "big.count", f"{ROW}unknown network 'big' (known: small)"),
        ("count / 1e9", "count.real()", f"{ROW}'count.real()' is not arithmetic"),
        ("count / 1e9", "transient", f"{ROW}transient does not apply here"),
        ("network: small", "network: smal", f"{ROW}unknown network 'smal' (did you mean 'small'?)"),
        ("network: small, ", "", f"{ROW}no `network` to take the figure of"),
        ('"0.61 68.6"', '"0.6l 68.6"', f"{ROW}'0.6l' is no figure"),
        ('"0.61 68.6"', '"0.61"', "test, table 1, X3D-XS: 1 figures for 2 columns"),
        ('"0.61 68.6"', "0.61", "test, table 1, X3D-XS: the number 0.61, expected the figure as printed"),
        (", value: count / 1e9", "", f"{ROW}nothing to compare with, expected `value`, or one of open"),
        ("network: small, ", "network: small, layers: [res9.*], ", f"{ROW}no layer of x3d XS matches res9.*"),
        (
            "network: small, ",
            'network: small, with: {a: ["1", X3D, FLOPs]}, ',
            f"{ROW}`with` names no figure",
        ),
        ("row: X3D-XS, ", "", "table 1: a row without its label `row`"),
    ],
)
def test_a_wrong_row_is_named(old: str, new: str, message: str):
    with pytest.raises(SpecError) as error:
        judged(old, new)
    assert message in str(error.value)
    assert str(error.value).startswith("test.yaml:")


def test_a_row_that_stands_twice_is_named():
    row = '      - {row: X3D-XS, network: small, printed: "0.61 68.6"}\n'
    with pytest.raises(SpecError, match="table 1, X3D-XS: stands twice"):
        judged(row, row + row)


def test_the_command_ends_with_exit_code_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path
):
    (tmp_path / "test.yaml").write_text(PAPER.replace("spec: x3d", "spec: x4d"))
    monkeypatch.setattr(papers, "_files", lambda: {"test": tmp_path / "test.yaml"})
    assert cli.main(["reproduce", "test"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "test, table 1, X3D-XS, FLOPs: x4d: neither a file nor a shipped spec" in captured.err
    assert captured.err.count("\n") == 1


def test_a_network_without_a_spec_leaves_its_figures_open():
    flops, _ = judged("{spec: x3d, variant: XS}", "{open: only totals are published}")
    assert (flops.verdict, flops.value, flops.reason) == ("open", None, "only totals are published")


def test_what_is_close_says_by_how_much():
    assert judged("0.61", "0.60")[0].reason == "cut off, not rounded; off by +0.876 %"
    assert judged("0.61", "0.60")[0].verdict == "close"


def test_what_is_far_off_is_not_close():
    flops, _ = judged("0.61", "0.66")
    assert flops.verdict == "open"
    assert flops.reason == "off by -8.29 %, unexplained"


def test_what_comes_out_of_something_else_is_substituted():
    (flops, _) = judged("value: count / 1e9", "value: count / 1e9, substituted: of a smaller clip")
    assert (flops.verdict, flops.reason) == ("substituted", "of a smaller clip")


def test_what_gives_the_printed_figure_instead_must():
    text = "value: count / 1e9, refuted: counts weights, instead: weights / 1e6"
    with pytest.raises(
        SpecError, match=r"instead: weights / 1e6 is 3\.75874, expected what is printed as 0\.66"
    ):
        reproduce_paper(
            read_paper(read_text(PAPER.replace("value: count / 1e9", text).replace("0.61", "0.66"), "x"))
        )
    other = PAPER.replace("value: count / 1e9", text).replace("0.61", "3.76")
    flops, _ = reproduce_paper(read_paper(read_text(other, "x")))
    assert (flops.verdict, flops.reason) == ("refuted", "counts weights: 3.75874")


def test_numbers_of_a_reason_are_computed():
    text = 'value: count / 1e9, note: "of {frames} frames, {params} values, {count / printed / 1e9} times"'
    (flops, _) = judged("value: count / 1e9", text)
    assert flops.reason == "of 4 frames, 3,794,322 values, 0.992224 times"


def test_an_exact_figure_says_what_it_is_computed_from():
    assert judged()[0].reason == "count / 1e9 of x3d --variant XS"


def test_what_a_paper_does_not_print_gives_so_many_of_its_figures():
    (flops, _) = judged("value: count / 1e9", "value: count / 1e9, implied: how it counts")
    assert (flops.verdict, flops.reason) == ("implied", "how it counts; gives all 1 such figures")


def test_a_quoted_figure_stands_beside_ours():
    text = 'value: count / 1e9, cited: "[7]"'
    assert judged("value: count / 1e9", text)[0].reason == "quoted from [7]; ours is the same"
    other = PAPER.replace("value: count / 1e9", text).replace("0.61", "0.71")
    flops, _ = reproduce_paper(read_paper(read_text(other, "x")))
    assert flops.reason == "quoted from [7]; ours is off by -14.8 %"


def test_a_file_of_ones_own_is_a_paper(tmp_path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "mine.yaml").write_text(PAPER)
    assert cli.main(["reproduce", str(tmp_path / "mine.yaml"), "--all", "--format", "md"]) == 0
    assert "| test | 1 | X3D-XS | FLOPs | 0.61 G | 0.61 | exact |" in capsys.readouterr().out
    assert cli.main(["reproduce", "--table", f"{tmp_path / 'mine.yaml'}:1"]) == 0
    assert "68.6*" in capsys.readouterr().out
    assert cli.main(["reproduce", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml: there is no such file" in capsys.readouterr().err
