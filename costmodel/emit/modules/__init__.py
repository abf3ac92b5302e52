"""Layers that run, one file for each family of `costmodel.ops`; importing this package registers them."""

from costmodel.emit.modules import (
    attention,
    channels,
    conv,
    linear,
    merge,
    pointwise,
    pool,
    recurrent,
    shift,
    step,
)
from costmodel.emit.modules.base import MIRRORS, Layer, WindowedLayer, layer_for, mirrors

__all__ = [
    "MIRRORS",
    "Layer",
    "WindowedLayer",
    "attention",
    "channels",
    "conv",
    "layer_for",
    "linear",
    "merge",
    "mirrors",
    "pointwise",
    "pool",
    "recurrent",
    "shift",
    "step",
]
