"""Layers as facts. Importing this package registers every op of every file in this folder."""

import importlib
import pkgutil

from costmodel.ops.adaptive import AdaptiveAvgPool, AdaptiveMaxPool, AdaptivePool
from costmodel.ops.attention import Attention
from costmodel.ops.base import OPS, Op, infer, op_named
from costmodel.ops.channels import PadChannels, Shuffle, Split
from costmodel.ops.clip_crop import ClipCrop
from costmodel.ops.conv import Conv
from costmodel.ops.conv_recurrent import ConvGru, ConvLstm, ConvRecurrent
from costmodel.ops.cumulative import CumulativePool
from costmodel.ops.foreign import Foreign, ForeignMerge
from costmodel.ops.interpolate import Interpolate
from costmodel.ops.last import Last
from costmodel.ops.linear import Flatten, Linear
from costmodel.ops.merge import Add, Concat, Gate, Merge
from costmodel.ops.norms import GroupNorm, InstanceNorm, LayerNorm, RmsNorm
from costmodel.ops.pointwise import (
    Activation,
    BatchNorm,
    Dropout,
    Identity,
    Prelu,
    Relu,
    Relu6,
    Sigmoid,
    Softmax,
    Swish,
)
from costmodel.ops.pool import AvgPool, GlobalPool, MaxPool, Subsample
from costmodel.ops.recurrent import Gru, Lstm, Recurrent
from costmodel.ops.sampling import Sgs
from costmodel.ops.scale import Bias, Scale
from costmodel.ops.shift import Shift
from costmodel.ops.step import Delay, Step
from costmodel.ops.transposed import ConvTranspose
from costmodel.ops.window_attention import Roll, WindowAttention
from costmodel.ops.windowed import Windowed

# A family that nobody imports by name above has its words in specs all the same.
for _found in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_found.name}")

__all__ = [
    "OPS",
    "Activation",
    "AdaptiveAvgPool",
    "AdaptiveMaxPool",
    "AdaptivePool",
    "Add",
    "Attention",
    "AvgPool",
    "BatchNorm",
    "Bias",
    "ClipCrop",
    "Concat",
    "Conv",
    "ConvGru",
    "ConvLstm",
    "ConvRecurrent",
    "ConvTranspose",
    "CumulativePool",
    "Delay",
    "Dropout",
    "Flatten",
    "Foreign",
    "ForeignMerge",
    "Gate",
    "GlobalPool",
    "GroupNorm",
    "Gru",
    "Identity",
    "InstanceNorm",
    "Interpolate",
    "Last",
    "LayerNorm",
    "Linear",
    "Lstm",
    "MaxPool",
    "Merge",
    "Op",
    "PadChannels",
    "Prelu",
    "Recurrent",
    "Relu",
    "Relu6",
    "RmsNorm",
    "Roll",
    "Scale",
    "Sgs",
    "Shift",
    "Shuffle",
    "Sigmoid",
    "Softmax",
    "Split",
    "Step",
    "Subsample",
    "Swish",
    "WindowAttention",
    "Windowed",
    "infer",
    "op_named",
]
