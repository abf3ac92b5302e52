"""Streams that differ from their clip network are found, with the first layer that does."""

from dataclasses import replace

import pytest
from checked import changed, residual, wrong

from costmodel import continual
from costmodel.emit.modules.conv import ConvLayer
from costmodel.ops import (
    Delay,
)


def test_a_wait_that_is_a_frame_too_long_is_found():
    stream = continual(residual())
    (delay,) = (node.name for node in stream.nodes if isinstance(node.op, Delay))
    late = changed(stream, delay, lambda op: replace(op, wait=op.wait + 2))
    assert "steps_equal_the_clip_network" in wrong(late)


def test_padding_that_a_step_forgets_is_found():
    stream = continual(residual())
    forgetful = changed(stream, "stem", lambda op: replace(op, before=0))
    found = wrong(forgetful)
    assert (found["padding"].predicted, found["padding"].measured) == (1, 2)
    assert found["steps_equal_the_clip_network"].note.startswith("stem is the first to diverge")


def test_a_combination_that_forgets_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ConvLayer, "combine", lambda layer, partial, tap: tap)
    found = wrong(continual(residual()))
    assert found["steps_equal_the_clip_network"].note.startswith("stem is the first to diverge")
    assert found["receptive_field"].measured < found["receptive_field"].predicted
