"""A paper's figures: costs are ours, accuracies and speeds those that it prints."""

import shlex
from pathlib import Path

import pytest

from cli import main
from costmodel.errors import OptionError
from reports import paper_figures
from reports.paper_drawing import draw
from reports.paper_figures import OWN, PaperFigure, figure_of, with_study
from reports.papers import paper, paper_names

DRAWN = [
    f"{name}:{label}"
    for name in paper_names()
    for label, item in paper(name).drawn.items()
    if "none" not in item.value
]


@pytest.fixture(scope="module")
def figures() -> dict[str, PaperFigure]:
    return {name: figure_of(name) for name in DRAWN}


def point(figure: PaperFigure, label: str) -> dict[str, object]:
    (found,) = (row for row in figure.rows() if row["label"] == label)
    return found


def test_the_figures_that_a_paper_prints_numbers_of_are_drawn():
    of_co3d = [f"co3d:{label}" for label in (1, 6, 7, 8, 9)]
    assert sorted(DRAWN) == ["atfr:4", *of_co3d, "x3d:2", "x3d:3", "x3d:A4"]


def test_costs_are_computed_and_speeds_as_published(figures: dict[str, PaperFigure]):
    cost = point(figures["co3d:1"], "CoX3D-M_64")
    assert (cost["x"], cost["x_is"], cost["y"], cost["y_is"]) == (0.325476793, "computed", 71.03, "published")
    speed = point(figures["co3d:6"], "CoX3D-M_64")
    assert (speed["x"], speed["x_is"]) == (7.51, "published")
    assert point(figures["atfr:4"], "X3D-XL, beta+ATFR")["x_is"] == "published"


def test_the_expansion_has_the_costs_of_its_steps(figures: dict[str, PaperFigure]):
    figure = figures["x3d:2"]
    assert point(figure, "X2D")["x"] == pytest.approx(0.020662304)
    assert point(figure, "depth")["y"] == 51.3
    assert [round(cost, 2) for cost in figure.alone] == [0.08, 0.15, 0.30, 1.21, 2.42, 9.45]


@pytest.mark.parametrize("name", DRAWN)
def test_every_point_is_drawn_with_its_label(name: str, figures: dict[str, PaperFigure]):
    axes = draw(figures[name]).axes[0]
    labels = [row["label"] for row in figures[name].rows()]
    assert labels
    assert sorted(text.get_text() for text in axes.texts[1:]) == sorted(labels)
    assert axes.get_legend_handles_labels()[1][: len(figures[name].series)] == [
        series.name for series in figures[name].series
    ]


def test_ones_own_networks_stand_on_top(monkeypatch: pytest.MonkeyPatch, figures: dict[str, PaperFigure]):
    scored = {"score_name": "train", "score": 0.5, "costs": {"macs_per_clip": 2_000_000_000}}
    failed = {"score_name": "train", "score": None, "costs": {}}
    monkeypatch.setattr("search.study.study.read_study", _opened)
    monkeypatch.setattr("search.study.history.candidates_of", lambda study: [scored, failed])
    figure = with_study(figures["x3d:2"], Path("study.db"))
    own = [row for row in figure.rows() if row["series"] == OWN]
    assert [(row["x"], row["y"], row["y_is"]) for row in own] == [(2.0, 50.0, "measured")]
    with pytest.raises(OptionError, match="has no trained network with macs_per_frame"):
        with_study(figures["co3d:1"], Path("study.db"))
    with pytest.raises(OptionError, match="--study: its networks have no speed"):
        with_study(figures["co3d:6"], Path("study.db"))


class _opened:  # noqa: N801 - stands for a function that opens a study
    def __init__(self, path: Path) -> None: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *error: object) -> None: ...


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("co3d", "--figure: 'co3d', expected PAPER:FIGURE such as co3d:1"),
        ("co4d:1", "--figure: unknown paper 'co4d'"),
        ("co3d:2", "--figure: co3d has no figure '2' (known: 1, 6, 7, 8, 9)"),
        ("d3d:6", "--figure: d3d:6: accuracy against the length of training clips: its numbers stand in"),
        ("atfr:3", "--figure: atfr:3: a histogram of active bins: its numbers stand in the picture alone"),
    ],
)
def test_a_figure_that_cannot_be_drawn_is_one_line(name: str, message: str):
    with pytest.raises(OptionError) as error:
        paper_figures.figure_of(name)
    assert str(error.value).startswith(message)


def test_a_refusal_names_a_command_that_computes_what_can_be(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(OptionError) as error:
        paper_figures.figure_of("atfr:3")
    words = shlex.split(str(error.value).partition("computed by: costmodel ")[2])
    assert main([*words, "--metrics", "macs_per_clip", "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + 32
