"""How each op is written in an emitted file: a module with its arguments, or a function of its inputs."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatch
from math import isinf
from typing import Any

from costmodel.emit.source import module_texts
from costmodel.errors import EmitError
from costmodel.ops import (
    Add,
    Attention,
    AvgPool,
    BatchNorm,
    Concat,
    Conv,
    Delay,
    Dropout,
    Flatten,
    Gate,
    Linear,
    MaxPool,
    Merge,
    Op,
    PadChannels,
    Recurrent,
    Shift,
    Shuffle,
    Split,
    Step,
    Subsample,
    Windowed,
)
from costmodel.ops.pointwise import Elementwise, Softmax
from costmodel.types import TensorType

Options = Mapping[str, Any]
NO_OPTIONS: Options = {}


@dataclass(frozen=True)
class Written:
    """One layer of an emitted file.

    Args:
        module: the class to make once, with `arguments` (by position) and `options` (by name).
        call: what runs on the inputs where there is no module.
        call_options: given to `call` by name, as Python text.
        carried: what of `module_texts` the file must carry along.
        takes_nothing: whether it must run on every step, with None where no frame has come.
        frames_first: a window of frames that is kept ahead of the layer, as arguments of `FrameWindow`.
    """

    module: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    options: Options = field(default_factory=dict)
    call: str = ""
    call_options: Mapping[str, str] = field(default_factory=dict)
    carried: tuple[str, ...] = ()
    takes_nothing: bool = False
    frames_first: tuple[tuple[str, Any], ...] = ()

    def copying(self) -> Written:
        """The same layer, which copies the frames that it keeps."""
        if self.frames_first:
            return replace(self, frames_first=(*self.frames_first, ("copies", True)))
        return replace(self, options={**self.options, "copies": True})


@singledispatch
def written(op: Op, inputs: tuple[TensorType, ...]) -> Written:
    """How an op is written.

    Raises:
        EmitError: it cannot be written as a file of its own.
    """
    raise EmitError(f"{type(op).__name__} cannot be written as source; emit the network as a module")


@written.register
def _(op: Conv, inputs: tuple[TensorType, ...]) -> Written:
    options = _options(op, inputs[0]) | _given(groups=(op.groups, 1), bias=(op.bias, True))
    arguments = {"in_channels": inputs[0].channels, "channels": op.channels, "kernel_size": op.kernel}
    return Written("nn.Conv3d", arguments, options, **_ahead(op))


@written.register
def _(op: BatchNorm, inputs: tuple[TensorType, ...]) -> Written:
    options = _given(eps=(float(op.eps), 1e-5))
    return Written("nn.BatchNorm3d", {"channels": inputs[0].channels}, options)


@written.register
def _(op: Linear, inputs: tuple[TensorType, ...]) -> Written:
    arguments = {"in_channels": inputs[0].channels, "channels": op.channels}
    return Written("ChannelLinear", arguments, _given(bias=(op.bias, True)), carried=("ChannelLinear",))


@written.register
def _(op: Elementwise, inputs: tuple[TensorType, ...]) -> Written:
    return Written(call=op.function)


@written.register
def _(op: Softmax, inputs: tuple[TensorType, ...]) -> Written:
    return Written(call="F.softmax", call_options={"dim": "1"})


@written.register
def _(op: Dropout, inputs: tuple[TensorType, ...]) -> Written:
    return Written(call="F.dropout", call_options={"p": str(float(op.rate)), "training": "self.training"})


@written.register
def _(op: Add, inputs: tuple[TensorType, ...]) -> Written:
    return _merge(op, "torch.add" if len(inputs) == 2 else "add")


@written.register
def _(op: Concat, inputs: tuple[TensorType, ...]) -> Written:
    return _merge(op, "concat")


def _merge(op: Merge, call: str) -> Written:
    carried = tuple(name for name in (call,) if not name.startswith("torch"))
    return Written(call=call, carried=(*carried, "crop") if op.crop else carried)


@written.register
def _(op: Gate, inputs: tuple[TensorType, ...]) -> Written:
    return Written(call="torch.mul")


@written.register
def _(op: Flatten, inputs: tuple[TensorType, ...]) -> Written:
    return Written(call="torch.reshape", call_options={"shape": f"(-1, {inputs[0].values}, 1, 1, 1)"})


@written.register
def _(op: Shuffle, inputs: tuple[TensorType, ...]) -> Written:
    return Written(call="shuffle", call_options={"groups": literal(op.groups)}, carried=("shuffle",))


@written.register
def _(op: Split, inputs: tuple[TensorType, ...]) -> Written:
    options = {"part": literal(op.part), "parts": literal(op.parts)}
    return Written(call="split", call_options=options, carried=("split",))


@written.register
def _(op: PadChannels, inputs: tuple[TensorType, ...]) -> Written:
    more = literal(op.channels - inputs[0].channels)
    return Written(call="pad_channels", call_options={"more": more}, carried=("pad_channels",))


@written.register
def _(op: Attention, inputs: tuple[TensorType, ...]) -> Written:
    return Written(call="attend", call_options={"softmax": literal(op.softmax)}, carried=("attend",))


@written.register
def _(op: Recurrent, inputs: tuple[TensorType, ...]) -> Written:
    kind = type(op).__name__
    arguments = {"in_channels": inputs[0].channels, "channels": op.channels}
    return Written(kind, arguments, carried=("Recurrent", kind))


@written.register
def _(op: Shift, inputs: tuple[TensorType, ...]) -> Written:
    return Written(call="shift", call_options={"frames": literal(op.frames)}, carried=("shift",))


@written.register
def _(op: Subsample, inputs: tuple[TensorType, ...]) -> Written:
    return Written(call="subsample", call_options={"stride": literal(op.stride)}, carried=("subsample",))


@written.register
def _(op: MaxPool, inputs: tuple[TensorType, ...]) -> Written:
    return _pool(op, inputs[0], "F.max_pool3d", _options(op, inputs[0]))


@written.register
def _(op: AvgPool, inputs: tuple[TensorType, ...]) -> Written:
    _refuse_dilation(op, op.dilation)
    whole = [axis + 2 for axis in range(3) if op.kernel[axis] is None]
    if whole and all(op.kernel[axis] in (None, 1) for axis in range(3)) and op.stride == (1, 1, 1):
        return Written(call="torch.mean", call_options={"dim": literal(tuple(whole)), "keepdim": "True"})
    return _pool(op, inputs[0], "F.avg_pool3d", _options(op, inputs[0]))


def _pool(op: Windowed, x: TensorType, call: str, options: Options) -> Written:
    texts = {"kernel_size": literal(op.kernel_on(x)), "stride": literal(op.stride)}
    texts |= {name: literal(value) for name, value in options.items() if name != "stride"}
    return Written(call=call, call_options=texts, **_ahead(op))


@written.register
def _(op: Delay, inputs: tuple[TensorType, ...]) -> Written:
    return Written("Delay", {"wait": op.wait}, carried=("Delay",), takes_nothing=True)


@written.register
def _(op: Step, inputs: tuple[TensorType, ...]) -> Written:
    clip = op.inner_input(inputs[0])
    window, inner = op.inner.window(clip), op.inner
    if isinstance(inner, Recurrent):
        plain = written(inner, (clip,))
        return Written(plain.module, plain.arguments, {"remembers": True}, carried=plain.carried)
    keeps_frames = op.form == "window" or inner.carry(clip).combine == "none"
    if keeps_frames and window.span > 0 and not isinstance(inner, Subsample):
        value = float("-inf") if isinstance(inner, MaxPool) else 0.0
        kept = {"span": window.span, "stride": window.stride, "before": op.before} | _given(
            value=(value, 0.0)
        )
        clip_form = written(inner, (clip,))
        return Written(**{**vars(clip_form), "frames_first": tuple(kept.items())})
    before = _given(before=(op.before, 0))
    match inner:
        case Subsample():
            return Written("StreamSubsample", {"stride": inner.stride}, carried=("StreamSubsample",))
        case Conv():
            plain = written(inner, (clip,))
            options = {**plain.options, **before}
            return Written("StreamConv3d", plain.arguments, options, carried=("OpenWindows", "StreamConv3d"))
        case MaxPool() | AvgPool():
            kind = "StreamMaxPool3d" if isinstance(inner, MaxPool) else "StreamAvgPool3d"
            options = {"stride": inner.stride, "padding": tuple(inner.pads(axis)[0] for axis in range(3))}
            if isinstance(inner, AvgPool):
                _refuse_dilation(inner, (1, *inner.dilation[1:]))
                options = options | _given(dilation=(inner.dilation[0], 1))
            else:
                options = options | {"dilation": inner.dilation}
            arguments = {"kernel_size": inner.kernel_on(clip)}
            return Written(kind, arguments, {**options, **before}, carried=("OpenWindows", kind))
    raise EmitError(f"step {type(inner).__name__} cannot be written as source; emit the network as a module")


def _options(op: Windowed, x: TensorType) -> dict[str, Any]:
    padding = tuple(0 if op.causal and axis == 0 else op.pads(axis)[0] for axis in range(3))
    given = _given(stride=(op.stride, (1, 1, 1)), padding=(padding, (0, 0, 0)))
    return given | ({} if isinstance(op, AvgPool) else _given(dilation=(op.dilation, (1, 1, 1))))


def _ahead(op: Windowed) -> dict[str, Any]:
    """A causal window of a clip: all its padding stands ahead."""
    frames = op.pads(0)[0] if op.causal else 0
    if not frames:
        return {}
    value = "float('-inf')" if isinstance(op, MaxPool) else "0.0"
    return {"call_options": {"pad_ahead": f"{frames}, {value}"}, "carried": ("pad_ahead",)}


def _refuse_dilation(op: AvgPool, dilation: tuple[Any, ...]) -> None:
    if dilation != (1, 1, 1):
        raise EmitError(
            "a dilated avg_pool has no torch layer and cannot be written as source; emit it as a module"
        )


def _given(**values: tuple[Any, Any]) -> dict[str, Any]:
    """Options that differ from torch's defaults."""
    return {name: value for name, (value, default) in values.items() if value != default}


def literal(value: Any) -> str:
    """A value as Python text; infinity has no literal of its own."""
    return f"float('{value}')" if isinstance(value, float) and isinf(value) else repr(value)


def carried_text(names: set[str]) -> str:
    """The text of what a file carries along, in the order of `module_texts`."""
    known = [
        name
        for name, value in vars(module_texts).items()
        if getattr(value, "__module__", "") == module_texts.__name__
    ]
    triple = ["Triple = tuple[int, int, int]\n"] if any("Pool3d" in name for name in names) else []
    parts = (inspect.getsource(getattr(module_texts, name)) for name in known if name in names)
    return "\n\n".join(
        part.replace("  # type: ignore[override]", "").replace("  # type: ignore[arg-type]", "")
        for part in (*triple, *parts)
    )
