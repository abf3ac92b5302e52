"""Files of weights that know their network: safetensors with metadata, read without loading torch.

API
---
`is_weights_file(path)`: whether a path is meant as one.
`read_weights_file(path) -> WeightsFile`: what it says of itself (`about`), and each tensor's shape.
`Checkpoint`: the path of a file of weights, with how the names of its tensors are read.
`About`: the network, its classes, what it is fed, how it was trained, and how accurate it was.

The tensors themselves are read and written by `costmodel.emit.weights_format`.
"""

from costmodel.weights.about import About, Accuracy, Pixels
from costmodel.weights.checkpoint import Checkpoint
from costmodel.weights.file import WeightsFile, is_weights_file, read_weights_file

__all__ = ["About", "Accuracy", "Checkpoint", "Pixels", "WeightsFile", "is_weights_file", "read_weights_file"]
