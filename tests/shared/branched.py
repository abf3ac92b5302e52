"""A small network of two branches, one of which waits in its stream."""

from pathlib import Path

from costmodel.analysis.cost import Analysis, analyze
from costmodel.network import Network
from costmodel.transforms.continual import Continual

SPEC = """
name: branched
input: {channels: 3, time: frames, height: 8, width: 8, every: 5}
sizes: {frames: 4, width: 4}
network:
  - conv: {name: early.a, channels: width, kernel: [3, 3, 3]}
  - bn: {name: early.b}
  - add:
      main:
        - conv: {name: a, channels: width, kernel: [3, 1, 1]}
        - conv: {name: b, channels: width, kernel: [1, 3, 3]}
      shortcut: []
  - relu
  - global_pool
  - linear: {channels: 10}
"""


def branched(folder: Path, *, stream: bool = True) -> Network:
    """The network, of a spec in a folder."""
    path = folder / "branched.yaml"
    path.write_text(SPEC)
    return Network.of(path, transforms=(Continual(),) if stream else ())


def analysed(folder: Path, *, stream: bool = True) -> Analysis:
    """Its figures."""
    return analyze(branched(folder, stream=stream).graph())
