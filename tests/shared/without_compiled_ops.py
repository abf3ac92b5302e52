"""torchvision's networks without its compiled ops, which need a matching torch: none of them uses one."""

from __future__ import annotations

import contextlib
import sys
import types
import warnings
from collections.abc import Iterator

import torch

SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


@contextlib.contextmanager
def torchvision_stubs() -> Iterator[None]:
    """Registers the ops that torchvision asks for while it is imported, unless they are there."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("nms", "qnms"):
            if not hasattr(torch.ops.torchvision, name):
                library.define(name + SCHEMA)
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
