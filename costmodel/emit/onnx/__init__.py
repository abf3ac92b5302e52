"""Streams as ONNX networks of rank 4.

API
---
`rank4_model(network, Layout(batch, packing, is_masked)) -> onnx.ModelProto`
    One cycle of a stream as 2D operators; how its state lies and starts stands in its metadata, `layout`.

`costmodel.emit.onnx.stream_file.StreamFile(path)`
    Runs such a file in ONNX Runtime from its metadata alone: `reset()`, `step(frames)`.

To add a layer: `writes_frame` or `writes_window` beside the others, in `layers.py` or `values.py`; for
what a layer keeps, an entry of `STEPS` in `keeping.py`.
"""

from costmodel.emit.onnx import layers, values  # noqa: F401 - they register what writes each layer
from costmodel.emit.onnx.body import Layout
from costmodel.emit.onnx.write import LAYOUT, rank4_model

__all__ = ["LAYOUT", "Layout", "rank4_model"]
