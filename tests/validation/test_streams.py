"""A stream whose reset does not start it anew is found."""

from typing import Any

import pytest
from checked import residual, wrong

from costmodel import continual
from costmodel.emit.state import StreamState


def test_a_reset_that_resets_nothing_is_found(monkeypatch: pytest.MonkeyPatch):
    def careless(state: StreamState, streams: Any, cycle: int, empty: Any) -> StreamState:
        return state

    monkeypatch.setattr(StreamState, "restarted", careless)
    assert "valid_answers_after_a_reset" in wrong(continual(residual()))
