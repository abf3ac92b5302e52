"""Designs that differ in which layers they have come to the figures of each by itself."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from costmodel.analysis.quantities import Quantity
from costmodel.graph import Graph
from costmodel.network import Network, Settings
from costmodel.spec import document
from search.problem.alike import groups
from search.problem.designs import Family

SPEC = """
input: {channels: 3, time: 4, height: 16, width: 16}
structure: {blocks: 1}
sizes: {wide: 4, long: 1}
axes:
  Wide: {moves: wide, factor: 2, bounds: [1, 64]}
  Long: {moves: long, factor: 2, bounds: [1, 9]}
  Depth: {moves: blocks, factor: 2, bounds: [1, 9]}
blocks:
  step:
    args: {out: ~}
    layers:
      - conv: {channels: 8 if i == 0 else out, kernel: [1, 3, 3]}
      - conv: {channels: out, when: in_channels != out}
      - conv: {channels: out, kernel: [long, 1, 1], when: long > 1}
network:
  - step: {out: wide, repeat: blocks}
  - global_pool
"""
WIDE, LONG, BLOCKS = (4, 8, 8, 4, 16), (1, 1, 3, 3, 1), (1, 2, 2, 2, 3)


def family(tmp_path: Path) -> Family:
    path = tmp_path / "alike.yaml"
    path.write_text(SPEC)
    return Family(Network(document(str(path))))


def test_each_design_costs_what_it_costs_alone(tmp_path: Path):
    macs = Quantity("macs_per_clip")
    designs = {"wide": np.array(WIDE), "long": np.array(LONG), "blocks": np.array(BLOCKS)}
    (together,) = family(tmp_path).many([designs], macs)
    rows = [{"wide": w, "long": n, "blocks": b} for w, n, b in zip(WIDE, LONG, BLOCKS, strict=True)]
    assert together.tolist() == [family(tmp_path).exact(row, (macs,)).values[macs.text] for row in rows]


def test_designs_of_the_same_layers_are_worked_out_together(tmp_path: Path):
    network = family(tmp_path)
    wide = np.arange(9, 40)
    parts = [rows for rows, _ in groups({"wide": wide, "long": 1, "blocks": 2}, len(wide), _build(network))]
    assert [len(rows) for rows in parts] == [len(wide)]


def _build(network: Family) -> Callable[[Settings, int], Graph]:
    return lambda settings, count: network.at(settings).graph()
