"""Runs what was compiled ahead of time for a CPU, and lets other threads of Python go on meanwhile.

PyTorch's own loader holds Python's lock for the whole call, so that a thread that decodes the next frames
waits for every step. The library in the package has an interface in C (PyTorch's aoti_runtime/interface.h):
called by `ctypes` it runs without the lock.
"""

from __future__ import annotations

import ctypes
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.utils._pytree as pytree

from costmodel.errors import EmitError

# What it cannot run by itself the library asks of Python, by a way that torch's loader gives it.
ASKS_PYTHON = b"aoti_torch_proxy_executor_call_function("


def load(package: Path) -> Callable[..., Any]:
    """A function that runs a package of `aoti_compile_and_package`, on tensors as when exported.

    They are nested in tuples, as those that it answers.

    Its file may go afterwards.

    Raises:
        EmitError: the library in it cannot be loaded.
    """
    # A place of its own: to write over a library that is in use ends the process.
    with tempfile.TemporaryDirectory() as folder:
        library = _library(package, folder)
        return torch._inductor.aoti_load_package(str(package)) if library is None else _Model(library)


def _library(package: Path, folder: str) -> Path | None:
    """The library of a package that runs without Python, in a folder; None where torch has to load it."""
    with zipfile.ZipFile(package) as content:
        names = content.namelist()
        found = [name for name in names if name.endswith(".so")]
        sources = [name for name in names if name.endswith(".cpp")]
        if len(found) != 1 or not sources or any(ASKS_PYTHON in content.read(name) for name in sources):
            return None
        return Path(content.extract(found[0], folder))


class _Model:
    """A container of a model in a library, made once; runs of several threads wait for each other in it."""

    def __init__(self, path: Path) -> None:
        self._container = ctypes.c_void_p()
        try:
            self._library = ctypes.CDLL(str(path))
        except OSError as error:
            raise EmitError(f"backend exported: {error}") from error
        self._call("CreateWithDevice", ctypes.byref(self._container), ctypes.c_size_t(1), b"cpu", None)
        self._count = ctypes.c_size_t()
        self._call("GetNumOutputs", self._container, ctypes.byref(self._count))
        nested, answered = ctypes.c_char_p(), ctypes.c_char_p()
        self._call("GetCallSpec", self._container, ctypes.byref(nested), ctypes.byref(answered))
        self._answered = pytree.tree_unflatten(
            range(self._count.value), pytree.treespec_loads((answered.value or b"").decode())
        )

    def __call__(self, *inputs: Any) -> Any:
        tensors = list(_leaves(inputs))
        given = (ctypes.c_void_p * len(tensors))(*_pointers(tensors))
        found = (ctypes.c_void_p * self._count.value)()
        self._call(
            "Run", self._container, given, ctypes.c_size_t(len(tensors)), found, self._count, None, None
        )
        return _nested(self._answered, _tensors(found))

    def __del__(self) -> None:
        if self._container:
            self._call("Delete", self._container)

    def _call(self, what: str, *arguments: Any) -> None:
        if self._library[f"AOTInductorModelContainer{what}"](*arguments):
            raise EmitError(f"backend exported: the compiled network failed to run ({what})")


# PyTorch's own functions for any nesting took a tenth of the time of a small network's step.
def _leaves(inputs: Any) -> Iterator[torch.Tensor]:
    """The tensors of nested tuples, in order."""
    for each in inputs:
        if isinstance(each, torch.Tensor):
            yield each
        else:
            yield from _leaves(each)


def _nested(places: Any, tensors: Sequence[torch.Tensor]) -> Any:
    """Tensors where their numbers stand in nested tuples."""
    if isinstance(places, int):
        return tensors[places]
    return tuple(_nested(each, tensors) for each in places)


def _pointers(tensors: list[torch.Tensor]) -> list[int | None]:
    """Of each tensor a handle that the library takes over."""
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return [pointer(each, None) for each in torch._C._aoti.unsafe_alloc_void_ptrs_from_tensors(tensors)]


def _tensors(handles: ctypes.Array[ctypes.c_void_p]) -> list[torch.Tensor]:
    """The tensors of handles that the library has given away."""
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype, capsule.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    capsules = [capsule(each, None, None) for each in handles]
    return torch._C._aoti.alloc_tensors_by_stealing_from_void_ptrs(capsules)
