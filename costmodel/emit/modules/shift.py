"""Running shifts in time."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.keeper import Keeper, Kept, keeps, numbered
from costmodel.emit.modules.texts import clips, shifts
from costmodel.emit.modules.written import Written, differing, literal, writes, writes_steps
from costmodel.ops import Shift, Step
from costmodel.types import TensorType


@mirrors(Shift)
class ShiftLayer(Layer[Shift]):
    """Every frame replaced by an earlier or later one, or shares of its channels."""

    is_fresh = False  # a whole shift of a stream hands frames on

    def __init__(self, op: Shift, x: TensorType) -> None:
        super().__init__(op, x)
        self.parts = [int(share) for share in op.shares(x)]

    def forward(self, *clips: Tensor) -> Tensor:
        (clip,) = clips
        if self.op.has_shares:
            return self._shares(clip)
        return _shifted(clip, self.op.frames) if self.op.pads else clip

    def frame(self, *frames: Tensor) -> Tensor:
        return frames[0]

    def _shares(self, clip: Tensor) -> Tensor:
        future, past, now = torch.split(clip, self.parts, dim=1)
        frames = self.op.frames
        if self.op.pads:
            return torch.cat((_shifted(future, -frames), _shifted(past, frames), now), dim=1)
        # The frames that a window fits around: from `begin` on, none of the last `end`.
        begin, end = frames * bool(self.op.past), frames * bool(self.op.future)
        count = clip.shape[2] - begin - end
        parts = (future[:, :, begin + end :], past[:, :, :count], now[:, :, begin : begin + count])
        return torch.cat(parts, dim=1)


def _shifted(clip: Tensor, frames: int) -> Tensor:
    if frames > 0:
        return functional.pad(clip, (0, 0, 0, 0, frames, 0))[:, :, : clip.shape[2]]
    return functional.pad(clip, (0, 0, 0, 0, 0, -frames))[:, :, -frames:]


@keeps(Shift)
class ShiftKeeper(Keeper):
    """Keeps the channels still to be handed on: zeros ahead of the first frame, whatever `init` says."""

    def __init__(self, layer: ShiftLayer, op: Step, x: TensorType) -> None:
        held = op.carry(x).kept
        shapes = {key: shape for name, each in held.items() for key, shape in numbered(name, each).items()}
        super().__init__(shapes, 0.0)
        self.parts, self.is_whole = layer.parts, not layer.op.has_shares
        self.past = int(held["past"].time) if "past" in held else 0

    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        if self.is_whole:
            return frame, kept
        future, *others = torch.split(frame, self.parts, dim=1)
        queues, answers = (kept[: self.past], kept[self.past :]), [future]
        after: list[Tensor] = []
        for part, queue in zip(others, queues, strict=True):
            answers.append(queue[0] if queue else part)
            # A share of the channels is a view that would keep the whole frame in memory.
            after += [*queue[1:], part.clone()] if queue else []
        return torch.cat(answers, dim=1), tuple(after)

    def chunk(
        self, chunks: Kept, kept: Kept, phases: tuple[int, ...], seen: Tensor | None, masks: bool
    ) -> tuple[Tensor, Kept]:
        if self.is_whole:  # none is copied
            return chunks[0], kept
        return super().chunk(chunks, kept, phases, seen, masks)

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        return self.empty(len(frame), frame)


@writes(Shift)
def _written(op: Shift, x: TensorType) -> Written:
    if not op.has_shares:
        return Written(call="shift", call_options={"frames": literal(op.frames)}, carried=(clips.shift,))
    options = {"parts": literal(tuple(int(each) for each in op.shares(x)))}
    # A shift by one frame is the ordinary one (Lin et al. 2019), and the default of the text.
    options |= {"frames": literal(op.frames)} if op.frames != 1 else {}
    return Written(call="shift_shares", call_options=options, carried=(clips.shift, shifts.shift_shares))


@writes_steps(Shift)
def _written_in_steps(step: Step, op: Shift, x: TensorType) -> Written:
    if not op.has_shares:
        return Written("LaterShift", {"frames": -op.frames}, carried=(shifts.LaterShift,))
    arguments = {"parts": tuple(int(each) for each in op.shares(x))}
    options = differing(
        frames=(op.frames, 1), looks_back=(bool(op.past), True), looks_ahead=(bool(op.future), False)
    )
    return Written("StreamShares", arguments, options, carried=(shifts.StreamShares,))
