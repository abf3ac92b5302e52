"""Layers that run, one file for each family of `costmodel.ops`: whatever file stands in this folder is found.

A file holds side by side what runs (`mirrors`), what is kept between frames (`keeps`), and how it is written
(`writes`, and frame by frame `writes_steps`).
"""

import importlib
import pkgutil

from costmodel.emit.modules.base import MIRRORS, Layer, WindowedLayer, layer_for, mirrors
from costmodel.emit.modules.complete import check_parts

# A family registers its parts when it is imported; a list here would be one more place to forget.
for _found in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_found.name}")

__all__ = ["MIRRORS", "Layer", "WindowedLayer", "check_parts", "layer_for", "mirrors"]
