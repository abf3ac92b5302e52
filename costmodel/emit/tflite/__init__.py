"""Streams as TFLite files, which LiteRT runs.

API
---
`costmodel.emit.tflite.write.tflite_of(model, about, eight_bits=None) -> bytes`
    The file of a stream's ONNX of rank 4, in 32 bits, or in 8 what `costmodel.emit.onnx.calibrate` says.

`costmodel.emit.tflite.stream_file.LiteStream(path)`
    Runs such a file from what it says of itself: `reset()`, `step(frames)`.
"""
