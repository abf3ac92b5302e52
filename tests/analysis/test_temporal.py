"""Which pools over the clip only gate a branch."""

import pytest

from costmodel import Graph, analyze, continual
from costmodel.analysis.temporal import excitation_pools
from costmodel.spec import elaborate, from_text
from costmodel.validation.equality import check_equality
from costmodel.validation.reach import check_reach

CBAM = """
- conv: {channels: 4, kernel: [3, 3, 3]}
- gate:
    x: []
    g:
      - add: {a: [global_pool, conv: {channels: 4}], m: [max_pool: {kernel: all}, conv: {channels: 4}]}
      - sigmoid
- conv: {channels: 4, kernel: [3, 1, 1]}
"""
CLIP_GATE = "- gate: {x: [], g: [global_pool, conv: {channels: 4}, sigmoid]}"
HEAD = "- concat: {a: [global_pool], m: [max_pool: {kernel: all}]}\n- linear: {channels: 2}"
BOTH = """
- conv: {channels: 4, as: x}
- global_pool: {as: mean}
- max_pool: {from: [x], kernel: all, as: most}
- add: {from: [mean, most], as: sum}
- gate: {from: [x, sum], as: gated}
- global_pool: {as: end}
- concat: {from: [end, most]}
"""


def clip(network: str) -> Graph:
    text = f"input: {{channels: 4, time: 6, height: 4, width: 4}}\nnetwork:\n{network}"
    return elaborate(from_text(text, "x"))


@pytest.mark.parametrize(
    ("network", "gating"),
    [
        (CBAM, {"g.a.global_pool", "g.m.max_pool"}),
        (CLIP_GATE, {"g.global_pool"}),
        (HEAD, set()),
        (BOTH, set()),
    ],
)
def test_pools_gate_where_all_that_join_them_do(network: str, gating: set[str]):
    assert excitation_pools(clip(network)) == gating


@pytest.mark.parametrize("network", [CBAM, CLIP_GATE])
def test_a_gate_over_several_pools_is_per_frame_unless_it_keeps_its_clip(network: str):
    frame, kept = continual(clip(network)), continual(clip(network), excite="clip")
    assert analyze(kept).totals["delay"] == analyze(frame).totals["delay"] + 5
    assert frame.notes[0].startswith("squeeze-excite pools each frame alone")
    for stream in (frame, kept):
        wrong = [check for stage in (check_equality, check_reach) for check in stage(stream, 1)]
        assert [check for check in wrong if not check.holds] == []
