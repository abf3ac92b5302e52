from pathlib import Path

import pytest
from branched import branched

from costmodel.errors import CostModelError
from costmodel.network import Network
from costmodel.spec import from_text
from reports.html.network import NetworkPage, page


def page_of(network: Network, **options: object) -> NetworkPage:
    return NetworkPage(network, network.clip(), network.continual().stream_of, **options)


def test_costs_stand_per_model_frame_camera_frame_and_second(tmp_path: Path):
    found = page_of(branched(tmp_path))
    macs = found.analysis.totals["macs_per_frame"]
    row = next(row for row in found.work.rows if row.term == "macs_per_frame")
    assert row.cells[0] == f"{macs:,}"
    assert row.cells[1].startswith(f"{macs / 5 / 1000:.3g}")
    assert row.cells[2].startswith(f"{macs * 6 / 1000:.3g}")


def test_a_clip_has_its_stream_beside_it(tmp_path: Path):
    found = page_of(branched(tmp_path, stream=False))
    assert not found.is_stream
    assert [column.title for column in found.beside.columns][2:4] == ["clip", "frame by frame"]
    assert found.timeline is None


def test_a_network_that_cannot_stream_has_its_clip_alone_and_says_why():
    layers = "  - flatten\n  - linear: {channels: 10}\n"
    text = f"input: {{channels: 3, time: 6, height: 4, width: 4}}\nsizes: {{}}\nnetwork:\n{layers}"
    found = page_of(Network(from_text(text, "flat")))
    assert found.of_stream is None
    assert [row.term for row in found.work.rows] == ["macs_per_clip"]
    assert any(note.startswith("not frame by frame: ") for note in found.notes)
    assert b"not frame by frame: " in page([found], "")


def test_a_part_that_holds_nearly_all_layers_is_told_by_its_own_parts(tmp_path: Path):
    network = Network.of("movinet")
    assert [page_of(network).parts_of_names, page_of(network, depth=1).parts_of_names] == [2, 1]
    assert page_of(branched(tmp_path)).parts_of_names == 1


def test_a_stream_that_there_is_not_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    found = page_of(branched(tmp_path))

    def refused(clip: object) -> None:
        raise CostModelError("no stream")

    stuck = NetworkPage(found.network, found.clip, refused)
    with pytest.raises(CostModelError, match="no stream"):
        _ = stuck.analysis


def test_several_networks_stand_on_one_page_with_their_figures_side_by_side(tmp_path: Path):
    found = [page_of(branched(tmp_path)), page_of(branched(tmp_path, stream=False))]
    text = page(found, "costmodel report html").decode()
    assert text.count('class="network-name"') == 2
    assert "networks side by side" in text
    assert 'id="grid-2"' in text


def test_the_page_of_x3d_m_is_small():
    assert len(page([page_of(Network.of("x3d_m").continual())], "")) < 500_000
