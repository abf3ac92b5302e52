"""Whether what was imported is the module: its parameters, its multiply-adds, and its answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn
from torch._ops import OpOverload
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.export import ExportedProgram
from torch.fx.node import map_arg
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from costmodel.analysis.cost import analyze
from costmodel.emit import emit
from costmodel.errors import CostModelError
from costmodel.graph import Graph
from costmodel.importers.export import Exported, evaluating
from costmodel.importers.layout import AXES, BATCH
from costmodel.importers.reader import Reading
from costmodel.importers.value import Value
from costmodel.importers.weights import Shares

# Calls that torch counts as nothing, those that modules have many of.
FREE = tuple(
    f"aten.{name}."
    for name in (
        *(
            "batch_norm",
            "_native_batch_norm_legit_no_training",
            "layer_norm",
            "dropout",
            "clone",
            "contiguous",
        ),
        *("relu", "silu", "sigmoid", "hardtanh", "gelu", "add", "mul", "mean", "max_pool3d", "avg_pool3d"),
        *("adaptive_avg_pool3d", "view", "reshape", "flatten", "permute", "transpose", "slice", "select"),
        *("cat", "expand", "unsqueeze", "squeeze", "slice_scatter", "split", "chunk", "copy", "contiguous"),
    )
)
CLOSE = 1e-5  # of the largest value, in 32 bits


class ImportCheckError(CostModelError):
    """What was imported differs from the module: a defect of this tool, told before anything is written."""


@dataclass(frozen=True)
class Verified:
    """What was compared.

    Args:
        params: parameters of the module that our layers have, each once.
        macs: multiply-adds of one clip, those of recurrent layers included.
        recurrent: those of recurrent layers, which torch does not count on a CPU.
        unread: what the module spends besides, on what its answer does not need.
        difference: of the answers, over the largest value; None where they were not compared.
    """

    params: int
    macs: int
    recurrent: int
    unread: int = 0
    difference: float | None = None


def verified(reading: Reading, exported: Exported, shares: Shares) -> Verified:
    """The costs, once they are those of the module.

    Raises:
        ImportCheckError: they differ.
    """
    graph = reading.graph
    totals = analyze(graph).totals
    ours = int(totals["params"]) - shares.repeated - shares.constants
    # Calls that were not read may hold parameters and multiply-adds that nobody can tell.
    is_partial = bool(reading.foreign)
    theirs = shares.used - shares.merged
    if ours != theirs and not (is_partial and ours < theirs):
        raise ImportCheckError(f"{graph.name}: {ours} parameters were read, and the module has {theirs}")
    macs, everything = (macs_in(each) for each in (graph, reading.whole))
    recurrent = macs_in(reading.whole, ".recurrent")
    theirs = macs_of(exported.program, exported.batch)
    foreign = macs_in(reading.whole, ".foreign")
    found = everything - recurrent - foreign
    if theirs not in (found, found + recurrent) and not (is_partial and found < theirs):
        raise ImportCheckError(f"{graph.name}: {found} multiply-adds were read, and torch counts {theirs}")
    return Verified(ours, macs, macs_in(graph, ".recurrent"), everything - macs)


def macs_of(program: ExportedProgram, batch: int) -> int:
    """The multiply-adds of a module on one clip, as torch counts those of its calls; nothing is computed."""
    counter = FlopCounterMode(display=False)
    calls = [node for node in program.graph.nodes if _may_count(node)]
    given = [each.meta["val"] for node in calls for each in node.all_input_nodes]
    mode = next((each.fake_mode for each in given if isinstance(each, FakeTensor)), None) or FakeTensorMode()
    # Fused kernels of attention are counted as nothing on a CPU: products written out are.
    with torch.no_grad(), mode, sdpa_kernel(SDPBackend.MATH), counter:
        for node in calls:
            arguments = map_arg((node.args, node.kwargs), lambda each: each.meta["val"])
            node.target(*arguments[0], **arguments[1])
    return int(counter.get_total_flops()) // 2 // batch


def _may_count(node: fx.Node) -> bool:
    """Whether torch may count a call of a program: norms and the like take long, and count as nothing."""
    return isinstance(node.target, OpOverload) and not str(node.target).startswith(FREE)


def macs_in(graph: Graph, kind: str = "") -> int:
    """The multiply-adds of a clip, of one kind or of all."""
    works = graph.map(lambda op, inputs: op.work(*inputs))
    return sum(
        int(amount)
        for work in works.values()
        for each, amount in work.items()
        if each.startswith(f"mac{kind}") and each.startswith("mac.")
    )


def compared(
    graph: Graph,
    answer: Value,
    tensors: dict[str, Tensor],
    module: nn.Module,
    order: Sequence[str],
    seed: int,
) -> float:
    """How far the answers of our network, with the module's tensors, are from the module's.

    Raises:
        ImportCheckError: farther than rounding explains.
    """
    ours = emit(graph).eval()
    ours.load_state_dict(tensors, strict=True)
    generator = torch.Generator().manual_seed(seed)
    clip = torch.rand((1, *map(int, graph.source)), generator=generator)
    theirs = clip.permute([AXES.index(axis) for axis in order])
    with evaluating(module), torch.no_grad():
        expected, found = one_tensor(module(theirs)), in_order(ours(clip), graph, answer)
    difference = float(
        (found - expected.reshape(found.shape)).abs().max() / expected.abs().max().clamp(min=1e-30)
    )
    if not difference <= CLOSE:
        raise ImportCheckError(f"{graph.name}: its answers differ by {difference:.2g} of the largest value")
    return difference


def in_order(found: Tensor, graph: Graph, answer: Value) -> Tensor:
    """Our answer to one clip with its axes in the order in which the module has them."""
    kind = graph.types[graph.output]
    whole = found.reshape(1, *map(int, kind))
    listed = [atom.axis for dim in answer.dims for atom in dim if atom.axis != BATCH]
    rest = [axis for axis in AXES if axis not in listed]
    return whole.permute([AXES.index(axis) for axis in (*rest, *listed)])


def one_tensor(answer: object) -> Tensor:
    """The tensor that a module answers, out of a list or mapping of one."""
    from torch.utils._pytree import tree_leaves

    found = [each for each in tree_leaves(answer) if isinstance(each, Tensor)]
    return found[0]
