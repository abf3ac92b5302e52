"""Memory that was freed is given back, also from between pieces that are in use."""

import platform
import subprocess
import sys

import pytest

PIECES, SIZE = 40, 12 * 2**20
SCRIPT = f"""
import ctypes, psutil, sys
from costmodel.heap import give_back_what_is_large
if sys.argv[1] == "yes":
    give_back_what_is_large()
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
print(before - psutil.Process().memory_info().rss)
"""


def given_back(asked: str) -> int:
    command = [sys.executable, "-c", SCRIPT, asked]
    return int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_large_pieces_are_given_back_from_between_others():
    assert given_back("yes") > 0.9 * (PIECES - 1) * SIZE
    # else the test would show nothing
    assert given_back("no") < 0.5 * (PIECES - 1) * SIZE
