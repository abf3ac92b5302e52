from pathlib import Path

from branched import analysed

from costmodel.analysis.cost import analyze
from reports.html.layers import layer_grid


def by_title(grid, name: str) -> dict[str, str]:
    (row,) = [row for group in grid.groups for row in group.rows if row[0].text == name]
    return {column.title: cell.text for column, cell in zip(grid.columns, row, strict=True)}


def test_a_layer_has_its_costs_on_the_stream_and_in_the_clip(tmp_path: Path):
    stream, clip = analysed(tmp_path), analysed(tmp_path, stream=False)
    row = by_title(layer_grid(stream, clip), "main.a")
    # 4 x 4 x 3 weights at 8 x 8 places; 4 frames in a clip
    assert row["MACs a frame"] == f"{4 * 4 * 3 * 64:,}"
    assert row["MACs a clip"] == f"{4 * 4 * 3 * 64 * 4:,}"
    assert row["state"] == f"{2 * 4 * 64}"


def test_a_delay_has_nothing_in_the_clip(tmp_path: Path):
    stream, clip = analysed(tmp_path), analysed(tmp_path, stream=False)
    (delay,) = [row["name"] for row in stream.rows if row["op"] == "delay"]
    assert by_title(layer_grid(stream, clip), delay)["MACs a clip"] == ""


def test_a_stage_sums_costs_and_tells_its_largest_map(tmp_path: Path):
    clip = analysed(tmp_path, stream=False)
    grid = layer_grid(clip, clip)
    early = grid.groups[0]
    titles = [column.title for column in grid.columns[1:]]
    cells = dict(zip(titles, (cell.text for cell in early.cells), strict=True))
    assert early.title == "early"
    assert cells["params"] == f"{3 * 4 * 27 + 8}"
    assert cells["map"] == f"{4 * 4 * 64:,}"


def test_the_longest_bar_is_that_of_the_largest_layer(tmp_path: Path):
    clip = analysed(tmp_path, stream=False)
    grid = layer_grid(clip, clip)
    place = [column.title for column in grid.columns].index("MACs a clip")
    shares = {row[0].text: row[place].share for group in grid.groups for row in group.rows}
    most = max(analyze(clip.figures.graph).rows, key=lambda row: row["macs"])
    assert max(shares, key=lambda name: shares[name]) == most["name"]
    assert shares[most["name"]] == 1
