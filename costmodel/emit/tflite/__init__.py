"""Streams as TFLite files, which LiteRT runs.

API
---
`costmodel.emit.tflite.write.tflite_of(model, about, scales=None) -> bytes`
    The file of a stream's ONNX of rank 4, in 32 bits, or in 8 where `scales` are given.

`costmodel.emit.tflite.calibrate.scales_of(model, clips)`
    The scale of each value, from clips that run through the stream.

`costmodel.emit.tflite.stream_file.LiteStream(path)`
    Runs such a file from what it says of itself: `reset()`, `step(frames)`.
"""
