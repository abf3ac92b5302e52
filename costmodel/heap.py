"""What the C library keeps of memory that was freed."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping

LARGE = 8 * 2**20  # bytes; of networks on small maps most tensors are smaller, and taken from what is kept
KEPT = 64 * 2**20  # at the end of what is kept; to give back less and take it again would cost time
ALL = 2**31 - 1  # as much as can be told
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4  # of glibc's malloc.h


def give_back_what_is_large() -> None:
    """Lets this process give large pieces of memory back to the system as soon as they are freed.

    Left alone, glibc takes pieces of up to 32 MiB from the rest, once one as large was freed, and cannot give
    back what stands between two that are in use: to compare the layers of DenseNet-264's stream took 5.6 GiB
    and more for 3.1. It takes small networks a sixth longer. Other C libraries are left as they are.
    """
    _set({_MMAP_THRESHOLD: LARGE, _TRIM_THRESHOLD: KEPT})


def keep_what_is_freed() -> None:
    """Lets this process keep all memory that it frees, for what it takes next.

    The system fills each page that it gives with zeros: of DenseNet-121's stream, whose maps are large, that
    was a seventh of the time in which its layers are compared.
    """
    _set({_MMAP_MAX: 0, _TRIM_THRESHOLD: ALL})


def _set(options: Mapping[int, int]) -> None:
    if not sys.platform.startswith("linux"):
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        for option, value in options.items():
            set_option(option, value)
