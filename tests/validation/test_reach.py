"""What reaches further, less far or later than predicted is found."""

import pytest
from checked import residual, wrong
from torch import Tensor

from costmodel import continual
from costmodel.analysis import metrics
from costmodel.analysis.reach import stream_reach
from costmodel.analysis.temporal import timing
from costmodel.emit.stream import StreamNetwork


def test_a_lookahead_that_counts_the_pool_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metrics, "head_pools", lambda graph: frozenset())
    monkeypatch.setattr("costmodel.analysis.reach.head_pools", lambda graph: frozenset())
    assert wrong(continual(residual())).keys() == {"lookahead"}


def test_a_clip_that_sees_beyond_its_frames_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("costmodel.analysis.figures.clip_reach", lambda graph: stream_reach(timing(graph)))
    assert {"padding", "receptive_field"} <= wrong(residual()).keys()


def test_an_answer_that_comes_late_is_found(monkeypatch: pytest.MonkeyPatch):
    honest = StreamNetwork.forward_step
    last: list[Tensor | None] = [None]

    def late(network: StreamNetwork, frame: Tensor) -> Tensor | None:
        output, last[0] = last[0], honest(network, frame)
        return output

    monkeypatch.setattr(StreamNetwork, "forward_step", late)
    assert {"transient", "warmup"} <= wrong(continual(residual(stride=1))).keys()
