"""A node that has no counterpart, as a call that its rule refuses: so that all of them are listed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor
from torch import library as custom_ops

from costmodel.importers.call import Call
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.value import Found

NAME = "costmodel::no_counterpart"


def unknown(given: Sequence[Tensor], op: str, refusal: Refusal, shape: Sequence[int]) -> Tensor:
    """A tensor of a shape, answered by a call that says why it cannot be read."""
    _register()
    made: Tensor = torch.ops.costmodel.no_counterpart(list(given), op, refusal.reason, refusal.nearest, shape)
    return made


@rule("costmodel.no_counterpart.default")
def refused(call: Call) -> Found:
    """The refusal that a node brought along."""
    given = call.given
    raise Refusal(str(given["reason"]), str(given["nearest"]), op=str(given["op"]))


@cache
def _register() -> None:
    custom_ops.define(NAME, "(Tensor[] given, str op, str reason, str nearest, int[] shape) -> Tensor")
    custom_ops.impl(NAME, "CompositeExplicitAutograd", _answer)
    custom_ops.register_fake(NAME, _answer)


def _answer(given: Sequence[Tensor], op: str, reason: str, nearest: str, shape: Sequence[int]) -> Tensor:
    del given, op, reason, nearest
    return torch.empty(tuple(shape))
