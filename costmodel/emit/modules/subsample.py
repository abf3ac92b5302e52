"""Every s-th frame and pixel: what runs, what is kept, how it is written."""

from __future__ import annotations

from torch import Tensor

from costmodel.emit.modules.base import WindowedLayer, mirrors
from costmodel.emit.modules.keeper import keeps
from costmodel.emit.modules.texts import clips, streams
from costmodel.emit.modules.windows import windowed_keeper
from costmodel.emit.modules.written import Written, literal, writes, writes_steps
from costmodel.ops import Step, Subsample
from costmodel.types import TensorType


@mirrors(Subsample)
class SubsampleLayer(WindowedLayer[Subsample]):
    """Every s-th frame and pixel."""

    is_fresh = False

    def forward(self, *clips: Tensor) -> Tensor:
        time, height, width = self.stride
        return clips[0][:, :, ::time, ::height, ::width]

    def taps(self, frame: Tensor, wanted: tuple[int, ...]) -> list[Tensor]:
        # It has a window for its stride alone; its kernel is 1, and the one tap hands the frame on.
        return [self.over([frame]) for _ in wanted]

    def over(self, frames: list[Tensor]) -> Tensor:
        _, height, width = self.stride
        return frames[-1][:, :, ::height, ::width]

    def combine(self, partial: Tensor, tap: Tensor) -> Tensor:
        return partial + tap


keeps(Subsample)(windowed_keeper)


@writes(Subsample)
def _written(op: Subsample, x: TensorType) -> Written:
    return Written(call="subsample", call_options={"stride": literal(op.stride)}, carried=(clips.subsample,))


@writes_steps(Subsample)
def _written_in_steps(step: Step, op: Subsample, x: TensorType) -> Written:
    return Written("StreamSubsample", {"stride": op.stride}, carried=(streams.StreamSubsample,))
