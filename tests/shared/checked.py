"""A strided residual network whose checks all hold, and which of them do not after a change."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import (
    Add,
    BatchNorm,
    Conv,
    GlobalPool,
    Linear,
    Op,
    Relu,
)
from costmodel.types import TensorType
from costmodel.validation.validate import Check, validate


def wrong(graph: Graph) -> dict[str, Check]:
    return {check.what: check for check in validate(graph) if not check.holds}


def residual(kernel: int = 3, stride: int = 2) -> Graph:
    nodes = (
        Node("stem", Conv(channels=4, kernel=(kernel, 3, 3), bias=True), (INPUT,)),
        Node("a", Conv(channels=4, kernel=(3, 3, 3), stride=(stride, 1, 1)), ("stem",)),
        Node("bn", BatchNorm(), ("a",)),
        Node("skip", Conv(channels=4, stride=(stride, 1, 1)), ("stem",)),
        Node("add", Add(), ("bn", "skip")),
        Node("relu", Relu(), ("add",)),
        Node("pool", GlobalPool(), ("relu",)),
        Node("fc", Linear(3), ("pool",)),
    )
    return Graph("residual", TensorType(2, 8, 5, 6), nodes)


def changed(graph: Graph, name: str, change: Callable[[Any], Op]) -> Graph:
    nodes = (replace(node, op=change(node.op)) if node.name == name else node for node in graph.nodes)
    return replace(graph, nodes=tuple(nodes))
