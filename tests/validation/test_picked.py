"""Where outputs are too many to hold, those of some cycles are compared, and differences are still found."""

import pytest
import torch
from checked import residual

from costmodel import continual
from costmodel.emit.modules.conv import ConvLayer
from costmodel.validation import equality
from costmodel.validation.equality import check_equality
from costmodel.validation.picked import Picked


@pytest.mark.parametrize("jump", [1, 2, 4])
@pytest.mark.parametrize("every", [1, 3])
def test_numbers_are_found_where_they_stand(jump: int, every: int):
    picked, numbers = Picked(4, every), range(40)
    outputs = torch.arange(40.0).view(1, 1, -1, 1, 1)
    kept = [number for number in numbers if picked.has(number, jump)]
    found = picked.of(outputs, jump)
    assert [found[0, 0, place, 0, 0] for place in picked.places(kept, jump)] == kept
    behind = picked.strided(found, jump, 2).flatten() / 2
    assert behind.tolist() == [each for each in range(20) if picked.has(each, 2 * jump)]


@pytest.mark.parametrize("stride", [1, 2])
def test_a_part_of_the_outputs_is_compared_and_said_so(stride: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(equality, "one_cycle_in", lambda graph: 3)
    checks = list(check_equality(continual(residual(stride=stride))))
    assert [check for check in checks if not check.holds] == []
    assert "one cycle in 3" in checks[0].note
    monkeypatch.setattr(ConvLayer, "combine", lambda layer, partial, tap: tap + 1.001 * partial)
    wrong = {check.what for check in check_equality(continual(residual(stride=stride))) if not check.holds}
    assert "steps_equal_the_clip_network" in wrong
