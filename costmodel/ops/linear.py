"""Matrix products on the channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from costmodel.errors import TransformError
from costmodel.numbers import Size
from costmodel.ops.base import Op
from costmodel.types import Shape, Streaming, TensorType, Window, Work


@dataclass(frozen=True)
class Linear(Op):
    """A linear layer on the channels at every position: cI * cO * nT*nH*nW multiply-adds."""

    word: ClassVar[str] = "linear"

    channels: Size
    bias: bool = True

    def with_bias(self) -> Self:
        return replace(self, bias=True)

    def out(self, x: TensorType) -> TensorType:
        return x._replace(channels=self.channels)

    def weights(self, x: TensorType) -> Mapping[str, Shape]:
        return {"weight": (self.channels, x.channels)} | ({"bias": (self.channels,)} if self.bias else {})

    def work(self, x: TensorType) -> Work:
        out = self.out(x).values
        return {"mac.linear": x.channels * out} | ({"bias.linear": out} if self.bias else {})


class Flatten(Op):
    """All positions joined into channels, ordered (channels, time, height, width)."""

    word: ClassVar[str] = "flatten"
    is_view: ClassVar[bool] = True
    flattens: ClassVar[bool] = True
    has_no_stream: ClassVar[bool] = True
    hands_on_gradient: ClassVar[bool] = True

    def out(self, x: TensorType) -> TensorType:
        return TensorType(x.values, 1, 1, 1)

    def window(self, x: TensorType) -> Window:
        # Frames become channels, so that all of the clip is seen at once, but where there is one alone.
        return Window(kernel=x.time, whole_clip=not (isinstance(x.time, int) and x.time == 1))

    def streamed(self, stream: Streaming, x: TensorType) -> Op:
        if self.window(x).is_framewise:
            return self
        kernel = f"[{x.time}, {x.height}, {x.width}]"
        raise TransformError(
            f"{self.word} needs all {x.time} frames of the clip at once and cannot run frame by frame; in "
            f"place of it and the linear layer behind it a conv `kernel: {kernel}, padding: 0, bias: true` "
            "computes the same, and can"
        )

    def allocates(self, x: TensorType) -> Size:
        return 0
