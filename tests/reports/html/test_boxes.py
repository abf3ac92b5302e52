from pathlib import Path

from branched import analysed

from costmodel.analysis.cost import analyze
from costmodel.network import Network
from reports.html.boxes import Layout, layout


def layout_of(analysis) -> Layout:
    return layout(analysis.figures.graph, analysis)


def names(analysis, box) -> list[str]:
    return [analysis.rows[place]["name"] for place in box.layers]


def test_a_layer_that_only_changes_values_shares_the_box_ahead(tmp_path: Path):
    analysis = analysed(tmp_path)
    boxes = layout_of(analysis).boxes
    assert ["early.a", "early.b"] in [names(analysis, box) for box in boxes]
    assert sorted(place for box in boxes for place in box.layers) == list(range(len(analysis.rows)))


def test_a_branch_stands_below_the_longest_way(tmp_path: Path):
    analysis = analysed(tmp_path)
    lanes = {name: box.lane for box in layout_of(analysis).boxes for name in names(analysis, box)}
    assert lanes["main.a"] == lanes["add"] == 0
    assert [lanes[name] for name in lanes if "delay" in name] == [1]


def test_no_two_boxes_and_no_box_and_line_share_a_place():
    for spec in ("x3d_xs", "slowfast"):
        analysis = analyze(Network.of(spec).continual().graph())
        found = layout_of(analysis)
        taken = [(box.row, box.column, box.lane) for box in found.boxes]
        assert len(taken) == len(set(taken))
        for line in found.lines:
            source, target = found.boxes[line.source], found.boxes[line.target]
            between = {(source.row, column, line.lane) for column in range(source.column + 1, target.column)}
            assert not between & set(taken)


def test_every_box_stands_behind_what_it_reads():
    analysis = analyze(Network.of("x3d_m").continual().graph())
    boxes = layout_of(analysis).boxes
    for box in boxes[1:]:
        for read in box.reads:
            assert (boxes[read].row, boxes[read].column) < (box.row, box.column)
