"""What `costmodel.NAME` takes, and how graphs and analyses show themselves."""

from pathlib import Path

import pytest

import costmodel
from costmodel.emit import emit
from costmodel.errors import CostModelError
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.spec.document import shipped_folder, shipped_names

PLAIN = "input: {channels: 3, time: 4, height: 8, width: 8}\nnetwork:\n  - conv: {name: NAME, channels: 4}\n"


@pytest.mark.parametrize("given", ["x3d_s", shipped_folder() / "x3d_s.yaml", Network.of("x3d", "S")])
def test_networks_are_paths_names_and_objects(given: str | Path | Network):
    assert costmodel.analyze(given).totals == costmodel.analyze(costmodel.load("x3d_s")).totals
    assert costmodel.continual(given).is_stream


@pytest.mark.parametrize("call", [costmodel.analyze, costmodel.continual, emit])
def test_what_is_no_network_is_refused(call):
    for wrong in (5, None, {"network": []}):
        with pytest.raises(CostModelError, match=r"found (int|NoneType|dict), expected"):
            call(wrong)


@pytest.mark.parametrize("name", shipped_names())
def test_a_graph_and_an_analysis_show_themselves_in_few_lines(name: str):
    graph = costmodel.load(name)
    for shown in (repr(graph), repr(costmodel.analyze(graph)), repr(Network.of(name))):
        assert 1 <= len(shown.split("\n")) < 20
        assert len(max(shown.split("\n"), key=len)) < 400
    assert len(max(repr(graph).split("\n"), key=len)) <= 81  # the last with its bracket


def test_an_analysis_shows_its_totals_and_stages():
    shown = repr(costmodel.analyze(costmodel.continual("x3d_m")))
    assert "3.79 M parameters; 298 M multiply-adds for a mean frame" in shown
    assert "5.28 M numbers kept between frames; delay 43" in shown
    assert "res4" in shown


def test_a_notebook_gets_tables_and_hostile_names_as_text():
    hostile = PLAIN.replace("NAME", "a.b-1").replace("input:", "name: '<script>x</script>'\ninput:")
    graph = Network(from_text(hostile, "tiny")).graph()
    shown = costmodel.analyze(graph)._repr_html_()
    assert "<table" in shown
    for each in (shown, graph._repr_html_()):
        assert "<script>" not in each
        assert "&lt;script&gt;" in each


@pytest.mark.parametrize("name", ["x3d_m", "slowfast"])
def test_a_drawing_has_a_bar_for_each_stage(name: str):
    for graph in (costmodel.load(name), costmodel.continual(name)):
        analysis = costmodel.analyze(graph)
        figure = analysis.plot()
        stages = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        assert len(figure.axes[0].patches) == len(stages)
        macs = sum(bar.get_width() for bar in figure.axes[0].patches)
        assert macs == pytest.approx(sum(row["macs"] for row in analysis.rows))


def test_names_are_told_and_loaded_when_asked_for():
    assert set(costmodel.__all__) <= set(dir(costmodel))
    with pytest.raises(AttributeError, match="no attribute 'resolve'"):
        costmodel.resolve  # noqa: B018
