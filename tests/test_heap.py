"""Memory that was freed is given back, also from between pieces that are in use."""

import platform
import subprocess
import sys

import pytest

PIECES, SIZE = 40, 12 * 2**20
SCRIPT = f"""
import ctypes, psutil, resource, sys
from costmodel import heap
if sys.argv[1]:
    getattr(heap, sys.argv[1])()
library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
def piece(size):
    place = library.malloc(size)
    ctypes.memset(place, 1, size)
    return place
library.free(piece(30 * 2**20))  # from now on glibc takes smaller ones from the rest
held = [(piece({SIZE}), piece(1000)) for _ in range({PIECES})]
before = psutil.Process().memory_info().rss
for large, _ in held[:-1]:
    library.free(large)
freed = before - psutil.Process().memory_info().rss
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({PIECES}):
    library.free(piece({SIZE}))
print(freed, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults)
"""


def memory(asked: str) -> tuple[int, int]:
    """Bytes given back from between pieces, and pages that are taken again where pieces come and go."""
    command = [sys.executable, "-c", SCRIPT, asked]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    freed, pages = map(int, answer.split())
    return freed, pages


ALL, PAGES = (PIECES - 1) * SIZE, PIECES * SIZE // 4096


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_large_pieces_are_given_back_from_between_others():
    assert memory("give_back_what_is_large")[0] > 0.9 * ALL
    # else the test would show nothing
    assert memory("")[0] < 0.5 * ALL


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_what_is_kept_is_taken_from_what_was_freed():
    assert memory("keep_what_is_freed")[1] < 0.1 * PAGES
    assert memory("give_back_what_is_large")[1] > 0.9 * PAGES
