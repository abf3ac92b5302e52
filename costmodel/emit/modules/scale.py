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
    def __init__(self, op: Scale | Bias, x: TensorType) -> None:
        super().__init__(op, x)
        start = float(op.init) if isinstance(op, Scale) else 0.0
        values = torch.full(tuple(map(int, op.weights(x)[op.name])), start)
        self.register_parameter(op.name, nn.Parameter(values))
        self.view = view_of(op, x)

    def learned(self) -> Tensor:
        """The values, shaped as those of a clip."""
        return self.get_parameter(self.op.name).reshape(self.view)

    def frame(self, *frames: Tensor) -> Tensor:
        return self.forward(frames[0].unsqueeze(2)).squeeze(2)


@mirrors(Scale)
class ScaleLayer(_LearnedLayer):
    """Its input times learned values."""

    def forward(self, *clips: Tensor) -> Tensor:
        return clips[0] * self.learned()


@mirrors(Bias)
class BiasLayer(_LearnedLayer):
    """Its input and learned values."""

    def forward(self, *clips: Tensor) -> Tensor:
        return clips[0] + self.learned()


def view_of(op: Scale | Bias, x: TensorType) -> tuple[int, int, int, int]:
    """The shape of its values beside a clip: channels, time, height, width, 1 where all share a value."""
    sizes = (int(size) if axis in AXES[op.per] else 1 for axis, size in enumerate(x))
    channels, time, height, width = sizes
    return channels, time, height, width


@writes(Scale, Bias)
def _written(op: Scale | Bias, x: TensorType) -> Written:
    kind = learned.Scale if isinstance(op, Scale) else learned.Bias
    arguments = {"shape": tuple(map(int, op.weights(x)[op.name])), "view": view_of(op, x)}
    options = differing(init=(float(op.init), 1.0)) if isinstance(op, Scale) else {}
    return Written(kind.__name__, arguments, options, carried=(kind,))
