"""Graphs from graphs, one transform a file: whatever file stands in this folder is found."""

import importlib
import pkgutil

from costmodel.transforms.base import TRANSFORMS, Transform, composed, option, transform_from

for _found in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_found.name}")

__all__ = ["TRANSFORMS", "Transform", "composed", "option", "transform_from"]
