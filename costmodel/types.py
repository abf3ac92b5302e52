"""What flows along an edge (`TensorType`) and how an op looks through time (`Window`, `Carry`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from costmodel.numbers import Size, is_zero

# How PyTorch code writes a layer, which some counting tools see, and the tag of a node that is written so:
# `nn.ReLU`; `functional.relu`, `torch.mul`; `x * y`, `x.mean()`; a class derived from `nn.Conv3d`.
WAYS = {each: f"written as {each}" for each in ("module", "function", "operator", "subclass")}
# The tag of a node whose kernel is given as one number, which some counting tools read as that number.
SINGLE_NUMBER_KERNEL = "kernel given as one number"
Form = Literal["partial", "window"]
Answers = Literal["all", "last"]
TRAINED_FPS = 30  # camera frames a second, where a spec says nothing: Kinetics' videos are about as fast
FASTEST = 1_000_000  # frames a second of any camera
DTYPE_BYTES = {"fp32": 4, "fp16": 2, "int8": 1}


class TensorType(NamedTuple):
    """Channels, time, height and width of one tensor, without the batch."""

    channels: Size
    time: Size
    height: Size
    width: Size

    @property
    def positions(self) -> Size:
        """Output positions: time x height x width."""
        return self.time * (self.height * self.width)

    @property
    def values(self) -> Size:
        """Numbers that the tensor holds."""
        return self.channels * self.positions

    def with_time(self, time: Size) -> TensorType:
        """The same maps over another number of frames."""
        return self._replace(time=time)

    def __str__(self) -> str:
        return f"{self.channels}x{self.time}x{self.height}x{self.width}"


@dataclass(frozen=True)
class Window:
    """The frames of its input that one output frame of an op sees: from `first` to `last`.

    Both are counted from the frame that the output is aligned with, and both may lie in the past, as those of
    a shift do. `before` counts the frames (zeros or replicas in a clip) that stand ahead of the window:
    symmetric zero padding p gives p, a causal window `span`, no padding 0, a shift its frames. `wait` is a
    deliberate delay in input frames of the network. An `unbounded` window ends at its own frame and reaches
    back to the first one ever seen.
    """

    kernel: Size = 1
    dilation: int = 1
    stride: int = 1
    before: Size = 0
    wait: Size = 0
    whole_clip: bool = False
    unbounded: bool = False

    @property
    def span(self) -> Size:
        """Frames between the first and the last that the window sees: d(k - 1)."""
        return self.dilation * (self.kernel - 1)

    @property
    def first(self) -> Size:
        """The oldest frame that it sees, counted from the aligned one: below zero in the past."""
        return -self.before

    @property
    def last(self) -> Size:
        """The newest frame that it sees, counted from the aligned one: below zero in the past."""
        return self.span - self.before

    @property
    def looks_back(self) -> bool:
        """Whether it sees the past alone, not even the frame that its output is aligned with."""
        return isinstance(self.last, int) and self.last < 0

    @property
    def looks_ahead(self) -> bool:
        """Whether it sees frames to come alone, not even the frame that its output is aligned with."""
        return isinstance(self.first, int) and self.first > 0

    @property
    def is_framewise(self) -> bool:
        """Whether each output frame depends on its own input frame alone, and each frame is answered."""
        # A symbol's `==` compares its form, and an array's each element: neither answers what is asked here.
        is_single = isinstance(self.kernel, int) and self.kernel == 1 and self.stride == 1
        return is_single and not (self.whole_clip or self.unbounded) and is_zero(self.before)


FRAMEWISE = Window()
UNBOUNDED = Window(unbounded=True)


@dataclass(frozen=True)
class Streaming:
    """What an op must know of the stream that it is to run in.

    Args:
        form: what a window keeps between frames: its open partial results, or its frames.
        covers: frames that a window over the whole clip slides over; None: it takes each frame alone.
        cumulates: whether a pool over the whole clip pools all frames so far instead.
        is_behind_pool: whether it reads what a pool over the whole clip has answered, of which a clip has one
            frame and a stream many.
    """

    form: Form = "partial"
    covers: Size | None = None
    cumulates: bool = False
    is_behind_pool: bool = False


@dataclass(frozen=True)
class Carry:
    """What an op must keep between frames.

    `combine` says how the taps of a window combine: `sum` or `max` allow partial results at output size,
    `none` needs the inputs themselves. `kept` are the tensors that the op itself holds between frames, by
    name, their `time` being the number of frames held.
    """

    combine: Literal["sum", "max", "none"] = "none"
    kept: Mapping[str, TensorType] = field(default_factory=dict)


NOTHING = Carry()

Work = Mapping[str, Size]
Shape = tuple[Size, ...]
