"""Layers that look through time, a residual network of some, and a small X3D as a stream."""

from emitted import SOURCE

from costmodel import continual, load
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import (
    Add,
    AvgPool,
    BatchNorm,
    Conv,
    MaxPool,
    Relu,
)

WINDOWED = {
    "depthwise": lambda time: Conv(channels=4, groups=4, **time),
    "dense": lambda time: Conv(channels=6, bias=True, **time),
    "point": lambda time: Conv(
        channels=4, groups=4, bias=True, **time | {"kernel": (time["kernel"][0], 1, 1)}
    ),
    "causal": lambda time: Conv(channels=4, causal=True, **time),
    "max": lambda time: MaxPool(**time),
    "average": lambda time: AvgPool(**time),
}
TIMES = [
    {"kernel": (3, 3, 3)},
    {"kernel": (5, 3, 3), "stride": (2, 1, 1)},
    {"kernel": (2, 3, 3), "stride": (2, 2, 2)},
    {"kernel": (3, 3, 3), "stride": (3, 1, 1), "dilation": (2, 1, 1)},
    {"kernel": (4, 3, 3), "dilation": (2, 1, 1), "padding": (0, 1, 1)},
    {"kernel": (1, 3, 3), "stride": (2, 1, 1)},
]
BEHIND = Conv(channels=4, kernel=(3, 1, 1), stride=(2, 1, 1))


def residual(kernel: int = 3, stride: int = 1, **shortcut: object) -> Graph:
    nodes = (
        Node("a", Conv(channels=4, kernel=(kernel, 3, 3), stride=(stride, 1, 1)), (INPUT,)),
        Node("bn", BatchNorm(), ("a",)),
        Node("relu", Relu(), ("bn",)),
        Node("shortcut", Conv(channels=4, stride=(stride, 1, 1)), (INPUT,)),
        Node("add", Add(), ("relu", "shortcut")),
        Node("b", Conv(channels=4, kernel=(3, 1, 1)), ("add",)),
    )
    return Graph("residual", SOURCE, nodes)


def small_x3d(**options: object) -> Graph:
    return continual(load("x3d", variant="XS", crop=32, gamma_d=1, gamma_w=0.3, classes=8), **options)  # type: ignore[arg-type]
