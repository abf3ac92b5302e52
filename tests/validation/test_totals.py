"""Every total that `analyze` prints is measured, or it is said why not."""

import pytest
from checked import residual

from costmodel import analyze, continual
from costmodel.analysis.metrics import METRICS, Metric
from costmodel.graph import Graph
from costmodel.validation.totals import NOT_MEASURED, check_totals
from costmodel.validation.validate import validate


@pytest.mark.parametrize("graph", [residual(), continual(residual())])
def test_every_total_is_measured_or_told_as_not(graph: Graph):
    known = {check.what for check in validate(graph)} | NOT_MEASURED.keys()
    printed = {name for name, value in analyze(graph).totals.items() if value is not None}
    assert printed - known == set()
    assert all(check.holds for check in check_totals(graph))


def test_a_clip_buffer_that_counts_the_newest_frame_is_found(monkeypatch: pytest.MonkeyPatch):

    honest = METRICS["clip_buffer_floats"]
    all_frames = Metric(honest.name, honest.unit, honest.source, lambda figures: figures.graph.source.values)
    monkeypatch.setitem(METRICS, "clip_buffer_floats", all_frames)
    wrong = {check.what for check in check_totals(residual()) if not check.holds}
    assert wrong == {"clip_buffer_floats", "worst_case_floats"}
