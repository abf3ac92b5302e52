"""The smallest state of a stream: layers in their smaller form, delays where they hold the least."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from costmodel.analysis.temporal import timing
from costmodel.edit import Editor
from costmodel.errors import TransformError
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Delay, Op
from costmodel.transforms.registers import Placement, Registers, feed, place
from costmodel.types import TensorType

Read = tuple[str, str]  # a layer, and what it reads


def retime(stream: Graph) -> Graph:
    """A stream with the same answers at the same frames and the smallest state among its retimings.

    Delays move along branches, past any layer: a layer fed delayed frames answers the same, equally later,
    and its own state starts when its first frame comes. No output changes, not even before the warm-up. The
    network's delay is the look-ahead of its longest path, which no delay can shorten, so it stays as it is.

    Raises:
        TransformError: the graph is no stream, or a size is a symbol or an array: which place is the smallest
        depends on the numbers.
    """
    return retimed(stream).graph


@dataclass(frozen=True)
class Retiming:
    """A retimed stream, and the numbers that its delays hold beside what no retiming goes below."""

    graph: Graph
    placement: Placement


def retimed(stream: Graph) -> Retiming:
    """As `retime`, with the proof that no retiming holds fewer numbers."""
    if not stream.is_stream:
        raise TransformError(f"{stream.name}: is no stream; make it continual first")
    _check_numbers(stream)
    editor = _without_delays(stream)
    layers = list(editor)
    jumps = {name: at.jump for name, at in timing(stream).items()}
    ahead = {edge: frames for node in layers for edge, frames in _ahead(stream, node, jumps)}
    registers = _registers(stream, layers, ahead, jumps)
    placement = place((INPUT, *(node.name for node in layers)), registers, stream.output)
    _Delays(editor, placement.times, ahead, jumps).put_in()
    graph = editor.graph(notes=(*stream.notes, _note(layers, placement)))
    return Retiming(graph, placement)


def _check_numbers(stream: Graph) -> None:
    for node in stream.nodes:
        for size in (node.count, *stream.types[node.name], *stream.source):
            if not isinstance(size, int):
                raise TransformError(
                    f"--state smallest: {node.name} has sizes that are not numbers, and where a delay is "
                    "smallest depends on them; take partial or window"
                )


def _without_delays(stream: Graph) -> Editor:
    """The stream's layers in their smaller form, each reading what its delays held back."""
    editor = Editor(stream)
    for node in stream.nodes:
        # All delays go and are put in anew, where the program below places them.
        if stream.windows[node.name].wait:
            editor.bypass(node.name)
        else:
            editor.replace(node.name, _smaller_form(stream, node))
    return editor


def _smaller_form(stream: Graph, node: Node) -> Op:
    """The op keeping the smaller of open results and input window; results where both are equal."""
    # `min` keeps the first of equals: open results, which need no gathering of frames.
    forms = node.op.forms
    return forms[0] if len(forms) == 1 else min(forms, key=lambda op: _kept(op, stream.inputs_of(node)))


def _kept(op: Op, inputs: tuple[TensorType, ...]) -> int:
    return sum(int(kept.values) for kept in op.carry(*inputs).kept.values())


def _ahead(stream: Graph, node: Node, jumps: Mapping[str, int]) -> Iterator[tuple[Read, int]]:
    """How far a node looks ahead of each of its inputs, in input frames."""
    types = stream.inputs_of(node)
    last = int(node.op.window(*types).last)
    for name, skip in zip(node.inputs, node.op.skips(*types), strict=True):
        yield (node.name, name), (last + int(skip)) * jumps[name]


def _registers(
    stream: Graph, layers: list[Node], ahead: Mapping[Read, int], jumps: Mapping[str, int]
) -> list[Registers]:
    readers: dict[str, dict[str, int]] = {name: {} for name in jumps}
    for node in layers:
        for name in node.inputs:
            readers[name][node.name] = ahead[node.name, name]
    return [
        Registers(name, tuple(found.items()), jumps[name], int(stream.types[name].values))
        for name, found in readers.items()
        if found
    ]


@dataclass
class _Delays:
    """Puts delays in; those behind one layer feed each other and share what they hold."""

    editor: Editor
    times: Mapping[str, int]
    ahead: Mapping[Read, int]
    jumps: Mapping[str, int]
    waits: dict[str, dict[int, str]] = field(default_factory=dict)
    placed: dict[tuple[str, int], str] = field(default_factory=dict)

    def put_in(self) -> None:
        """Every layer reads each source through the delay of its wait."""
        layers = tuple(self.editor)
        # All waits first: a delay may feed a longer one that another layer reads.
        for node in layers:
            for position, source in enumerate(node.inputs):
                name = f"{node.name}.delay{position + 1 if position else ''}"
                self.waits.setdefault(source, {0: source}).setdefault(self._wait(node, source), name)
        for node in layers:
            for position, source in enumerate(node.inputs):
                self._read(node, position, source, self._wait(node, source))

    def _wait(self, node: Node, source: str) -> int:
        return self.times[node.name] - self.ahead[node.name, source] - self.times[source]

    def _read(self, node: Node, position: int, source: str, wait: int) -> None:
        """Lets a node read a source so much later; delays that are not there yet are put in ahead of it."""
        chain = [wait]
        while chain[-1] and (source, chain[-1]) not in self.placed:
            chain.append(feed(chain[-1], self.waits[source], self.jumps[source]))
        last = chain.pop()
        if last:
            self.editor.redirect(node.name, position, self.placed[source, last])
        for longer in reversed(chain):
            delay, wanted = Delay(longer - last, self.jumps[source]), self.waits[source][longer]
            self.placed[source, longer] = self.editor.insert_before(node.name, position, delay, wanted, 1)
            last = longer


def _note(layers: list[Node], placement: Placement) -> str:
    windows = sum(node.op != node.op.forms[0] for node in layers)
    proof = (
        "the fewest of all retimings"
        if placement.is_proven
        else f"found; no retiming holds fewer than {placement.bound:,}"
    )
    return (
        f"delays retimed (Leiserson and Saxe 1991): they hold {placement.floats:,} floats, {proof}; "
        f"layers that keep their input window, smaller than their open results: {windows}"
    )
