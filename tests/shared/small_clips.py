"""Clip networks of a few layers, in which windows, strides, squeezes and crops stand."""

from costmodel.graph import Graph
from costmodel.spec import elaborate, from_text

STRIDED = "- conv: {channels: 4, kernel: [3, 3, 3], stride: [2, 1, 1]}\n- relu\n- global_pool"
SQUEEZED = "- gate: {x: [], g: [global_pool, conv: {channels: 4}, sigmoid]}\n" + STRIDED
CROPPED = (
    "- conv: {channels: 4, kernel: [3, 1, 1]}\n- crop: {before: [2, 0, 0], after: [1, 0, 0]}\n- global_pool"
)


def clip(network: str, frames: int = 12) -> Graph:
    text = f"input: {{channels: 4, time: {frames}, height: 3, width: 3}}\nnetwork:\n{network}"
    return elaborate(from_text(text, "x"))
