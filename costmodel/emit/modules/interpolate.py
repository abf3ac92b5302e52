"""Running interpolation in space."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.texts import clips
from costmodel.emit.modules.written import Written, differing, writes
from costmodel.ops import Interpolate
from costmodel.types import TensorType


@mirrors(Interpolate)
class InterpolateLayer(Layer[Interpolate]):
    """Each frame's map at another size."""

    def __init__(self, op: Interpolate, x: TensorType) -> None:
        super().__init__(op, x)
        self.size = _size(op, x)
        self.mode = op.mode
        self.align_corners = None if op.mode == "nearest" else op.align_corners

    def forward(self, *clips_given: Tensor) -> Tensor:
        return clips.interpolate(clips_given[0], self.size, self.mode, self.align_corners)

    def frame(self, *frames: Tensor) -> Tensor:
        mode = "nearest" if self.mode == "nearest" else "bilinear"
        return functional.interpolate(frames[0], self.size, None, mode, self.align_corners)


@writes(Interpolate)
def _written(op: Interpolate, x: TensorType) -> Written:
    corners = None if op.mode == "nearest" else op.align_corners
    options: dict[str, object] = {"size": _size(op, x), "mode": op.mode}
    options |= differing(align_corners=(corners, None))
    texts = {name: repr(value) for name, value in options.items()}
    return Written(call="interpolate", call_options=texts, carried=(clips.interpolate,))


def _size(op: Interpolate, x: TensorType) -> tuple[int, int]:
    out = op.out(x)
    return int(out.height), int(out.width)
