"""A tiny network with two axes to search over, whose candidates train in moments."""


def spec_text(crop: int, classes: int = 12, every: int = 1) -> str:
    return f"""
input: {{channels: 1, time: frames, height: crop, width: crop, every: {every}}}
sizes: {{frames: 2, crop: {crop}, wide: 4, classes: {classes}}}
axes:
  Frames: {{moves: frames, bounds: [1, 16]}}
  Wide: {{moves: wide, bounds: [1, 64]}}
network:
  - conv: {{channels: wide, kernel: [3, 3, 3], stride: [1, 2, 2]}}
  - bn
  - relu
  - global_pool
  - linear: {{name: fc, channels: classes}}
"""
