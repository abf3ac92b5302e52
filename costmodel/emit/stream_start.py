"""What stands ahead of a stream's first frame: put in where one reaches a layer, beside older streams."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from costmodel.emit.modules.keeper import Kept
from costmodel.emit.program import Action
from costmodel.emit.state import where


class Ages:
    """How many frames each stream of a batch has seen."""

    def __init__(self, ages: tuple[int, ...]) -> None:
        self.ages = ages
        self.oldest = max(ages)

    def starting(self, since: int) -> tuple[bool, ...] | None:
        """The streams whose first frame reaches a layer now; None where there is none."""
        found = tuple(age == since for age in self.ages)
        return found if any(found) else None


class Start(NamedTuple):
    """Puts in what stands ahead of a stream's first frame, where one reaches a layer now."""

    ages: Ages | None
    init: str
    like: Tensor

    def __call__(self, action: Action, frame: Tensor, kept: Kept) -> Kept:
        """What a layer kept, as new for the streams whose first frame reaches it with this one."""
        starting = None if self.ages is None else self.ages.starting(action.since)
        assert action.keeper is not None
        if starting is None or not kept:
            return kept
        if self.init == "replicate":
            new = action.keeper.replicated(frame, action.phase)
        else:
            new = action.keeper.empty(len(frame), frame)
        if all(starting):
            return new
        chosen = torch.tensor(starting)
        return tuple(where(chosen, each, old) for each, old in zip(new, kept, strict=True))

    def blanked(self, action: Action, frame: Tensor | None) -> Tensor:
        """What a shift hands on: zeros to the streams whose frames have not come to it."""
        early = () if self.ages is None else tuple(age < action.begins for age in self.ages.ages)
        if frame is not None and not any(early):
            return frame
        zeros = self.like.new_zeros((len(self.like), *action.blank))
        return zeros if frame is None or all(early) else where(torch.tensor(early), zeros, frame)


def run_action(
    action: Action,
    values: list[Any],
    kept: list[Tensor],
    inplace: bool,
    start: Start,
    age: Tensor | None,
) -> Tensor | None:
    """One action of a step: what a layer gives, and what it keeps from now on, put into `kept`."""
    inputs = [values[place] for place in action.reads]
    keeper = action.keeper
    if action.blank:
        return start.blanked(action, inputs[0])
    if keeper is None:
        layer = action.layer
        return layer.overwrite(*inputs) if inplace and action.overwrites else layer.frame(*inputs)
    if action.leaves:
        return kept[action.kept[0]]
    own = slice(*action.kept)
    before = start(action, inputs[0], tuple(kept[own]))
    frame = inputs[0].clone() if action.copies else inputs[0]
    output, kept[own] = action.step((frame, *inputs[1:]), before, age)
    return output
