"""How an op is written in an emitted file: a module with its arguments, or a function of its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from math import isinf
from pkgutil import iter_modules
from typing import TypedDict, TypeVar

from costmodel.emit.modules import texts
from costmodel.emit.modules.base import even_pads
from costmodel.emit.modules.registry import Registry
from costmodel.emit.modules.texts import clips
from costmodel.ops import Op, Step, Windowed
from costmodel.types import TensorType

Text = type[object] | Callable[..., object]
Options = Mapping[str, object]
# The names that texts have in an emitted file, which nothing else there may take
TEXTS = frozenset(
    name
    for module in iter_modules(texts.__path__)
    for name in vars(import_module(f"{texts.__name__}.{module.name}"))
)


@dataclass(frozen=True)
class Written:
    """One layer of an emitted file.

    Args:
        module: the class to make once, with `arguments` (by position) and `options` (by name).
        call: what runs on the inputs where there is no module.
        call_options: given to `call` by name, as Python text.
        carried: the classes and functions whose text the file must carry along, each behind what it uses.
        takes_nothing: whether it must run on every step, with None where no frame has come.
        frames_first: a window of frames that is kept ahead of the layer, as arguments of `FrameWindow`.
        fills: whether shorter clips are filled up with zeros ahead of it, by `fill`.
        crops: how clips are cut to their shortest ahead of it, as arguments of `crop`; None: not at all.
    """

    module: str = ""
    arguments: Mapping[str, object] = field(default_factory=dict)
    options: Options = field(default_factory=dict)
    call: str = ""
    call_options: Mapping[str, str] = field(default_factory=dict)
    carried: tuple[Text, ...] = ()
    takes_nothing: bool = False
    frames_first: tuple[tuple[str, object], ...] = ()
    crops: tuple[str, ...] | None = None
    fills: bool = False

    def copying(self) -> Written:
        """The same layer, which copies the frames that it keeps."""
        if self.frames_first:
            return replace(self, frames_first=(*self.frames_first, ("copies", True)))
        return replace(self, options={**self.options, "copies": True})


class Ahead(TypedDict, total=False):
    """Those fields of `Written` that say what stands ahead of a clip."""

    call_options: dict[str, str]
    carried: tuple[Text, ...]


Write = Callable[..., Written]  # of an op and its inputs; of a step, the op in it and what that sees at once
AnyWrite = TypeVar("AnyWrite", bound=Write)
SOURCES: Registry[Write] = Registry("source text")
STEP_SOURCES: Registry[Write] = Registry("source text of its frame-by-frame form")


def writes(*ops: type[Op]) -> Callable[[AnyWrite], AnyWrite]:
    """Registers how these ops are written: a function of the op and its inputs."""

    def register(write: AnyWrite) -> AnyWrite:
        SOURCES.add(ops, write)
        return write

    return register


def writes_steps(*ops: type[Op]) -> Callable[[AnyWrite], AnyWrite]:
    """Registers how steps of these ops are written: a function of the step, its op and what that sees."""

    def register(write: AnyWrite) -> AnyWrite:
        STEP_SOURCES.add(ops, write)
        return write

    return register


def written(op: Op, inputs: tuple[TensorType, ...]) -> Written:
    """How an op is written.

    Raises:
        EmitError: it cannot be written as a file of its own.
    """
    if op.unwrapped is op:
        return SOURCES.of(op)(op, *inputs)
    return STEP_SOURCES.of(op)(op, op.unwrapped, *op.unwrapped_inputs(*inputs))


def keeps_frames(step: Step, x: TensorType) -> bool:
    """Whether a step keeps frames of its input, rather than what it makes of them."""
    frames = step.carry(x).kept.get("frames")
    return frames is not None and int(frames.time) > 0


def in_frames(step: Step, x: TensorType, padding: float = 0.0) -> Written:
    """A step that gathers the frames of its window and runs on them as on a clip."""
    window = step.inner.window(x)
    kept: dict[str, object] = {"span": window.span, "stride": window.stride, "before": step.before}
    kept |= differing(value=(padding, 0.0))
    # Of the plain op, not of its step: the gathered frames are a clip of one window.
    return replace(
        SOURCES.of(step)(step.inner, x.with_time(window.span + 1)), frames_first=tuple(kept.items())
    )


def sliding(op: Windowed, x: TensorType) -> dict[str, object]:
    """Stride, padding and dilation as torch's layers take them; no padding where ends of an axis differ."""
    padding = even_pads(op.paddings(x)) if not pads_in_space(op, x) else (even_pads(op.paddings(x))[0], 0, 0)
    return differing(
        stride=(op.stride, (1, 1, 1)), padding=(padding, (0, 0, 0)), dilation=(op.dilation, (1, 1, 1))
    )


def pads_in_space(op: Windowed, x: TensorType) -> tuple[int, ...]:
    """What `F.pad` takes for height and width where the ends of an axis differ, else nothing."""
    _, height, width = op.paddings(x)
    is_uneven = height[0] != height[1] or width[0] != width[1]
    return tuple(map(int, (*width, *height))) if is_uneven else ()


def padded(op: Windowed, x: TensorType, padding: float = 0.0) -> Ahead:
    """A window of a clip whose padding in time differs ahead and behind: ahead all of it, if it is causal."""
    ahead, behind = op.paddings(x)[0]
    if ahead == behind:
        return {}
    ends = f"{ahead}, {literal(padding)}" if not behind else f"{ahead}, {literal(padding)}, {behind}"
    return {"call_options": {"pad_ahead": ends}, "carried": (clips.pad_ahead,)}


def differing(**values: tuple[object, object]) -> dict[str, object]:
    """Options, each given with torch's default, that differ from it."""
    return {name: value for name, (value, default) in values.items() if value != default}


def literal(value: object) -> str:
    """A value as Python text; infinity has no literal of its own."""
    return f"float('{value}')" if isinstance(value, float) and isinf(value) else repr(value)
