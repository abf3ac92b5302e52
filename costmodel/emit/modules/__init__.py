"""Layers that run, one file for each family of `costmodel.ops`; importing this package registers them."""

from costmodel.emit.modules import conv, linear, merge, pointwise, pool, step
from costmodel.emit.modules.base import MIRRORS, Layer, WindowedLayer, layer_for, mirrors

__all__ = [
    "MIRRORS",
    "Layer",
    "WindowedLayer",
    "conv",
    "layer_for",
    "linear",
    "merge",
    "mirrors",
    "pointwise",
    "pool",
    "step",
]
