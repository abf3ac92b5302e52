"""Running means over frames: a running sum over the number of frames so far."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, fx
from torch.fx.node import map_arg

from costmodel.importers.call import Call
from costmodel.importers.dimensions import whole_axis
from costmodel.importers.layout import TIME
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.value import Value
from costmodel.ops import CumulativePool

DEEPEST = 12  # calls from a range of numbers to what a running sum is divided by
NEAREST = "divide it by the number of frames so far, which makes it the mean of all of them"


@rule("cumsum.default")
def cumsum(call: Call) -> Value:
    """The mean of each frame and all before it; the division by their number, which follows, is left out."""
    call.must_be("dtype", None)
    value = call.settled(call.value())
    index = call.dimension("dim", len(value.dims))
    if whole_axis(value, value.dims[index], index) != TIME:
        raise Refusal("is a running sum over another axis than time", NEAREST)
    readers = [each for each in call.node.users if _is_read(each)]
    if not readers or not all(counts_frames(each, index) for each in readers):
        raise Refusal("is a running sum", NEAREST)
    return call.each_value(CumulativePool(), value)


def counts_frames(node: fx.Node, index: int | None = None) -> bool:
    """Whether a node divides a running sum by the number of frames so far."""
    if str(node.target) != "aten.div.Tensor" or len(node.args) != 2:
        return False
    total, frames = node.args
    if not (isinstance(total, fx.Node) and str(total.target) == "aten.cumsum.default"):
        return False
    size = total.meta["val"].shape
    axis = int(str(total.args[1])) % len(size) if index is None else index
    shape = [1] * len(size)
    shape[axis] = size[axis]
    found = _worked_out(frames)
    wanted = torch.arange(1, size[axis] + 1).view(shape)
    return found is not None and torch.equal(found.expand(size).double(), wanted.expand(size).double())


def _is_read(node: fx.Node) -> bool:
    """Whether the network's answer can depend on a node: what is kept for the next clip is left out."""
    seen, waiting = set[fx.Node](), [node]
    while waiting:
        each = waiting.pop()
        if each.op == "output":
            return True
        waiting += [user for user in each.users if user not in seen]
        seen.update(each.users)
    return False


def _worked_out(node: Any, depth: int = 0) -> Tensor | None:
    """A tensor that depends on nothing, in few steps; None where it does."""
    if not isinstance(node, fx.Node) or not callable(node.target) or depth > DEEPEST:
        return None
    inputs: dict[fx.Node, Tensor] = {}
    for each in node.all_input_nodes:
        found = _worked_out(each, depth + 1)
        if found is None:
            return None
        inputs[each] = found
    given = map_arg(node.args, inputs.__getitem__), map_arg(node.kwargs, inputs.__getitem__)
    answer = node.target(*given[0], **given[1])
    return answer if isinstance(answer, Tensor) else None
