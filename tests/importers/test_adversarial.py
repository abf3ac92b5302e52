"""Modules made to be misread: each is read so that its answers are equal, or refused with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import torch
from misread_modules import EQUAL, REFUSED
from misread_parts import Forward, Parts
from torch import nn

from costmodel.importers import ModuleError, read_module
from costmodel.importers.blocks import WIDTH
from costmodel.importers.blocks.write import NOT_SHORT

CLIP = (1, 4, 4, 4, 4)  # equal sizes on all axes: nothing but the layout tells them apart


def read(forward: Forward, shape: tuple[int, ...] = CLIP) -> float:
    torch.manual_seed(1)
    module = Parts(forward).eval()
    nn.init.uniform_(module.norm.running_mean)
    imported = read_module(module, shape, "net").with_answers_compared(module)
    # Its short spec, and the one with a width, are the same network.
    for free in ("", WIDTH):
        assert NOT_SHORT not in imported.written_as(is_flat=False, free=free).notes
    assert imported.checked.difference is not None
    return imported.checked.difference


# One in four runs each time; all of them run with the slow tests.
def sampled(cases: Iterable[str]) -> list[Any]:
    return [
        pytest.param(name, marks=[] if place % 4 == 0 else [pytest.mark.slow])
        for place, name in enumerate(cases)
    ]


@pytest.mark.parametrize("name", sampled(EQUAL))
def test_answers_are_equal(name: str):
    assert read(EQUAL[name]) <= 1e-6


@pytest.mark.parametrize("name", sampled(REFUSED))
def test_what_has_no_layer_is_refused(name: str):
    forward, reason = REFUSED[name]
    with pytest.raises(ModuleError, match=reason.replace("(", r"\(")):
        read(forward)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(1, 4, 1, 4, 4), (1, 4, 4, 1, 4), (1, 4, 4, 4, 1), (1, 4, 1, 1, 4)])
@pytest.mark.parametrize("name", ["space swapped, a flat kernel", "means one after the other", "a sum"])
def test_axes_of_one_position_are_told_apart(shape: tuple[int, ...], name: str):
    assert read(EQUAL[name], shape) <= 1e-6
