"""What convolutions and pools share: a window that slides over time, height and width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self, TypeAlias

from costmodel.conditions import demand, named
from costmodel.errors import TransformError
from costmodel.numbers import Size, ceil_div, is_exact, is_never_below, is_symbolic, maximum
from costmodel.ops.base import Demand, Op, PoolTriple, Triple, must_look_ahead_of_pools
from costmodel.ops.step import Step
from costmodel.types import Streaming, TensorType, Window

AXES = ("time", "height", "width")
Pad: TypeAlias = "Size | tuple[Size, Size] | Literal['same']"
Padding = tuple[Pad, Pad, Pad]


@dataclass(frozen=True, kw_only=True)
class Windowed(Op):
    """A sliding window of (time, height, width). A kernel of None covers its whole axis.

    Output size n = (m + 2p - d(k - 1) - 1) // s + 1  (Hedegaard 2022, sec. 3.1). Padding is k // 2 unless
    given, and none on an axis that is covered whole; on an axis it is a number for both ends, one for each,
    or `same`: TensorFlow's, for ceil(m / s) outputs, the odd one behind. A causal window has all its d(k - 1)
    frames of padding ahead; one over the whole clip has none, and is aligned with its newest frame.
    """

    slides: ClassVar[bool] = True

    kernel: PoolTriple
    stride: Triple = (1, 1, 1)
    padding: Padding | None = None
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

    def pads(self, axis: int, x: TensorType) -> tuple[Size, Size]:
        """Padding before and after on one axis."""
        kernel, reach = self.kernel[axis], self.reach_on(axis, x)
        if kernel is None:
            return 0, 0
        if axis == 0 and self.causal:
            return reach - 1, 0
        given = self._given_on(axis)
        if isinstance(given, str):
            return _same(x[axis + 1], self.stride[axis], reach)
        return given if isinstance(given, tuple) else (given, given)

    def reach_on(self, axis: int, x: TensorType) -> Size:
        """From the first to the last position under the window, both included."""
        return self.dilation[axis] * (self.kernel_on(x)[axis] - 1) + 1

    def _given_on(self, axis: int) -> Pad:
        """Its padding on one axis, as it is given or by default."""
        kernel = self.kernel[axis]
        if kernel is None:
            return 0
        # Keeps the size under an odd kernel; an even one gives a position more.
        return kernel // 2 * self.dilation[axis] if self.padding is None else self.padding[axis]

    def demands(self, x: TensorType) -> Iterator[Demand]:
        for axis, name in enumerate(AXES):
            kernel = self.kernel[axis]
            # Both fit on anything, and most layers have such axes: no condition is worth telling a trace.
            if kernel is None or (isinstance(kernel, int) and kernel == 1):
                continue
            before, after = self.pads(axis, x)
            size, reach = x[axis + 1] + before + after, self.reach_on(axis, x)
            yield (
                size >= reach,
                "the kernel reaches {} in {}, more than its padded input of {}",
                (reach, name, size),
            )

    def slide(self, x: TensorType) -> Triple:
        """Output time, height and width."""
        time, height, width = (self._positions(x, axis) for axis in range(3))
        return time, height, width

    def _positions(self, x: TensorType, axis: int) -> Size:
        if self.kernel[axis] is None:
            return 1
        before, after = self.pads(axis, x)
        size = (x[axis + 1] + before + after - self.reach_on(axis, x)) // self.stride[axis] + 1
        # Named by an open trace, so that formulas of later layers do not repeat the whole quotient.
        return named(AXES[axis], size)

    def window(self, x: TensorType) -> Window:
        if self.kernel[0] is None:
            return Window(kernel=x.time, before=x.time - 1 if self.causal else 0, whole_clip=True)
        before, _ = self.pads(0, x)
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
        padding = (0, self._given_on(1), self._given_on(2))
        return replace(self, kernel=kernel, padding=padding, causal=False)

    def paddings(self, x: TensorType) -> tuple[tuple[Size, Size], ...]:
        return tuple(self.pads(axis, x) for axis in range(3))

    def spelled_out(self) -> Self:
        if self.causal:  # its padding is not the same ahead and behind, as the field would have it
            return self
        time, height, width = map(self._given_on, range(3))
        return replace(self, padding=(time, height, width))

    def made_causal(self, x: TensorType) -> Self:
        return self if self.window(x).is_framewise else replace(self, causal=True)

    def in_place(self, x: TensorType) -> Mapping[str, Op]:
        window = self.window(x)
        if is_exact(window.last) and window.last < 0:
            fewer = replace(self, padding=((window.span, 0), self._given_on(1), self._given_on(2)))
            return {f"pad time by {window.span} ahead and by 0 behind": fewer}
        return {"let it see one frame": self.with_taps(1)}

    def of_each_frame(self, x: TensorType) -> Self | None:
        return self.with_taps(1)

    def inflated(self, strides: bool) -> Self:
        if self.kernel[0] is None or self.kernel[1] is None:
            return self
        return replace(
            self,
            kernel=(self.kernel[1], *self.kernel[1:]),
            stride=(self.stride[1] if strides else 1, *self.stride[1:]),
            dilation=(self.dilation[1], *self.dilation[1:]),
            padding=None if self.padding is None else (self.padding[1], *self.padding[1:]),
        )

    def strided_in_time(self) -> Self:
        if self.stride[0] != 1 or self.kernel[0] is None:
            return self
        return replace(self, stride=(self.stride[1], *self.stride[1:]))

    def without_stride(self) -> Self:
        return replace(self, stride=(1, *self.stride[1:]))

    def with_taps(self, taps: int) -> Self:
        return replace(
            self,
            kernel=(taps, *self.kernel[1:]),
            stride=(1, *self.stride[1:]),
            dilation=(1, *self.dilation[1:]),
            padding=None if self.padding is None else (0, *self.padding[1:]),
            causal=taps > 1,
        )

    @property
    def does_nothing(self) -> bool:
        """Whether each position of its output is one of its input; a layer with weights does more."""
        # an array is no 1, even where it holds nothing else: the layer stays, and costs what it costs
        return all(isinstance(size, int) and size == 1 for size in (*self.kernel, *self.stride))


def _same(size: Size, stride: Size, reach: Size) -> tuple[Size, Size]:
    """TensorFlow's padding `same`: as many outputs as strides begin within the input."""
    is_dense = isinstance(stride, int) and stride == 1
    total = reach - 1 if is_dense else maximum((ceil_div(size, stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2
