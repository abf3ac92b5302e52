"""Broken specs are refused in one line each, or are networks whose figures and source can be had."""

from pathlib import Path

from mutations import mutations

from costmodel.analysis.cost import analyze
from costmodel.emit.source import source_text
from costmodel.errors import EmitError
from costmodel.spec.axes import axes_of
from costmodel.spec.document import document
from costmodel.spec.elaborate import elaborate

SPEC = b"""
name: small
description: a network with a bit of everything
input: {channels: 3, time: frames, height: crop, width: crop, every: stride}
structure: {depth: 2, swish: true}
sizes: {frames: 4, crop: 16, wide: 1.5, stride: 4}
let:
  width: round8(8 * wide)
variants:
  L: {crop: 32, depth: 3}
  XL: {extends: L, wide: 2}
axes:
  Time: {moves: frames, with: {stride: "max(1, floor(stride / factor + 0.5))"}, bounds: [1, 32]}
  Width: {moves: wide, factor: 2, bounds: [0.5, 8], integer: false, grid: [1, 2]}
blocks:
  block:
    args: {out: ~, inner: floor(out * wide), stride: 1, excite: i % 2 == 0}
    layers:
      - add:
          main:
            - conv: {channels: inner, kernel: [3, 3, 3], stride: [1, stride, stride], groups: 1}
            - bn
            - squeeze_excite: {channels: inner, when: excite}
            - swish: {when: swish}
            - conv: {channels: out, kernel: 1}
          skip:
            - conv: {channels: out, kernel: [1, 1, 1], stride: [1, stride, stride]}
      - relu
network:
  - conv: {name: stem, channels: width, kernel: [1, 3, 3], stride: [1, 2, 2], as: first}
  - block: {name: res, out: width, repeat: ceil(depth), first: {stride: 2}}
  - max_pool: {kernel: [1, 2, 2], stride: [1, 2, 2]}
  - global_pool
  - dropout: {rate: 0.5}
  - linear: {channels: 10}
"""


def read(path: Path) -> None:
    found = document(path)
    graph = elaborate(found)
    axes_of(found)
    analyze(graph)
    if len(graph.nodes) < 100:
        try:
            text = source_text(graph)
        except EmitError:  # what has no source says so
            return
        compile(text, "emitted", "exec", dont_inherit=True)


def test_broken_specs(tmp_path: Path, survive, number: int):
    read_well, refused = survive(tmp_path / "s.yaml", mutations(SPEC, number), read)
    assert read_well > number / 20
    assert refused > number / 4
