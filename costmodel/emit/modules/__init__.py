"""Layers that run, one file for each family of `costmodel.ops`; importing this package registers them.

A file holds side by side what runs (`mirrors`), what is kept between frames (`keeps`), and how it is written
(`writes`, and frame by frame `writes_steps`).
"""

from costmodel.emit.modules import (
    attention,
    avg_pool,
    channels,
    conv,
    delay,
    linear,
    max_pool,
    merge,
    pointwise,
    recurrent,
    shift,
    subsample,
)
from costmodel.emit.modules.base import MIRRORS, Layer, WindowedLayer, layer_for, mirrors
from costmodel.emit.modules.complete import check_parts

__all__ = [
    "MIRRORS",
    "Layer",
    "WindowedLayer",
    "attention",
    "avg_pool",
    "channels",
    "check_parts",
    "conv",
    "delay",
    "layer_for",
    "linear",
    "max_pool",
    "merge",
    "mirrors",
    "pointwise",
    "recurrent",
    "shift",
    "subsample",
]
