"""How many multiply-adds a running network really makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode


def executed_macs(call: Callable[[], Any]) -> int:
    """The multiply-adds of all convolutions and matrix products that a call runs, as they are dispatched.

    PyTorch's counter counts two operations for each multiply-add. It sees the shapes that reach the kernels,
    so that a redundant or a wasted product would show.
    """
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        call()
    return int(counter.get_total_flops()) // 2
