"""Operations by kind, counted as the emitted layers dispatch them, beside what the ops say.

A window of a stream is counted on its layer as a clip network has it, run on the frames of one window, as
often as the layer answers in a cycle: that is how its operations are defined. All else is counted as it runs.
What a pool sums for an answer is what its answer is a function of.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import cast

import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.emit.network import Network
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph, Node
from costmodel.numbers import Number
from costmodel.ops import Op
from costmodel.ops.pool import Pool
from costmodel.readable import plain
from costmodel.validation.check import Check, equal
from costmodel.validation.dispatched import dispatched
from costmodel.validation.unread import unread
from costmodel.validation.watched import Kept, Made, to_watch, watch
from costmodel.validation.windows import positions_seen

# Layers whose operations torch has no operation for: theirs are sums and products of others.
UNMEASURED = frozenset(("cumulative_pool", "sgs", "window_attention", "rms_norm", "hard_sigmoid_keras"))
# What is kept for training or told of cells, and no operation.
NO_OPERATIONS = frozenset(("cells", "gates.kept"))


def check_operations(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """Biases, norms, activations, pools, sums and products: of one clip, or as a mean of a cycle's steps."""
    left_out = {node.name for node in graph.nodes if node.op.unwrapped.word in UNMEASURED}
    predicted, measured = _predicted(graph, left_out), _measured(graph, left_out)
    note = f"without {', '.join(sorted(left_out)[:3])}, which torch has no operation for" if left_out else ""
    for kind in sorted(predicted.keys() | measured.keys()):
        yield equal(f"operations.{kind}", plain(predicted.get(kind, 0)), plain(measured.get(kind, 0)), note)


def _predicted(graph: Graph, left_out: set[str]) -> Mapping[str, Number]:
    figures, found = Figures(graph), defaultdict[str, Number](int)
    for node in graph.nodes:
        for kind, amount in figures.work[node.name].items():
            if node.name not in left_out and kind not in NO_OPERATIONS and not kind.startswith("mac."):
                found[_dispatched_as(node, kind)] += figures.per_frame(node, amount)
    return {kind: amount for kind, amount in found.items() if amount}


def _dispatched_as(node: Node, kind: str) -> str:
    """A kind of work as it is told apart by what is dispatched: a bias is one, wherever it stands."""
    family, _, rest = kind.partition(".")
    if family == "bias" or node.op.unwrapped.word == "bias":
        return "bias"
    if family in ("gates", "conv_gates"):
        return rest
    return "interpolate" if family == "interpolate" else kind


def _measured(graph: Graph, left_out: set[str]) -> Mapping[str, Number]:
    network, found = to_watch(graph), Counter[str]()
    windows: Counter[str] = Counter()

    def see(name: str, inputs: Sequence[Tensor], kept: Kept, run: Callable[[], Made]) -> None:
        node, layer = graph.by_name[name], network.layers[name]
        if name in left_out:
            run()
        elif node.op.is_step_form and node.op.unwrapped.slides:
            windows[name] += run()[0] is not None
            found.update(_read_by_pool(node, inputs))
        else:
            found.update(_counted(node, inputs, lambda: run()[0], layer))

    for _ in watch(network, see):
        pass
    runs = network.cycle if isinstance(network, StreamNetwork) else 1
    for name, times in windows.items():
        for kind, amount in _of_window(network, graph.by_name[name]).items():
            found[kind] += amount * times
    return {kind: Fraction(amount, runs) for kind, amount in found.items() if amount}


def _counted(
    node: Node, inputs: Sequence[Tensor], run: Callable[[], Tensor | None], layer: torch.nn.Module
) -> Counter[str]:
    """What one run of a layer dispatches, by the kinds of its family."""
    output, counts = dispatched(run, layer)
    op = node.op.unwrapped
    del counts["mac"]
    if output is None or op.slides or op.is_cumulative:
        # Sums and products of a pool are how it is written; what it sums is told by what it sees.
        counts = Counter(bias=counts["bias"])
    if _is_pool(op) and output is not None:
        counts += _read_by_pool(node, inputs) + _made_by_pool(cast(Pool, op), inputs[0], output)
    kind = getattr(op, "kind", "")
    if kind in ("layer", "group", "instance"):
        counts[f"norm.{kind}"], counts[f"norm.{kind}.affine"] = counts.pop("norm", 0), counts.pop("affine", 0)
    counts.pop("affine", None)
    return counts


def _of_window(network: Network, node: Node) -> Counter[str]:
    """What the layer of a step does on the frames of one window, of which it must make one answer."""
    layer, op = network.layers[node.name], node.op.unwrapped
    types = node.op.unwrapped_inputs(*network.graph.inputs_of(node))
    with torch.device(unread(network.graph)):
        clips = [torch.zeros((1, *map(int, x))) for x in types]
        counts = _counted(node, clips, lambda: layer.forward(*clips), layer)
        answers = layer.forward(*clips).shape[2]
    # Each frame is read once, also where several windows see it.
    inputs = [kind for kind in counts if kind.endswith(".inputs")]
    for kind in inputs:
        del counts[kind]
    return counts if answers == 1 else Counter({f"{op.word}_of_{answers}_windows": 1})


def _is_pool(op: Op) -> bool:
    """Whether it slides and has a kind, as pools do."""
    return op.slides and hasattr(op, "kind")


def _read_by_pool(node: Node, inputs: Sequence[Tensor]) -> Counter[str]:
    op = node.op.unwrapped
    if not _is_pool(op):
        return Counter()
    return Counter({f"{_family(cast(Pool, op))}.inputs": inputs[0].numel()})


def _made_by_pool(op: Pool, x: Tensor, output: Tensor) -> Counter[str]:
    made = Counter({f"{_family(op)}.outputs": output.numel()})
    if not hasattr(op, "size"):
        sizes = (1, *x.shape[2:])[-3:]  # a frame has no axis of time
        seen = (positions_seen(op, axis, size) for axis, size in enumerate(sizes))
        made[f"{_family(op)}.taps"] = prod(seen) * output.numel()
    return made


def _family(op: Pool) -> str:
    """What a pool's work is called: a mean to one value for each channel is a global one."""
    is_global = getattr(op, "is_global", False) and op.kind != "max"
    adaptive = "adaptive_" if hasattr(op, "size") and not is_global else ""
    return "pool.global" if is_global else f"pool.{adaptive}{op.kind}"
