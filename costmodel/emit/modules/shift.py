"""Running shifts in time."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.texts import clips
from costmodel.emit.modules.written import Written, literal, writes
from costmodel.ops import Shift
from costmodel.types import TensorType


@mirrors(Shift)
class ShiftLayer(Layer[Shift]):
    """Every frame replaced by an earlier one; on a stream it is there already and only handed on."""

    is_fresh = False

    def forward(self, *clips: Tensor) -> Tensor:
        (clip,) = clips
        if not self.op.pads:
            return clip
        return functional.pad(clip, (0, 0, 0, 0, self.op.frames, 0))[:, :, : clip.shape[2]]

    def frame(self, *frames: Tensor) -> Tensor:
        return frames[0]


@writes(Shift)
def _written(op: Shift, x: TensorType) -> Written:
    return Written(call="shift", call_options={"frames": literal(op.frames)}, carried=(clips.shift,))
