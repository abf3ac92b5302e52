"""Which form layers run in: op by op as they are, or as a compiler makes most of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch

_KEEPS_OPS: ContextVar[bool] = ContextVar("keeps_ops", default=False)


def is_compiled() -> bool:
    """Whether layers are traced for PyTorch's compiler, which joins loops that eager steps run one by one."""
    return torch.compiler.is_compiling() and not _KEEPS_OPS.get()


@contextmanager
def for_other_runtimes() -> Iterator[None]:
    """Traces layers in the operators that runtimes beside PyTorch have kernels for: as eager steps run."""
    token = _KEEPS_OPS.set(True)
    try:
        yield
    finally:
        _KEEPS_OPS.reset(token)
