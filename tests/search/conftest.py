"""A small network with three axes, and searches on it."""

from pathlib import Path

import pytest

TINY = """
name: tiny
input: {channels: 3, time: frames, height: crop, width: crop, every: stride}
structure: {depth: 1}
sizes: {frames: 2, crop: 16, wide: 1, stride: 4}
let:
  width: round8(8 * wide)
axes:
  Time: {moves: frames, with: {stride: "max(1, floor(stride / factor + 0.5))"}, bounds: [1, 32]}
  Space: {moves: crop, factor: 1.41421356, bounds: [8, 64], grid: [8, 16, 24]}
  Depth: {moves: depth, factor: 2, bounds: [1, 12], integer: false, grid: [1, 2, 3]}
  Width: {moves: wide, factor: 2, bounds: [0.5, 8], integer: false, grid: [1, 2]}
blocks:
  block:
    args: {out: ~}
    layers:
      - conv: {channels: out, kernel: [3, 3, 3]}
      - bn
      - relu
network:
  - conv: {name: stem, channels: width, kernel: [1, 3, 3], stride: [1, 2, 2]}
  - block: {out: width, repeat: ceil(depth)}
  - global_pool
  - linear: {channels: 10}
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path
