"""Figures of papers are a table for files, and paragraphs in a terminal that has no room for one."""

import os

import pytest

from costmodel.spec.load import read_text
from reports.figure_list import CountList, FigureList
from reports.papers import read_paper
from reports.reproduce import Reproduced, reproduce_paper

PAPER = """
paper: test
source: A paper
convention: mac
networks: {small: {spec: x3d, variant: XS}}
tables:
  - table: "1"
    columns:
      - {figure: FLOPs, unit: G, value: count / 1e9}
      - figure: params
        unit: M
        value: params / 1e6
        refuted: biases and norms are left out of the paper's own count
      - {figure: accuracy, unit: "%", measured: of trained weights}
    rows:
      - {row: X3D-XS, network: small, printed: "0.61 3.76 68.6"}
"""


@pytest.fixture(scope="module")
def figures() -> list[Reproduced]:
    return reproduce_paper(read_paper(read_text(PAPER, "test.yaml")))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch):
    """Standard output as a terminal of 60 columns."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("reports.figure_list.get_terminal_size", lambda: os.terminal_size((60, 24)))


def test_each_figure_has_its_own_lines_in_a_terminal(figures: list[Reproduced], terminal: None):
    assert FigureList(figures).render("table").splitlines() == [
        "test, table 1",
        "  exact        X3D-XS, FLOPs: 0.61 G, ours is the same",
        "               count / 1e9 of x3d --variant XS",
        "  refuted      X3D-XS, params: 3.76 M, ours 3.79432",
        "               biases and norms are left out of the paper's",
        "               own count",
        "  measured     X3D-XS, accuracy: 68.6 %",
        "               of trained weights",
    ]


def test_counts_stand_one_below_the_other_in_a_terminal(figures: list[Reproduced], terminal: None):
    lines = CountList(figures).render("table").splitlines()
    assert [line.split() for line in lines if "refuted" in line or "counted" in line] == [
        ["counted", "2"],
        ["refuted", "1"],
    ]


def test_figures_are_a_table_elsewhere(figures: list[Reproduced]):
    assert "| test | 1 | X3D-XS | params | 3.76 M | 3.79432 | refuted |" in FigureList(figures).render("md")
    heading = CountList(figures).render("md").splitlines()[0]
    assert heading.startswith("| paper | counted | exact | close | substituted | implied | refuted |")
