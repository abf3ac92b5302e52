"""What makes a single layer: the modules that a class holds for it, and the options of a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from torch import nn

from costmodel.emit.modules.written import Written
from costmodel.emit.source.expression import Argument, Call, Expression, Raw, call, value_of
from costmodel.emit.source.layers import DEFAULTS
from costmodel.emit.source.tree import Line

# Functions of torch and the modules that do the same, beside the activations
_MODULES = {
    "F.max_pool3d": "nn.MaxPool3d",
    "F.avg_pool3d": "nn.AvgPool3d",
    "F.dropout": "nn.Dropout",
    "shuffle": "nn.ChannelShuffle",
}
_ACTIVATIONS = {name.lower(): name for name in nn.modules.activation.__all__}
AHEAD = "pad_ahead"


def modules(line: Line) -> Iterator[tuple[str, Expression]]:
    """The modules that a layer is made of, by name: a window of frames, and the layer itself."""
    form = line.form
    if form.frames_first:
        yield line.beside, _made("FrameWindow", line, {}, dict(form.frames_first))
    if form.module:
        yield line.name, _made(form.module, line, form.arguments, form.options)


def entries_of(line: Line) -> list[tuple[str, Expression]] | None:
    """The layer as entries of a sequence, all of them modules; None where a function has no module."""
    found = list(modules(line))
    if not line.form.module:
        entry = _as_module(line)
        if entry is None:
            return None
        found.append((line.name, entry))
    ahead = padding_ahead(line)
    if ahead:
        frames, value = ahead
        pads = call("", *(Raw("0"),) * 4, frames, Raw("0"))
        # Ahead of the layer itself, which is the last of its entries.
        found.insert(len(found) - 1, (line.beside, call("nn.ConstantPad3d", pads, value)))
    return found


def options_of(line: Line) -> Mapping[str, Expression]:
    """The options that the layer is called with."""
    form = line.form
    defaults = DEFAULTS.get(form.call, {})
    return {
        key: _option(text, line, key, defaults.get(key))
        for key, text in form.call_options.items()
        if key != AHEAD
    }


def padding_ahead(line: Line) -> tuple[Expression, Expression] | None:
    """The frames that stand ahead of a clip in a causal layer, and their value."""
    text = line.form.call_options.get(AHEAD)
    if text is None:
        return None
    frames, value = text.split(", ")
    return _option(frames, line, "frames_ahead", None), _option(value, line, "value_ahead", None)


def _made(function: str, line: Line, arguments: Mapping[str, object], options: Mapping[str, object]) -> Call:
    defaults = DEFAULTS.get(function, {})
    unnamed = [Argument("", value_of(value, (line.name,), key)) for key, value in arguments.items()]
    named = [
        Argument(key, value_of(value, (line.name,), key, defaults.get(key)), defaults.get(key))
        for key, value in options.items()
    ]
    return Call(function, (*unnamed, *named))


def _as_module(line: Line) -> Expression | None:
    form = line.form
    # A module knows by itself whether it is training.
    options = {key: each for key, each in options_of(line).items() if each != Raw("self.training")}
    if form.call == "torch.mean":
        return _mean(form)
    module = _MODULES.get(form.call, f"nn.{_activation(form.call)}" if _activation(form.call) else "")
    if not module:
        return None
    defaults = DEFAULTS.get(form.call, {})
    return Call(module, tuple(Argument(key, each, defaults.get(key)) for key, each in options.items()))


def _activation(function: str) -> str:
    module, _, name = function.rpartition(".")
    return _ACTIVATIONS.get(name.replace("_", ""), "") if module in ("F", "torch") else ""


def _mean(form: Written) -> Expression:
    """A mean over whole axes as a pool to one position on each."""
    axes = ast.literal_eval(form.call_options["dim"])
    # `AdaptiveAvgPool3d` keeps the size of an axis whose goal is None.
    size = (
        Raw("1") if axes == (2, 3, 4) else Raw(str(tuple(1 if axis in axes else None for axis in (2, 3, 4))))
    )
    return call("nn.AdaptiveAvgPool3d", size)


def _option(text: str, line: Line, key: str, default: object) -> Expression:
    try:
        value = ast.literal_eval(text)
    except ValueError:  # it is computed, such as self.training
        return Raw(text)
    return value_of(value, (line.name,), key, default)
