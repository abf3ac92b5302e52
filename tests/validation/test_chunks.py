"""What validation measures of streams of several frames at a step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from costmodel import continual
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.emit.modules.windows import PartialKeeper
from costmodel.transforms.continual import State
from costmodel.validation.chunks import check_chunks
from costmodel.validation.costs import check_costs
from costmodel.validation.moved import check_traffic
from costmodel.validation.running import of_one_frame
from costmodel.validation.validate import IN_STEPS, validate
from tests.shared.checked import residual
from tests.shared.small_clips import clip


def test_figures_of_a_chunk_are_what_its_network_does():
    graph = continual(residual(stride=2), chunk=4)
    checks = list(validate(graph, stages=IN_STEPS))
    assert [check.what for check in checks if check.holds is False] == []
    assert {"macs_worst_step", "peak_activation_floats", "traffic_bytes", "state_floats", "added_wait"} <= {
        check.what for check in checks
    }


def test_a_state_that_a_chunk_leaves_wrong_is_seen(monkeypatch):
    at_once = PartialKeeper.at_once

    def forgetful(self, frames, kept, phases):
        output, after = at_once(self, frames, kept, phases)
        return output, tuple(each * 0 for each in after)

    monkeypatch.setattr(PartialKeeper, "at_once", forgetful)
    wrong = [check.what for check in check_chunks(continual(residual(stride=2), chunk=4)) if not check.holds]
    assert wrong == ["chunks_equal_steps_from_zeros", "chunks_equal_steps_from_replicate"]


def test_a_chunk_moves_weights_and_state_once_and_waits():
    one, many = (Figures(continual(residual(stride=2), chunk=chunk), fps=30) for chunk in (1, 4))
    for name in ("macs_per_frame", "state_floats", "delay", "receptive_field"):
        assert evaluate(many, name) == evaluate(one, name)
    assert evaluate(many, "macs_worst_step") == 4 * evaluate(one, "macs_per_frame")
    assert evaluate(many, "lookahead") == evaluate(one, "lookahead") + 3
    assert evaluate(many, "added_wait_seconds") * 30 == 3
    assert evaluate(many, "traffic_bytes") < evaluate(one, "traffic_bytes")
    assert evaluate(many, "clip_buffer_floats") == 3 * 2 * 5 * 6
    assert of_one_frame(many.graph) == replace(one.graph)


def test_frames_that_wait_for_the_next_chunk_keep_no_more_memory_than_their_own():
    strided = "conv: {channels: 4, kernel: [2, 1, 1], stride: [3, 1, 1], dilation: [2, 1, 1]}"
    window = "conv: {channels: 4, kernel: [3, 1, 1]}"
    for chunk in (3, 6):
        stream = continual(clip(f"- {strided}\n- add: {{main: [{window}], shortcut: []}}"), chunk=chunk)
        check = next(each for each in check_costs(stream) if each.what == "state_floats")
        assert check.holds, check


APART = "conv: {channels: 4, kernel: [3, 1, 1], dilation: [5, 1, 1]}"
SKIPPED = "subsample: {stride: [2, 1, 1]}"
LATER = "conv: {channels: 1, kernel: [3, 1, 1], stride: [2, 1, 1]}"
SHORT = "conv: {channels: 4, kernel: [2, 1, 1], padding: 0}"
PASSED_BY = {
    "frames that are handed on as earlier ones": (
        f"- shift: {{frames: -1}}\n- add: {{crop: newest, a: [{SHORT}, {SHORT}], b: []}}"
    ),
    "open results that no tap of a chunk falls into": (
        f"- {APART}\n- max_pool: {{kernel: [2, 1, 1], dilation: [3, 1, 1]}}"
    ),
    "windows that chunks leave closed": f"- {SKIPPED}\n- {SHORT}",
    "frames that a stride passes by": "- conv: {channels: 4, kernel: [1, 1, 1], stride: [2, 1, 1]}",
    "a delay of less than a stride": f"- add: {{a: [{LATER}], b: [conv: {{channels: 1}}, {SKIPPED}]}}",
    "a long delay": f"- add: {{a: [{APART}, {APART}], b: []}}",
}


@pytest.mark.parametrize("network", PASSED_BY.values(), ids=PASSED_BY)
@pytest.mark.parametrize("state", ["partial", "window"])
def test_what_a_chunk_hands_on_is_not_moved(network: str, state: State):
    for chunk in (2, 4):
        stream = continual(clip(network), state=state, chunk=chunk)
        wrong = [each for check in (check_traffic, check_chunks) for each in check(stream) if not each.holds]
        assert wrong == []
