"""Layers as facts. Importing this package registers every op."""

from costmodel.ops.base import OPS, Op, infer, op_named
from costmodel.ops.conv import Conv
from costmodel.ops.linear import Flatten, Linear
from costmodel.ops.merge import Add, Concat, Gate, Merge
from costmodel.ops.pointwise import Activation, BatchNorm, Dropout, Relu, Sigmoid, Softmax, Swish
from costmodel.ops.pool import AvgPool, GlobalPool, MaxPool, Subsample
from costmodel.ops.step import Delay, Step
from costmodel.ops.windowed import Windowed

__all__ = [
    "OPS",
    "Activation",
    "Add",
    "AvgPool",
    "BatchNorm",
    "Concat",
    "Conv",
    "Delay",
    "Dropout",
    "Flatten",
    "Gate",
    "GlobalPool",
    "Linear",
    "MaxPool",
    "Merge",
    "Op",
    "Relu",
    "Sigmoid",
    "Softmax",
    "Step",
    "Subsample",
    "Swish",
    "Windowed",
    "infer",
    "op_named",
]
