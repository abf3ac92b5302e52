"""Running crops of clips; of a stream the first frames are left out by counting them."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from costmodel.emit.modules.base import Layer, mirrors, triple
from costmodel.emit.modules.keeper import Keeper, Kept, keeps
from costmodel.emit.modules.texts import clips, shifts
from costmodel.emit.modules.written import Written, differing, literal, writes, writes_steps
from costmodel.ops import ClipCrop, Step
from costmodel.types import TensorType


@mirrors(ClipCrop)
class ClipCropLayer(Layer[ClipCrop]):
    """Frames, rows and columns left out at both ends."""

    is_fresh = False

    def __init__(self, op: ClipCrop, x: TensorType) -> None:
        super().__init__(op, x)
        self.before, self.after = triple(op.before), triple(op.after)

    def forward(self, *clips: Tensor) -> Tensor:
        return cropped(clips[0], self.before, self.after)

    def frame(self, *frames: Tensor) -> Tensor:
        (_, *before), (_, *after) = self.before, self.after
        return cropped(frames[0], before, after)


@keeps(ClipCrop)
class ClipCropKeeper(Keeper):
    """Keeps nothing: each frame is handed on as an earlier one."""

    def __init__(self, layer: ClipCropLayer, op: Step, x: TensorType) -> None:
        super().__init__({}, 0.0)
        self.layer = layer

    def step(self, frame: Tensor, kept: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        return self.layer.frame(frame), kept

    def chunk(
        self, chunks: Kept, kept: Kept, phases: tuple[int, ...], seen: Tensor | None, masks: bool
    ) -> tuple[Tensor, Kept]:
        return self.layer.frame(*chunks), kept  # of all frames another view, none is copied

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        return ()


def cropped(tensor: Tensor, before: Sequence[int], after: Sequence[int]) -> Tensor:
    """A tensor without its first and last places on its last axes."""
    for axis, (first, last) in enumerate(zip(before, after, strict=True), start=tensor.dim() - len(before)):
        tensor = tensor.narrow(axis, first, tensor.shape[axis] - first - last)
    return tensor


@writes(ClipCrop)
def _written(op: ClipCrop, x: TensorType) -> Written:
    before, after = triple(op.before), triple(op.after)
    options = {"before": literal(before), "after": literal(after)}
    return Written(call="leave_out", call_options=options, carried=(clips.leave_out,))


@writes_steps(ClipCrop)
def _written_in_steps(step: Step, op: ClipCrop, x: TensorType) -> Written:
    arguments = {"frames": -int(step.before)}
    options = differing(before=(triple(op.before)[1:], (0, 0)), after=(triple(op.after)[1:], (0, 0)))
    return Written("LaterCrop", arguments, options, carried=(clips.leave_out, shifts.LaterCrop))
