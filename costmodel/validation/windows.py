"""What each window of a clip network sees as its layer runs, beside what its fields mean.

Each position of an axis is changed to NaN in a clip of its own: whatever is computed from it is NaN. So
padding is measured, ahead and behind, dilated and causal, with no rule that works it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import cast

import torch

from costmodel.emit.modules import layer_for
from costmodel.graph import Graph
from costmodel.ops import Conv, Windowed
from costmodel.types import TensorType
from costmodel.validation.check import Check, equal
from costmodel.validation.definitions import Seen, declared

AXES = ("time", "height", "width")


@torch.no_grad()
def check_windows(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """Every sliding window of a network, its layer run with one channel on each axis."""
    clip = graph.clip or graph
    found, wrong = dict[Windowed, str](), list[str]()
    for node in clip.nodes:
        if node.op.slides:
            found.setdefault(_of_one_channel(cast(Windowed, node.op)), node.name)
    for op, name in found.items():
        for axis, told in enumerate(AXES):
            size = _long_enough(op, axis)
            expected, seen = declared(op, axis, size), _seen(op, axis, size)
            if expected != seen:
                wrong.append(f"{name} sees in {told} {_told(seen)}, by its fields {_told(expected)}")
    # A whole clip has as many frames as there are; a window that slides is told by its fields.
    axes = len(found) * len(AXES)
    yield equal("axes_of_windows_as_declared", axes, axes - len(wrong), "; ".join(wrong[:2]))


@lru_cache(maxsize=64)
def positions_seen(op: Windowed, axis: int, size: int) -> int:
    """How many positions of so many an output in the middle of an axis sees."""
    outputs = _seen(_of_one_channel(op), axis, _long_enough(op, axis)).outputs
    seen = len(outputs[len(outputs) // 2])
    return size if op.kernel[axis] is None and seen == _long_enough(op, axis) else seen


def _of_one_channel(op: Windowed) -> Windowed:
    if not op.is_convolution:
        return op
    return replace(cast(Conv, op), channels=1, groups=1, bias=False)


def _long_enough(op: Windowed, axis: int) -> int:
    """Positions of which outputs in the middle see their whole window."""
    kernel = op.kernel[axis]
    if kernel is None:
        return 5
    return 2 * int(op.dilation[axis]) * (int(kernel) - 1) + 3 * int(op.stride[axis]) + 2


def _seen(op: Windowed, axis: int, size: int) -> Seen:
    with torch.device("cpu"):  # also where a network runs on tensors without storage
        sizes = [size if each == axis else _long_enough(op, each) for each in range(3)]
        clips = torch.zeros(size, 1, *sizes)
        for place in range(size):
            clips.select(axis + 2, place)[place] = torch.nan
        layer = layer_for(op, (TensorType(1, *sizes),)).eval()
        moved = layer(clips).isnan().movedim(axis + 2, 1).flatten(2).any(2)
    return Seen(tuple(frozenset(each.nonzero()[:, 0].tolist()) for each in moved.unbind(1)))


def _told(seen: Seen) -> str:
    middle = seen.outputs[len(seen.outputs) // 2] if seen.outputs else frozenset()
    return f"{len(seen.outputs)} outputs, the middle one of {sorted(middle)}"
