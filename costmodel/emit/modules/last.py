"""Running the last frame of a clip; a stream hands every frame on, as an identity."""

from __future__ import annotations

from torch import Tensor

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.texts import clips
from costmodel.emit.modules.written import Written, writes
from costmodel.ops import Last
from costmodel.types import TensorType


@mirrors(Last)
class LastLayer(Layer[Last]):
    """The last frame."""

    is_fresh = False

    def forward(self, *clips: Tensor) -> Tensor:
        return clips[0][:, :, -1:]

    def frame(self, *frames: Tensor) -> Tensor:
        return frames[0]

    def frames(self, *clips: Tensor) -> Tensor:
        return clips[0]


@writes(Last)
def _written(op: Last, x: TensorType) -> Written:
    return Written(call="last", carried=(clips.last,))
