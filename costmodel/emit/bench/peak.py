"""What networks hold, and the most that a call holds beyond it, in MiB."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

MIB = 2**20


def peak_mib(call: Callable[[], object], device: torch.device) -> float:
    """The most that a call holds at once beyond what is held before it."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        call()
        return (torch.cuda.max_memory_allocated(device) - before) / MIB
    # A processor's allocator keeps no peak; the profiler tells of every block that it gives and takes back.
    from torch.profiler import ProfilerActivity, profile

    with _silence(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        call()
    assert profiler.profiler is not None
    assert profiler.profiler.kineto_results is not None
    events = [each for each in profiler.profiler.kineto_results.events() if each.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda each: each.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak / MIB


def held(tensors: dict[str, Tensor]) -> float:
    """What tensors hold."""
    return sum(map(mib, tensors.values()))


def mib(tensor: Tensor) -> float:
    """What a tensor holds."""
    return tensor.numel() * tensor.element_size() / MIB


def free_mib() -> float:
    """What is free on this machine."""
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / MIB


@contextmanager
def _silence() -> Iterator[None]:
    """Keeps what native code writes to standard error, such as the profiler's log, off the screen."""
    sys.stderr.flush()
    screen = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(screen, 2)
            os.close(screen)
