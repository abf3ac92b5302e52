"""How many multiply-adds a running network really makes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch
from torch.utils.flop_counter import FlopCounterMode

TAPS = (torch.ops.aten.addcmul, torch.ops.aten.addcmul_)


def executed_macs(call: Callable[[], object]) -> int:
    """The multiply-adds of all convolutions and matrix products that a call runs, as they are dispatched.

    PyTorch's counter counts two operations for each multiply-add. It sees the shapes that reach the kernels,
    so that a redundant or a wasted product would show. A depthwise tap of 1 x 1 is no convolution there, but
    an `addcmul`, into new memory or its own, which no other layer uses.
    """
    counter = FlopCounterMode(display=False, custom_mapping=dict.fromkeys(TAPS, _addcmul_flops))
    with torch.no_grad(), counter:
        call()
    return int(counter.get_total_flops()) // 2


def _addcmul_flops(*_: object, out_shape: tuple[int, ...], **__: object) -> int:
    return 2 * prod(out_shape)
