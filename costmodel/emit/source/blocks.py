"""The blocks of a graph: layers that share a numbered name, such as `res2.0`, written as one class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from costmodel.analysis.temporal import timing
from costmodel.emit.memory import NOTHING, kept_frames
from costmodel.emit.modules.texts import streams
from costmodel.emit.modules.written import Written, written
from costmodel.graph import Graph, Node

_NUMBERED = re.compile(r"((?:[^.]+\.)*?[^.]+\.\d+)\.(.+)")


@dataclass(frozen=True)
class Line:
    """One layer of a block: its name there, how it is written, what it reads (`""`: the block's input)."""

    name: str
    written: Written
    inputs: tuple[str, ...]
    crops: bool = False

    @property
    def member(self) -> str:
        """What its module is called; a wait has no weights, and may stand beside the layer it is for."""
        return self.name.replace(".", "_") if self.written.takes_nothing else self.name

    @property
    def pattern(self) -> tuple[Any, ...]:
        """What lines must share to be one line of a class; the values of arguments may differ."""
        form = self.written
        return (
            self.name,
            form.module,
            tuple(form.arguments),
            tuple(form.options),
            form.call,
            tuple(form.call_options.items()),
            tuple(name for name, _ in form.frames_first),
            self.inputs,
            self.crops,
        )

    @property
    def values(self) -> dict[str, Any]:
        """The values of its arguments by name."""
        form = self.written
        return {
            **form.arguments,
            **form.options,
            **{f"window_{name}": value for name, value in form.frames_first},
        }


@dataclass(frozen=True)
class Block:
    """Consecutive layers with one input and one output."""

    name: str
    source: str
    output: str
    lines: tuple[Line, ...]

    @property
    def pattern(self) -> tuple[Any, ...]:
        """What blocks must share to be one class."""
        return tuple(line.pattern for line in self.lines)


Part = Block | Line


def parts_of(graph: Graph) -> list[Part]:
    """A graph as blocks and single layers, in order."""
    kept = kept_frames(graph) if graph.is_stream else NOTHING
    copying = kept.copies | kept.of_input
    runs: list[tuple[str, list[Node]]] = []
    for node in graph.nodes:
        match = _NUMBERED.fullmatch(node.name)
        prefix = match[1] if match else ""
        if runs and prefix and runs[-1][0] == prefix:
            runs[-1][1].append(node)
        else:
            runs.append((prefix, [node]))
    found: list[Part] = []
    for prefix, nodes in runs:
        block = _block(graph, prefix, nodes, copying) if prefix else None
        found += [_line(graph, node, {}, copying) for node in nodes] if block is None else [block]
    return found


def _block(graph: Graph, prefix: str, nodes: list[Node], copying: frozenset[str]) -> Block | None:
    inside = {node.name for node in nodes}
    sources = list(dict.fromkeys(name for node in nodes for name in node.inputs if name not in inside))
    outputs = [
        node.name
        for node in nodes
        if node.name == graph.output or any(reader not in inside for reader in graph.consumers[node.name])
    ]
    if len(sources) != 1 or outputs != [nodes[-1].name] or len(nodes) < 2:
        return None
    local = {name: name.removeprefix(f"{prefix}.") for name in inside} | {sources[0]: ""}
    lines = tuple(_line(graph, node, local, copying) for node in nodes)
    return Block(prefix, sources[0], outputs[0], lines)


def _line(graph: Graph, node: Node, local: Mapping[str, str], copying: frozenset[str]) -> Line:
    runs_ahead = graph.is_stream and graph.windows[node.name].looks_back
    form = _shifted(graph, node) if runs_ahead else written(node.op, graph.inputs_of(node))
    form = form.copying() if node.name in copying else form
    names = tuple(local.get(name, name) for name in node.inputs)
    return Line(local.get(node.name, node.name), form, names, bool(getattr(node.op, "crop", False)))


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
