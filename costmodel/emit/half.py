"""Whether a processor computes in half precision, or only imitates it."""

from __future__ import annotations

import time

import torch
from torch import Tensor

SIZE, RUNS = 192, 5
SLOW = 3.0  # times: where fp16 is computed in hardware it takes no longer than fp32


def half_precision_note(device: str) -> str:
    """A warning where fp16 takes several times as long as fp32 on this processor; mostly empty."""
    if torch.device(device).type != "cpu":
        return ""
    ratio = _seconds(torch.float16) / _seconds(torch.float32)
    if ratio < SLOW:
        return ""
    return (
        f"--precision fp16: this processor does not compute in fp16; a product of matrices takes {ratio:.0f} "
        "times as long as in fp32"
    )


def _seconds(dtype: torch.dtype) -> float:
    """The least time of a product of matrices."""
    matrix = torch.ones(SIZE, SIZE, dtype=dtype)
    return min(_timed(matrix) for _ in range(RUNS))


def _timed(matrix: Tensor) -> float:
    start = time.perf_counter()
    _ = matrix @ matrix
    return time.perf_counter() - start
