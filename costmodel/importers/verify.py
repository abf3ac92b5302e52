"""Whether what was imported is the module: its parameters, its multiply-adds, and its answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from costmodel.analysis.cost import analyze
from costmodel.emit import emit
from costmodel.errors import CostModelError
from costmodel.graph import Graph
from costmodel.importers.export import evaluating
from costmodel.importers.layout import AXES, BATCH
from costmodel.importers.reader import Reading
from costmodel.importers.value import Value
from costmodel.importers.weights import Shares

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


def verified(reading: Reading, module: nn.Module, shape: Sequence[int], shares: Shares) -> Verified:
    """The costs, once they are those of the module.

    Raises:
        ImportCheckError: they differ.
    """
    graph = reading.graph
    totals = analyze(graph).totals
    ours = int(totals["params"]) - shares.repeated - shares.constants
    # Calls that were not read may hold parameters and multiply-adds that nobody can tell.
    is_partial = bool(reading.foreign)
    if ours != shares.used and not (is_partial and ours < shares.used):
        raise ImportCheckError(f"{graph.name}: {ours} parameters were read, and the module has {shares.used}")
    macs, everything = (macs_in(each) for each in (graph, reading.whole))
    recurrent = macs_in(reading.whole, ".recurrent")
    theirs = macs_of(module, shape)
    foreign = macs_in(reading.whole, ".foreign")
    found = everything - recurrent - foreign
    if theirs not in (found, found + recurrent) and not (is_partial and found < theirs):
        raise ImportCheckError(f"{graph.name}: {found} multiply-adds were read, and torch counts {theirs}")
    return Verified(ours, macs, macs_in(graph, ".recurrent"), everything - macs)


def macs_of(module: nn.Module, shape: Sequence[int]) -> int:
    """The multiply-adds of a module on a clip, as torch counts them, nothing being computed."""
    counter = FlopCounterMode(display=False)
    # Fused kernels of attention are counted as nothing on a CPU: products written out are.
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with (
            evaluating(module),
            torch.no_grad(),
            FakeTensorMode(allow_non_fake_inputs=True),
            sdpa_kernel(SDPBackend.MATH),
            counter,
        ):
            module(torch.empty(tuple(shape)))
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    return int(counter.get_total_flops()) // 2


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
