"""torchvision's networks without its compiled ops, which need a matching torch: none of them uses one."""

from __future__ import annotations

import contextlib
import sys
import types
import warnings
from collections.abc import Iterator
from importlib import import_module

import torch
from torch import library

_OPERATORS: list[library.Library] = []  # operators vanish with their library


@contextlib.contextmanager
def torchvision_stubs() -> Iterator[None]:
    """Makes torchvision importable: stand-ins for the operators that one built for another torch lacks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import_module("torchvision")
        except RuntimeError:
            for known in [each for each in sys.modules if each.startswith("torchvision")]:
                del sys.modules[known]
            _OPERATORS.append(library.Library("torchvision", "DEF"))
            for name in ("nms", "qnms"):
                _OPERATORS[-1].define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        yield


@contextlib.contextmanager
def without_torchvision() -> Iterator[None]:
    """A stand-in for torchvision, of which pytorchvideo's networks use nothing."""
    fake = {name: types.ModuleType(name) for name in ("torchvision", "torchvision.ops")}
    for name in ("RoIAlign", "DeformConv2d"):
        setattr(fake["torchvision.ops"], name, type(name, (torch.nn.Module,), {}))
    added = {name: module for name, module in fake.items() if name not in sys.modules}
    sys.modules.update(added)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name in added:
            del sys.modules[name]
