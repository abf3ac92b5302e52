"""What `analyze` shows a person, and what it leaves for those who ask."""

import pytest

from costmodel.analysis.cost import Analysis, analyze
from costmodel.network import Network
from costmodel.transforms.sgs import Sgs
from reports.analysis import Shown, page, total_rows

FRAME = "times in model frames, each 12 of the camera, 0.4 s"


@pytest.fixture(scope="module")
def stream() -> Analysis:
    return analyze(Network.of("digits").continual().graph())


def headings(text: str) -> list[str]:
    """The titles of tables: lines that an empty line or nothing stands ahead of."""
    return [part.split("\n")[0] for part in text.split("\n\n")]


def shown(analysis: Analysis, **options: int) -> str:
    return page(analysis.figures.graph, analysis, Shown(**options)).render("table")


def test_totals_come_first_then_stages_then_the_layers_that_hold_most(stream: Analysis):
    count = len(stream.rows)
    assert headings(shown(stream)) == [
        "digits, continual: every 12 camera frames, input 1x1x16x16",
        "stages: multiply-adds of a mean frame; state and largest map, in numbers",
        f"the 10 of {count} layers that hold most; --layers shows all; {FRAME}",
    ]
    assert len(shown(stream).split("\n\n")[2].splitlines()) == 13


def test_all_layers_are_shown_where_asked_for(stream: Analysis):
    titles = headings(shown(stream, layers=True))
    assert titles[2].startswith("operations by kind")
    assert titles[3] == f"digits, continual: layers; {FRAME}"
    assert all(str(row["name"]) in shown(stream, layers=True) for row in stream.rows)


def test_sources_are_shown_where_asked_for(stream: Analysis):
    assert "Hedegaard" not in shown(stream)
    assert "Hedegaard 2022, eq. 1" in shown(stream, sources=True)


def test_a_depth_tells_blocks_apart(stream: Analysis):
    assert "res2.0 " not in shown(stream)
    assert "res2.0 " in shown(stream, depth=2)


def test_programs_and_documents_get_all_layers(stream: Analysis):
    made = page(stream.figures.graph, stream)
    assert len(made.render("csv").splitlines()) == len(stream.rows) + 2
    assert made.render("md").count("\n| ") > len(stream.rows)


def test_a_samplers_own_multiply_adds_stand_apart():
    sampled = Network.of("x3d_s", None, {}, (Sgs("res2", active_bins=6),)).graph()
    about = {row["figure"]: row["about"] for row in total_rows(analyze(sampled))}
    assert about["macs_per_clip"] == "1.13 G, 3.01 M of them the sampler's own"
    assert about["macs_per_frame"] == "1.13 G"
