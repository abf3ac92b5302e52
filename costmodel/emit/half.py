"""Half precision: whether a processor computes in it, and pointwise layers in bf16."""

from __future__ import annotations

import platform
import time
from copy import deepcopy
from typing import TypeVar

import torch
from torch import Tensor

from costmodel.emit.network import Network

SIZE, RUNS = 192, 5
SLOW = 3.0  # times: where fp16 is computed in hardware it takes no longer than fp32

AnyNetwork = TypeVar("AnyNetwork", bound=Network)


def computes_bf16() -> bool:
    """Whether this processor has instructions for products in bf16; PyTorch imitates them on others."""
    if platform.machine().lower() in ("x86_64", "amd64"):
        # Neither is of PyTorch's documented interface, and nothing there tells the two apart.
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def with_products_in(network: AnyNetwork, dtype: torch.dtype) -> AnyNetwork:
    """A copy of a network whose pointwise layers take their products in another type, all else as it is."""
    other = deepcopy(network)
    # Not all of a network's layers are seen from its modules by name: its dictionary is copied with it.
    for layer in other.layers.values():
        layer.product_dtype = dtype
    return other


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
