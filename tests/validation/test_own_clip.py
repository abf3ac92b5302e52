"""A stream without padding in time answers as its clip network does to its own clip."""

import pytest
from small_clips import STRIDED, clip

from costmodel import continual
from costmodel.emit.modules.pool import PoolLayer
from costmodel.transforms.unpad import Unpad
from costmodel.validation.own_clip import check_own_clip


def test_a_clip_without_padding_is_answered_as_the_network_answers_it():
    (check,) = check_own_clip(continual(Unpad()(clip(STRIDED))))
    assert check.holds


def test_a_padded_clip_sees_its_ends_and_is_not_compared():
    assert list(check_own_clip(continual(clip(STRIDED)))) == []


def test_a_clip_that_pools_otherwise_is_found(monkeypatch: pytest.MonkeyPatch):
    honest = PoolLayer.forward
    monkeypatch.setattr(PoolLayer, "forward", lambda layer, clip: honest(layer, clip) * 1.5)
    (check,) = check_own_clip(continual(Unpad()(clip(STRIDED))))
    assert not check.holds
