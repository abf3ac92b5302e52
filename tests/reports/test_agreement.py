"""The drawing of cheap scores beside training has a panel for each."""

from pathlib import Path

from reports.agreement import draw, table, write
from search.trials.agreement import Ranked, agreement

NETWORKS = [
    Ranked({"frames": 2**place}, 0.2 * place, 1, {"macs": 10.0**place, "entropy": None if place else 3.0})
    for place in range(4)
]


def test_a_score_that_not_all_networks_have_is_drawn_for_those_that_do():
    figure = draw(NETWORKS, agreement(NETWORKS), "tiny")
    panels = {axes.get_xlabel(): axes for axes in figure.axes if axes.get_visible()}
    assert list(panels) == ["macs", "entropy"]
    assert len(panels["macs"].lines[0].get_xdata()) == 4
    assert len(panels["entropy"].lines[0].get_xdata()) == 1
    assert panels["macs"].get_xscale() == "log"
    assert panels["macs"].get_title() == "rank correlation 1.00"


def test_the_table_and_the_drawing_are_written(tmp_path: Path):
    files = write(NETWORKS, agreement(NETWORKS), "tiny", tmp_path)
    assert [file.name for file in files] == ["agreement.csv", "agreement.png", "agreement.svg"]
    assert len(table(NETWORKS)) == 4
    assert files[0].read_text().splitlines()[0] == "frames,form,trained,trainings,macs,entropy"
