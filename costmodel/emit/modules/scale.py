"""Running learned factors and learned addends."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.texts import learned
from costmodel.emit.modules.written import Written, differing, writes
from costmodel.ops import Bias, Scale
from costmodel.types import TensorType

# Where the axes of a learned value stand among channels, time, height and width.
AXES = {"one": (), "channel": (0,), "map": (0, 2, 3), "frame": (0, 1), "value": (0, 1, 2, 3)}


class _LearnedLayer(Layer[Scale | Bias]):
    def __init__(self, op: Scale | Bias, x: TensorType, start: float) -> None:
        super().__init__(op, x)
        values = torch.full(tuple(map(int, op.weights(x)[op.name])), start)
        self.register_parameter(op.name, nn.Parameter(values))
        self.view = view_of(op, x)

    def learned(self) -> Tensor:
        """The values, shaped as those of a clip."""
        return self.get_parameter(self.op.name).reshape(self.view)

    def frame(self, *frames: Tensor) -> Tensor:
        # Values for each frame of a clip are refused in a stream, so that one frame has the whole of them.
        return self.forward(frames[0].unsqueeze(2)).squeeze(2)


@mirrors(Scale)
class ScaleLayer(_LearnedLayer):
    """Its input times learned values."""

    def __init__(self, op: Scale, x: TensorType) -> None:
        super().__init__(op, x, float(op.init))

    def forward(self, *clips: Tensor) -> Tensor:
        return clips[0] * self.learned()


@mirrors(Bias)
class BiasLayer(_LearnedLayer):
    """Its input plus learned values."""

    def __init__(self, op: Bias, x: TensorType) -> None:
        super().__init__(op, x, 0.0)

    def forward(self, *clips: Tensor) -> Tensor:
        return clips[0] + self.learned()


def view_of(op: Scale | Bias, x: TensorType) -> tuple[int, int, int, int]:
    """The shape of its values beside a clip: channels, time, height, width, 1 where all share a value."""
    sizes = (int(size) if axis in AXES[op.per] else 1 for axis, size in enumerate(x))
    channels, time, height, width = sizes
    return channels, time, height, width


@writes(Scale)
def _scale(op: Scale, x: TensorType) -> Written:
    options = differing(init=(float(op.init), 1.0))
    return Written("Scale", _arguments(op, x), options, carried=(learned.Scale,))


@writes(Bias)
def _bias(op: Bias, x: TensorType) -> Written:
    return Written("Bias", _arguments(op, x), {}, carried=(learned.Bias,))


def _arguments(op: Scale | Bias, x: TensorType) -> dict[str, object]:
    return {"shape": tuple(map(int, op.weights(x)[op.name])), "view": view_of(op, x)}
