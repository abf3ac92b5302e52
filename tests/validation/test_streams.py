"""A stream whose reset does not start it anew is found."""

from typing import Any

import pytest
from checked import residual, wrong
from torch import Tensor

from costmodel import continual
from costmodel.emit.state import StreamState
from costmodel.emit.stream import StreamNetwork


def test_a_reset_that_resets_nothing_is_found(monkeypatch: pytest.MonkeyPatch):
    def careless(state: StreamState, streams: Any, cycle: int, empty: Any) -> StreamState:
        return state

    monkeypatch.setattr(StreamState, "restarted", careless)
    assert "valid_answers_after_a_reset" in wrong(continual(residual()))


@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (1, 2)])
def test_streams_that_change_places_are_found(pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
    honest = StreamNetwork.forward_step

    def crossed(network: StreamNetwork, frame: Tensor) -> Tensor | None:
        output = honest(network, frame)
        if output is None or len(output) < 4:
            return output
        order = list(range(len(output)))
        order[pair[0]], order[pair[1]] = pair[1], pair[0]
        return output[order]

    monkeypatch.setattr(StreamNetwork, "forward_step", crossed)
    assert wrong(continual(residual())).keys() & {"answers_equal_the_clip_network", "a_stream_reset_alone"}
