"""Running attention within windows of a clip, and rolls."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from costmodel.emit.modules.base import Layer, mirrors, triple
from costmodel.emit.modules.texts import window_attention
from costmodel.emit.modules.written import Written, differing, literal, writes
from costmodel.ops import Roll, WindowAttention
from costmodel.types import TensorType

CARRIED = (
    window_attention.in_windows,
    window_attention.out_of_windows,
    window_attention.distances,
    window_attention.strangers,
    window_attention.attend_in_windows,
    window_attention.WindowAttention,
)


@mirrors(Roll)
class RollLayer(Layer[Roll]):
    """The first positions of an axis moved behind its last, or its last ahead of its first."""

    def __init__(self, op: Roll, x: TensorType) -> None:
        super().__init__(op, x)
        self.shifts = shifts_of(op)

    def forward(self, *clips: Tensor) -> Tensor:
        return window_attention.roll(clips[0], self.shifts)

    def frame(self, *frames: Tensor) -> Tensor:
        return self.forward(frames[0].unsqueeze(2)).squeeze(2)


@mirrors(WindowAttention)
class WindowAttentionLayer(Layer[WindowAttention]):
    """Attention of each position of a clip to those of its window."""

    def __init__(self, op: WindowAttention, *inputs: TensorType) -> None:
        super().__init__(op, *inputs)
        shape = shape_of(op, *inputs)
        self.bias = None if shape is None else nn.Parameter(torch.zeros(shape))

    def forward(self, *clips: Tensor) -> Tensor:
        query, key, value = clips
        given = triple(self.op.windows), triple(self.op.shift), int(self.op.heads), self.bias
        return window_attention.attend_in_windows(query, key, value, *given)

    def frame(self, *frames: Tensor) -> Tensor:
        return self.forward(*(each.unsqueeze(2) for each in frames)).squeeze(2)


def shape_of(op: WindowAttention, *inputs: TensorType) -> tuple[int, ...] | None:
    """The shape of its bias, where it learns one."""
    shapes = op.weights(*inputs)
    return tuple(map(int, shapes["bias"])) if shapes else None


def shifts_of(op: Roll) -> tuple[int, int, int]:
    """How far `torch.roll` moves positions."""
    time, height, width = (int(front) - int(end) for end, front in zip(op.to_end, op.to_front, strict=True))
    return time, height, width


@writes(Roll)
def _roll(op: Roll, x: TensorType) -> Written:
    options = {"shifts": literal(shifts_of(op))}
    return Written(call="roll", call_options=options, carried=(window_attention.roll,))


@writes(WindowAttention)
def _window_attention(op: WindowAttention, *inputs: TensorType) -> Written:
    options = differing(
        shift=(triple(op.shift), (0, 0, 0)), heads=(int(op.heads), 1), bias=(shape_of(op, *inputs), None)
    )
    return Written("WindowAttention", {"windows": triple(op.windows)}, options, carried=CARRIED)
