"""What each layer reads and writes as it runs, each tensor once: weights, maps and state.

A tensor is read where an operation takes it that is more than another view of it, or where the layer keeps it
from now on; written where it stands in memory that was not there before, or is kept from now on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.emit.network import Network
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph, Node
from costmodel.numbers import ceil_div
from costmodel.readable import plain
from costmodel.validation.check import Check, equal
from costmodel.validation.kept import keeps_whole_window
from costmodel.validation.watched import Kept, Made, to_watch, watch

FLOAT_BYTES = 4


class Read(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Collects the tensors that operations take, but those that only make another view.

    Args:
        of_a_chunk: whether frames of which none is read are not counted, as those of a stream's chunk.

    Attributes:
        tensors: of each memory and place in it, its numbers.
    """

    def __init__(self, *, of_a_chunk: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.of_a_chunk = of_a_chunk
        self.tensors: dict[tuple[int, int, int], Tensor] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        if not func.is_view:
            for each in tree_leaves((args, kwargs or {})):
                if isinstance(each, Tensor) and each.numel():
                    key = memory_of(each), int(each.storage_offset()), _numbers(each)
                    self.tensors[key] = each
        return found

    def has(self, tensor: Tensor) -> bool:
        """Whether some of a tensor's memory was read."""
        return any(memory == memory_of(tensor) for memory, *_ in self.tensors)

    def numbers_of(self, tensor: Tensor) -> int:
        """The numbers of a tensor that was read; of a chunk those of the frames that were."""
        if not self.of_a_chunk or tensor.dim() < 5 or tensor.shape[2] == 1:
            return tensor.numel()
        size, start = int(tensor.stride(2)), int(tensor.storage_offset())
        own = (each for (memory, *_), each in self.tensors.items() if memory == memory_of(tensor))
        frames = {place for each in own for place in _places(each, size, start)}
        return len(frames & set(range(tensor.shape[2]))) * tensor[:, :, 0].numel()


def _places(view: Tensor, size: int, start: int) -> Iterator[int]:
    """Which stretches of so many numbers a view reads of its memory, counted from a start."""
    sides = list(zip(view.shape, view.stride(), strict=True))
    within = sum((length - 1) * stride for length, stride in sides if stride < size)
    across = [range(0, length * stride, stride) for length, stride in sides if stride >= size]
    for steps in product(*across):
        first = int(view.storage_offset()) - start + sum(steps)
        yield from range(first // size, (first + within) // size + 1)


def memory_of(tensor: Tensor) -> int:
    """What tells the memory of a tensor from others that are alive."""
    return int(tensor.untyped_storage()._cdata)


def _numbers(tensor: Tensor) -> int:
    """How many numbers a tensor is made of: one that is spread over a batch holds none the more."""
    sides = zip(tensor.shape, tensor.stride(), strict=True)
    found: int = prod(int(size) for size, stride in sides if stride)
    return found


def check_traffic(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """The bytes that all layers move, for one clip or as a mean of a cycle's steps."""
    network, figures = to_watch(graph), Figures(graph)
    moves = {node.name: _Moves(network.layers[node.name]) for node in graph.nodes}

    def see(name: str, inputs: Sequence[Tensor], kept: Kept, run: Callable[[], Made]) -> None:
        with Read(of_a_chunk=isinstance(network, StreamNetwork)) as read:
            output, after = run()
        # Of a map with its channels last torch makes a copy to flatten it. The figure takes maps in the order
        # in which they are declared, of which it is another view; those of a chunk frame by frame.
        if not graph.by_name[name].op.unwrapped.flattens or _is_as_declared(inputs[0], graph.is_stream):
            moves[name].see(inputs, kept, output, after, read)

    # Ahead of what counts: weights are laid out for the taps of a window when it first runs, and each frame
    # that a state holds must have had its turn.
    for _ in watch(network, see, 1 + max(_turns(graph, node) for node in graph.nodes)):
        for each in moves.values():
            each.numbers = 0
    runs = max(network.cycle, graph.chunk) if isinstance(network, StreamNetwork) else 1
    wrong = []
    for node in graph.nodes:
        expected = figures.moved(node)
        found = Fraction(moves[node.name].numbers, runs)
        if (
            expected < found
            and graph.chunk == 1
            and (keeps_whole_window(graph, node) or _copies_in_vain(network, graph, node))
        ):
            moves[node.name].numbers = int(expected * runs)
        elif expected != found:
            wrong.append(f"{node.name} moves {plain(found):,} numbers, predicted {plain(expected):,}")
    measured = Fraction(sum(each.numbers for each in moves.values()) * FLOAT_BYTES, runs)
    predicted = plain(evaluate(figures, "traffic_bytes"))
    yield equal("traffic_bytes", predicted, plain(measured), "; ".join(wrong[:3]))


def _is_as_declared(maps: Tensor, is_stream: bool) -> bool:
    """Whether maps lie in memory as they are declared; of a stream's chunk one frame behind the other."""
    return (maps.transpose(1, 2) if is_stream and maps.dim() == 5 else maps).is_contiguous()


def _copies_in_vain(network: Network, graph: Graph, node: Node) -> bool:
    """Whether a layer copies each frame that it keeps, also those that its stride passes by."""
    if not isinstance(network, StreamNetwork) or not node.op.unwrapped.slides:
        return False
    copies = any(
        each.node == node.name and each.copies for phase in network.program.actions for each in phase
    )
    window = graph.windows[node.name]
    stride, kernel, dilation = int(window.stride), int(window.kernel), int(window.dilation)
    return copies and len({dilation * tap % stride for tap in range(kernel)}) < stride


def _turns(graph: Graph, node: Node) -> int:
    window = graph.windows[node.name]
    if window.wait and graph.chunk > 1:  # a delay of steps tells what comes in by what leaves
        return ceil_div(int(window.wait), graph.chunk)
    return max(window.dilation, int(window.span) if node.op.unwrapped.word == "shift" else 1)


@dataclass
class _Moves:
    """What one layer has moved, in numbers.

    `waiting` are the memories that it keeps and has not read since, each with whether it was read when it
    came, as the last was that `reads` tells of: what is kept and never read again is written for nobody.
    `left` are those behind its last run: copies may stand in their places, where a part of a chunk is kept.
    """

    layer: nn.Module
    numbers: int = 0
    reads: bool = False
    waiting: dict[int, bool] = field(default_factory=dict)
    left: tuple[int, ...] = ()

    def see(
        self, inputs: Sequence[Tensor], kept: Kept, output: Tensor | None, after: Kept, read: Read
    ) -> None:
        """Counts what one run has moved."""
        self._follow(kept)
        before, given = {memory_of(each) for each in kept}, {memory_of(each) for each in inputs}
        made = None if output is None else memory_of(output)
        self.numbers += sum(read.numbers_of(each) for each in inputs if read.has(each))
        self.numbers += sum(map(_numbers, _weights(self.layer, read)))
        if output is not None and made not in given:
            self.numbers += output.numel()
        for each in kept:
            memory = memory_of(each)
            if read.has(each) or memory == made:
                # Read now; written, and read where it came from, when it came.
                # One that is handed on has waited, longer than this was watched perhaps.
                was_read = self.waiting.pop(memory, self.reads if memory == made else None)
                self.numbers += each.numel() * (1 if was_read is None else 2 if was_read else 3)
        came = {memory_of(each): read.has(each) or memory_of(each) not in given for each in after}
        new = came.keys() - before
        self.reads = any(came[memory] for memory in new) if new else self.reads
        self.waiting = {
            memory: self.waiting.get(memory, was_read)
            for memory, was_read in came.items()
            if memory in self.waiting or memory not in before
        }
        self.left = tuple(memory_of(each) for each in after)

    def _follow(self, kept: Kept) -> None:
        """Knows again what was kept, where the network has copied it since the last run."""
        moved = {old: memory_of(new) for old, new in zip(self.left, kept, strict=False)}
        self.waiting = {moved.get(memory, memory): was_read for memory, was_read in self.waiting.items()}


def _weights(layer: nn.Module, read: Read) -> Iterator[Tensor]:
    """Learned values that were read, also where they stand in another layout."""
    own = {memory_of(each) for each in layer.parameters()}
    prepared = getattr(layer, "_prepared", None)
    own |= {memory_of(each) for each in prepared.taps} if prepared is not None else set()
    return (each for (memory, *_), each in read.tensors.items() if memory in own)
