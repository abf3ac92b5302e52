"""How each layer of a graph is written, equal layers of equal blocks with the same arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from costmodel.analysis.temporal import timing
from costmodel.emit.memory import NOTHING, kept_frames
from costmodel.emit.modules.texts import streams, windows
from costmodel.emit.modules.written import Written, written
from costmodel.graph import Block, Graph, Node

Option = TypeVar("Option")
_WINDOW = {"stride": (1, 1, 1), "padding": (0, 0, 0), "dilation": (1, 1, 1), "groups": 1, "bias": True}
# What a layer does where an option is not given
DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "nn.Conv3d": _WINDOW,
    "StreamConv3d": _WINDOW | {"before": 0},
    "nn.BatchNorm3d": {"eps": 1e-5},
    "ChannelLinear": {"bias": True},
    "F.max_pool3d": {"padding": (0, 0, 0), "dilation": (1, 1, 1)},
    "F.avg_pool3d": {"padding": (0, 0, 0)},
    "StreamMaxPool3d": {"before": 0},
    "StreamAvgPool3d": {"before": 0, "dilation": 1},
    "FrameWindow": {"value": 0.0, "copies": False},
    "Delay": {"copies": False},
}


def layers_of(graph: Graph) -> Mapping[str, Written]:
    """How each layer is written, by name."""
    kept = kept_frames(graph) if graph.is_stream else NOTHING
    copying = kept.copies | kept.of_input
    forms = {node.name: _written(graph, node, node.name in copying) for node in graph.nodes}
    blocks = blocks_of(graph)
    alike: dict[tuple[str, str], list[str]] = {}
    for name in forms:
        # The innermost block is the one whose class has the layer.
        inside = next((prefix for prefix in reversed(prefixes(name)) if prefix in blocks), None)
        if inside is not None:
            alike.setdefault((blocks[inside].word, name.removeprefix(f"{inside}.")), []).append(name)
    for names in alike.values():
        forms |= zip(names, _levelled([forms[name] for name in names]), strict=True)
    return forms


def blocks_of(graph: Graph) -> Mapping[str, Block]:
    """The spec's blocks by the prefix of their layers; without a spec numbered groups, by their stage."""
    if graph.blocks:
        return graph.blocks
    numbered = {each: each.split(".") for node in graph.nodes for each in prefixes(node.name)}
    return {
        prefix: Block(f"{parts[-2].rstrip('0123456789') or parts[-2]}_block", {})
        for prefix, parts in numbered.items()
        if len(parts) > 1 and parts[-1].isdigit()
    }


def prefixes(name: str) -> list[str]:
    """The names of all groups that a layer stands in, the outermost first."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _written(graph: Graph, node: Node, copies: bool) -> Written:
    runs_ahead = graph.is_stream and graph.windows[node.name].looks_back
    form = _shifted(graph, node) if runs_ahead else written(node.op, graph.inputs_of(node))
    return form.copying() if copies else form


def _shifted(graph: Graph, node: Node) -> Written:
    """A layer that hands frames on under a later number: it must know at which steps it gives zeros."""
    times = timing(graph)
    own, out = times[node.name], graph.types[node.name]
    arguments = {
        "shape": (out.channels, 1, out.height, out.width),
        "first": own.delay,
        "begins": times[node.inputs[0]].delay,
        "jump": own.jump,
    }
    return Written("StreamShift", arguments, carried=(streams.StreamShift,), takes_nothing=True)


def _levelled(forms: list[Written]) -> list[Written]:
    """Forms of one layer in blocks alike: options that some give are given by all, so that one class fits."""
    modules = {form.module for form in forms}
    # SlowFast's blocks have a kernel in time of 1 in early stages and of 3 in late ones, under one word.
    if modules == {"nn.Conv3d", "StreamConv3d"}:
        forms = [_over_time(form) for form in forms]
    # Layers of different kinds make their blocks different classes.
    if len({(form.module, form.call) for form in forms}) > 1:
        return forms
    names = {
        "options": _names(form.options for form in forms),
        "call_options": _names(form.call_options for form in forms),
        "frames_first": _names(dict(form.frames_first) for form in forms),
    }
    return [_with_options(form, names) for form in forms]


def _over_time(form: Written) -> Written:
    """A convolution of single frames as one over time of kernel 1, which gives the same."""
    if form.module == "StreamConv3d" or form.frames_first:
        return form
    return replace(form, module="StreamConv3d", carried=(windows.OpenWindows, windows.StreamConv3d))


def _names(options: Iterable[Mapping[str, object]]) -> list[str]:
    """The names of all options, in the order of those forms that give most."""
    found = sorted(options, key=len, reverse=True)
    return list(dict.fromkeys(name for each in found for name in each))


def _with_options(form: Written, names: Mapping[str, list[str]]) -> Written:
    """A form that gives defaults too, where others give something else."""
    defaults = DEFAULTS.get(form.module or form.call, {})
    frames = dict(form.frames_first)
    return replace(
        form,
        options=_given(names["options"], form.options, defaults),
        call_options=_given(
            names["call_options"], form.call_options, {key: repr(value) for key, value in defaults.items()}
        ),
        frames_first=tuple(
            _given(names["frames_first"], frames, DEFAULTS["FrameWindow"]).items() if frames else ()
        ),
    )


def _given(
    names: list[str], options: Mapping[str, Option], defaults: Mapping[str, Option]
) -> Mapping[str, Option]:
    # What a layer gives wins over its default.
    known = {**defaults, **options}
    return {name: known[name] for name in names if name in known}
