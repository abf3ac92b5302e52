import pytest

from costmodel import load
from reports.cells import Cell
from reports.published import _figures, is_cox3d_m, table_4, text_figures
from reports.reproduce import Ours, Reproduced


def test_the_papers_rows_add_up_to_its_total():
    table = table_4()
    rows, total = table[:-1], table.iloc[-1]
    for column in ("paper", "right", "smallest", "library"):
        assert rows[column].sum() == total[column]
    assert list(total[["paper", "right", "smallest", "library"]]) == [
        4_771_632,
        5_279_664,
        4_988_016,
        11_695_104,
    ]


def test_every_printed_formula_gives_the_printed_value():
    for formula, floats in table_4()[["formula", "paper"]].itertuples(index=False):
        if formula:
            assert eval(formula.replace("x", "*").replace("[", "(").replace("]", ")")) == floats


def test_only_the_convolutions_of_res2_differ():
    table = table_4()[:-1]
    different = table[table["difference"] != 0]
    assert list(different["stage"] + " " + different["layer"]) == ["res2 conv1-3"]
    assert "eq. 5 gives the factor (3 - 1)" in different["why"].iloc[0]


def test_the_right_value_of_a_row_is_that_of_its_layers():
    values = table_4().set_index(["stage", "layer"])
    assert list(values.loc[("res2", "residual1")][["right", "smallest"]]) == [301_056, 75_264]
    assert list(values.loc[("res5", "conv1-3")][["right", "smallest"]]) == [296_352, 296_352]


def test_the_figures_of_the_text_are_computed_anew_and_each_says_why_it_differs():
    figures = text_figures()
    right = figures.set_index("what")["right"]
    assert right["largest map of a frame"] == 677_376
    assert right["worst case of CoX3D-M"] == 5_279_664 + 677_376
    assert right["worst case of X3D-M64"] == 9_483_264 + 43_352_064
    assert right["state of squeeze-excite pools over the clip"] == 15 * 3_456
    assert right["residuals in the state of CoX3D-M"] == 18.53
    refuted = figures[figures["verdict"] == "refuted"]
    assert len(refuted) == 12
    assert (refuted["why"] != "").all()


def test_table_4_is_about_x3d_m_alone():
    assert is_cox3d_m(load("x3d_m"))
    assert not is_cox3d_m(load("x3d", variant="M", crop=256))
    assert not is_cox3d_m(load("x3d", variant="S"))


def test_no_other_figure_of_the_paper_is_computed(monkeypatch: pytest.MonkeyPatch):
    asked: list[tuple[str, str]] = []
    computed = Ours.reproduced

    def counted(ours: Ours, cell: Cell) -> Reproduced:
        asked.append((cell.table, cell.row))
        return computed(ours, cell)

    monkeypatch.setattr(Ours, "reproduced", counted)
    _figures.cache_clear()
    shown = len(table_4()) - 1 + len(text_figures())  # one row is of no figure: squeeze-excite
    assert len(asked) == shown
