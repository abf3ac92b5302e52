"""What a layer of a running network is, and which layer runs which op."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from costmodel.emit.modules.registry import Registry
from costmodel.numbers import Size
from costmodel.ops import Op, Windowed
from costmodel.types import TensorType

# Covariant, so that the layer of any op is a `Layer[Op]`: nobody puts another op into a layer.
AnyOp = TypeVar("AnyOp", bound=Op, covariant=True)
Mirror = TypeVar("Mirror", bound="type[Layer[Op]]")
AnyWindowed = TypeVar("AnyWindowed", bound=Windowed, covariant=True)

MIRRORS: Registry[type[Layer[Op]]] = Registry("layer")


class Layer(nn.Module, ABC, Generic[AnyOp]):
    """An op that runs.

    Clips are (batch, channels, time, height, width), frames (batch, channels, height, width).

    `is_fresh` says that the output is new memory, which a pointwise layer behind may overwrite.
    """

    is_fresh: ClassVar[bool] = True

    product_dtype: torch.dtype | None = None
    """What pointwise layers take their matrix products in, where not in the type of all else."""

    def __init__(self, op: AnyOp, *inputs: TensorType) -> None:
        super().__init__()
        self.op = op

    @abstractmethod
    def forward(self, *clips: Tensor) -> Tensor:
        """The op on whole clips."""

    @abstractmethod
    def frame(self, *frames: Tensor) -> Tensor:
        """The op on one frame of each input, where it treats each frame alone."""

    def frames(self, *clips: Tensor) -> Tensor:
        """The op on each frame of whole clips, alone."""
        return self.forward(*clips)

    def overwrite(self, frame: Tensor) -> Tensor:
        """As `frame` and `forward`, but free to overwrite its input; pointwise layers alone have it."""
        raise NotImplementedError

    @property
    def padding_value(self) -> float:
        """What the frames ahead of the first hold, in a clip's padding and in a stream's fresh state."""
        return 0.0

    def extra_repr(self) -> str:
        """The fields of the op that differ from their defaults."""
        return ", ".join(
            f"{name}={value}" for name, value in vars(self.op).items() if value not in (False, None)
        )


class WindowedLayer(Layer[AnyWindowed]):
    """A layer that slides a window; over time its taps combine by a sum or a maximum."""

    def __init__(self, op: AnyWindowed, *inputs: TensorType) -> None:
        super().__init__(op, *inputs)
        (x,) = inputs
        kernel = op.kernel_on(x)
        self.kernel = triple(kernel)
        self.stride = triple(op.stride)
        self.dilation = triple(op.dilation)
        self.pads = tuple((int(before), int(after)) for before, after in op.paddings(x))

    @abstractmethod
    def taps(self, frame: Tensor, wanted: tuple[int, ...]) -> list[Tensor]:
        """What each wanted tap in time makes of a frame, in new memory; the last tap adds the bias."""

    @abstractmethod
    def over(self, frames: list[Tensor]) -> Tensor:
        """The output of one whole window of frames."""

    @abstractmethod
    def combine(self, partial: Tensor, tap: Tensor) -> Tensor:
        """A partial result joined with what one more tap made of a frame; may overwrite the latter."""

    def join(self, partial: Tensor, tap: Tensor) -> None:
        """Joins partial results, in their own memory, with what one more tap made of frames."""
        partial.add_(tap)

    def slide(self, clip: Tensor) -> Tensor:
        """The outputs of all windows that a clip holds whole."""
        return self.forward(clip)

    def padded_shares(self, frames: Tensor) -> Tensor:
        """What frames give to every window that sees one of them, zeros standing ahead of them and behind.

        Without what each output has once, which `closed` adds.
        """
        raise NotImplementedError

    def closed(self, results: Tensor) -> Tensor:
        """Whole sums of `padded_shares` for a frame as its output: with the bias."""
        return results

    @property
    def gives_shares(self) -> bool:
        """Whether `padded_shares` is a fast way to run it: of depthwise convolutions over time and space."""
        return False

    def looped(self, frame: Tensor) -> list[Tensor]:
        """What all taps make of a frame, as `taps`, in operators that a compiler joins into one loop."""
        return self.taps(frame, tuple(range(self.kernel[0])))

    def runs_in_loops(self, count: int) -> bool:
        """Whether `looped` is the fastest way to run it on so many frames, compiled."""
        return False

    def frame(self, *frames: Tensor) -> Tensor:
        return self.over(list(frames))


def uneven_pads(pads: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """What `functional.pad` takes, last axis first, for the axes whose two ends differ."""
    return tuple(end for pad in reversed(pads) for end in (pad if pad[0] != pad[1] else (0, 0)))


def even_pads(pads: Sequence[tuple[Size, Size]]) -> tuple[int, ...]:
    """The padding of axes whose two ends are alike; 0 of the others."""
    return tuple(int(before) if before == after else 0 for before, after in pads)


def triple(sizes: tuple[Size, Size, Size]) -> tuple[int, int, int]:
    """Sizes in time, height and width as plain ints."""
    time, height, width = sizes
    return int(time), int(height), int(width)


def mirrors(*ops: type[Op]) -> Callable[[Mirror], Mirror]:
    """Registers a layer class as what runs these ops."""

    def register(layer: Mirror) -> Mirror:
        MIRRORS.add(ops, layer)
        return layer

    return register


def layer_for(op: Op, inputs: tuple[TensorType, ...]) -> Layer[Op]:
    """The layer that runs an op; of a frame-by-frame form, the layer of the op that runs in it.

    Raises:
        EmitError: the op has no layer.
    """
    # A window's frame-by-frame form has the layer, and so the weights, of its clip network.
    return MIRRORS.of(op)(op.unwrapped, *op.unwrapped_inputs(*inputs))
