"""A small network with sizes of several kinds, under transforms."""

from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms import Transform
from costmodel.transforms.continual import Continual

SPEC = """
name: tiny
input: {channels: 3, time: frames, height: 8, width: 8}
sizes: {frames: 8, wide: 1.5}
let: {w1: floor(4 * wide)}
variants: {L: {wide: 2.75}}
axes: {Width: {moves: wide, bounds: [0.5, 4], integer: false}}
network:
  - conv: {channels: w1, kernel: [3, 3, 3]}
  - bn
  - global_pool
"""


CONTINUAL = Continual(pool=16)


def tiny(*transforms: Transform, **sizes: object) -> Network:
    return Network(from_text(SPEC), sizes, transforms)
