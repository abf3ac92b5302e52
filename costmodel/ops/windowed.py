"""What convolutions and pools share: a window that slides over time, height and width."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from costmodel.errors import TransformError
from costmodel.numbers import Size, demand, is_never_below, is_symbolic, named
from costmodel.ops.base import Demand, Op, PoolTriple, Triple, must_look_ahead_of_pools
from costmodel.ops.step import Step
from costmodel.types import Streaming, TensorType, Window

AXES = ("time", "height", "width")


@dataclass(frozen=True, kw_only=True)
class Windowed(Op):
    """A sliding window of (time, height, width). A kernel of None covers its whole axis.

    Output size n = (m + 2p - d(k - 1) - 1) // s + 1  (Hedegaard 2022, sec. 3.1). Padding is k // 2 unless
    given, and none on an axis that is covered whole. A causal window has all its d(k - 1) frames of padding
    ahead; one over the whole clip has none, and is aligned with its newest frame.
    """

    slides: ClassVar[bool] = True

    kernel: PoolTriple
    stride: Triple = (1, 1, 1)
    padding: Triple | None = None
    dilation: Triple = (1, 1, 1)
    causal: bool = False

    def kernel_on(self, x: TensorType) -> Triple:
        """The kernel with whole axes put in."""
        time, height, width = self.kernel
        return (
            x.time if time is None else time,
            x.height if height is None else height,
            x.width if width is None else width,
        )

    def pads(self, axis: int) -> tuple[Size, Size]:
        """Padding before and after on one axis."""
        kernel, dilation = self.kernel[axis], self.dilation[axis]
        if kernel is None:
            return 0, 0
        if axis == 0 and self.causal:
            return dilation * (kernel - 1), 0
        # Keeps the size under an odd kernel; an even one gives a position more.
        pad = kernel // 2 * dilation if self.padding is None else self.padding[axis]
        return pad, pad

    def demands(self, x: TensorType) -> Iterator[Demand]:
        for axis, name in enumerate(AXES):
            kernel = self.kernel[axis]
            # Both fit on anything, and most layers have such axes: no condition is worth telling a trace.
            if kernel is None or (isinstance(kernel, int) and kernel == 1):
                continue
            before, after = self.pads(axis)
            size = x[axis + 1] + before + after
            reach = self.dilation[axis] * (kernel - 1) + 1
            yield (
                size >= reach,
                "the kernel reaches {} in {}, more than its padded input of {}",
                (reach, name, size),
            )

    def slide(self, x: TensorType) -> Triple:
        """Output time, height and width."""
        kernel = self.kernel_on(x)
        time, height, width = (self._positions(x, axis, kernel[axis]) for axis in range(3))
        return time, height, width

    def _positions(self, x: TensorType, axis: int, kernel: Size) -> Size:
        if self.kernel[axis] is None:
            return 1
        before, after = self.pads(axis)
        reach = self.dilation[axis] * (kernel - 1) + 1
        size = (x[axis + 1] + before + after - reach) // self.stride[axis] + 1
        # Named by an open trace, so that formulas of later layers do not repeat the whole quotient.
        return named(AXES[axis], size)

    def window(self, x: TensorType) -> Window:
        if self.kernel[0] is None:
            return Window(kernel=x.time, before=x.time - 1 if self.causal else 0, whole_clip=True)
        before, _ = self.pads(0)
        stride, dilation = self.stride[0], self.dilation[0]
        # Whole numbers, but in the closed forms of one layer, whose strides and dilations are symbols too.
        return Window(self.kernel[0], dilation, stride, before)  # type: ignore[arg-type]

    def streamed(self, stream: Streaming, x: TensorType) -> Op:
        window = self.window(x)
        if window.whole_clip:
            return self._over_frames(stream)
        if window.is_framewise:
            return self
        must_look_ahead_of_pools(self, stream)
        demand(window.last >= 0)  # of a symbol it is known later, of an array each element must do
        if not is_symbolic(window.last) and not is_never_below(window.last, 0):
            raise TransformError(
                f"{window.before} frames of padding are more than the window's {window.span} earlier frames; "
                f"pad time by at most {window.span}"
            )
        return Step(self.without_time_padding(), window.before, stream.form)

    def _over_frames(self, stream: Streaming) -> Op:
        """A window over the whole clip, over each frame alone or the frames that it covers."""
        if stream.covers is None:
            return replace(self, kernel=(1, *self.kernel[1:]))
        before = stream.covers - 1 if self.causal else 0  # a causal pool is aligned with its newest frame
        return Step(self.without_time_padding(stream.covers), before, stream.form)

    def without_time_padding(self, covers: Size | None = None) -> Self:
        """The same window as it stands in a stream, where no frame is padded (Hedegaard 2022, sec. 3.5)."""
        kernel = self.kernel if covers is None else (covers, *self.kernel[1:])
        _, (height, _), (width, _) = self.paddings
        return replace(self, kernel=kernel, padding=(0, height, width), causal=False)

    @property
    def paddings(self) -> tuple[tuple[Size, Size], ...]:
        return tuple(self.pads(axis) for axis in range(3))

    def spelled_out(self) -> Self:
        if self.causal:  # its padding is not the same ahead and behind, as the field would have it
            return self
        (time, _), (height, _), (width, _) = self.paddings
        return replace(self, padding=(time, height, width))

    def made_causal(self, x: TensorType) -> Self:
        return self if self.window(x).is_framewise else replace(self, causal=True)
