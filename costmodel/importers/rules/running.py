"""Running means over frames: a running sum over the number of frames so far."""

from __future__ import annotations

import torch
from torch import fx

from costmodel.importers.call import Call
from costmodel.importers.dimensions import whole_axis
from costmodel.importers.layout import TIME
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.value import Value
from costmodel.ops import CumulativePool

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
    if not readers or not all(counts_frames(call, each, index) for each in readers):
        raise Refusal("is a running sum", NEAREST)
    return call.each_value(CumulativePool(), value)


def counts_frames(call: Call, node: fx.Node, index: int | None = None) -> bool:
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
    constants = call.builder.constants
    if not isinstance(frames, fx.Node) or not constants.is_one(frames):
        return False
    found, wanted = constants.tensor(frames), torch.arange(1, size[axis] + 1).view(shape)
    return torch.equal(found.expand(size).double(), wanted.expand(size).double())


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
