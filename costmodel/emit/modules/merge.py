"""Running sums, concatenations and gates."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.texts import clips
from costmodel.emit.modules.texts.clips import fill
from costmodel.emit.modules.written import Written, writes
from costmodel.ops import Add, Concat, Gate, Merge
from costmodel.ops.merge import FIRST
from costmodel.types import TensorType


class _Merge(Layer[Merge]):
    def forward(self, *clips: Tensor) -> Tensor:
        return self.frame(*(fill(*clips) if self.op.filled else _cut(self.op, clips)))


@mirrors(Add)
class AddLayer(_Merge):
    """The sum of the branches."""

    def frame(self, *frames: Tensor) -> Tensor:
        # Not in place: a branch may be read elsewhere, or be kept.
        total = frames[0]
        for frame in frames[1:]:
            total = total + frame
        return total


@mirrors(Concat)
class ConcatLayer(_Merge):
    """The branches one after the other in channels."""

    def frame(self, *frames: Tensor) -> Tensor:
        return torch.cat(frames, dim=1)


@mirrors(Gate)
class GateLayer(Layer[Gate]):
    """The first branch times the second."""

    def forward(self, *clips: Tensor) -> Tensor:
        value, gate = clips
        # A gate of one frame holds for all.
        value, gate = (value, gate) if gate.shape[2] == 1 else _cut(self.op, clips)
        return value * gate

    def frame(self, *frames: Tensor) -> Tensor:
        value, gate = frames
        return value * gate


@writes(Add)
def _add(op: Add, *inputs: TensorType) -> Written:
    if len(inputs) > 2:
        return _alike(op, inputs, Written(call="add", carried=(clips.add,)))
    return _alike(op, inputs, Written(call="torch.add"))


@writes(Concat)
def _concat(op: Concat, *inputs: TensorType) -> Written:
    return _alike(op, inputs, Written(call="concat", carried=(clips.concat,)))


@writes(Gate)
def _gate(op: Gate, *inputs: TensorType) -> Written:
    form = Written(call="torch.mul")
    return form if inputs[1].time == 1 else _cropping(op, form)  # a gate of one frame holds for all


def _alike(op: Merge, inputs: tuple[TensorType, ...], form: Written) -> Written:
    if op.filled and len({x.time for x in inputs}) > 1:
        return replace(form, carried=(*form.carried, clips.fill), fills=True)
    return _cropping(op, form)


def _cropping(op: Merge | Gate, form: Written) -> Written:
    if not op.crop:
        return form
    crops = () if op.crop is True else (f"at={op.crop!r}",)
    return replace(form, carried=(*form.carried, clips.crop), crops=crops)


def _cut(op: Merge | Gate, found: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Clips of one number of frames, as the op says; frames of a stream are one at a time."""
    if not op.crop or op.ahead:
        return found
    return tuple(clips.crop(*found, at=FIRST if op.crop is True else op.crop))
