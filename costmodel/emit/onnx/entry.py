"""What writes each kind of layer as ONNX operators of rank 4; a layer without an entry is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple, TypeVar

from costmodel.emit.modules.registry import Registry
from costmodel.emit.onnx.tape import Tape
from costmodel.errors import EmitError
from costmodel.ops import Op
from costmodel.types import TensorType


@dataclass(frozen=True)
class Place:
    """A layer where it stands: its name, itself, and the types of what it reads and makes."""

    name: str
    layer: Any  # of the op that the entry was registered for
    inputs: tuple[TensorType, ...]
    out: TensorType
    tape: Tape

    @property
    def op(self) -> Any:
        """The layer's op, of the clip network."""
        return self.layer.op

    def learned(self, name: str, *shape: int) -> str:
        """A value that the layer learned, in another shape where one is given."""
        values = getattr(self.layer, name)
        return self.tape.learned(f"{self.name}.{name}", values.reshape(shape) if shape else values)


WriteFrame = Callable[..., str]  # of the place and the names of its inputs


class Window(NamedTuple):
    """How a layer that slides a window is written.

    Args:
        tap: what one tap in time makes of a frame: of the place, the frame and the tap's number.
        combine: the operator that joins what the taps make.
        is_alike: whether all taps make the same of a frame.
    """

    tap: Callable[[Place, str, int], str]
    combine: str = "Add"
    is_alike: bool = False

    def taps(self, place: Place, frame: str, wanted: Sequence[int]) -> list[str]:
        """What each wanted tap makes of a frame."""
        if self.is_alike:
            return [self.tap(place, frame, 0)] * len(wanted) if wanted else []
        return [self.tap(place, frame, tap) for tap in wanted]

    def over(self, place: Place, frames: Sequence[str]) -> str:
        """The output of one whole window of frames."""
        if self.is_alike:
            return self.tap(place, self.joined(place, frames), 0)
        # One after the other, so that no more than two maps wait to be joined.
        return self.joined(place, (self.tap(place, frame, tap) for tap, frame in enumerate(frames)))

    def joined(self, place: Place, parts: Iterable[str]) -> str:
        """All parts, combined."""
        return reduce(lambda one, other: place.tape.op(self.combine, one, other), parts)


FRAMES: Registry[WriteFrame] = Registry("ONNX operators of rank 4")
WINDOWS: Registry[Window] = Registry("ONNX operators of rank 4")
AnyWriter = TypeVar("AnyWriter", bound=WriteFrame)


def writes_frame(*ops: type[Op]) -> Callable[[AnyWriter], AnyWriter]:
    """Registers what writes these ops on one frame of each input."""

    def register(write: AnyWriter) -> AnyWriter:
        FRAMES.add(ops, write)
        return write

    return register


def writes_window(*ops: type[Op], window: Window) -> None:
    """Registers how these ops are written, on a frame and on a window of frames."""
    WINDOWS.add(ops, window)
    FRAMES.add(ops, lambda place, frame: window.over(place, [frame]))


def refusal(name: str, word: str) -> EmitError:
    """What is said of a layer that has no operators of rank 4."""
    return EmitError(f"{name}: {word} has no operators of rank 4 in ONNX; --rank 5 writes it as it is")
