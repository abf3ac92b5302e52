"""Recurrent layers, whose gates ONNX has in another order than torch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from costmodel.importers.onnx.given import Given
from costmodel.importers.onnx.operators.base import operator
from costmodel.importers.refusal import Refusal

# Which of ONNX's gates stand where torch has its own: i, f, g, o of i, o, f, c; and r, z, n of z, r, h.
GATES = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2)}


def reordered(weights: np.ndarray, kind: str) -> np.ndarray:
    """A layer's weights with its gates in torch's order."""
    order = GATES[kind]
    parts = np.split(weights, len(order))
    return np.concatenate([parts[each] for each in order])


@operator("LSTM", "GRU")
def recurrent(given: Given) -> tuple[Tensor, ...]:
    """A recurrent layer from zeros, forwards; its inputs 1 to 3 are in torch's order already."""
    kind = given.node.op_type
    given.must_be("direction", "forward")
    given.must_be("input_forget", 0)
    given.must_be("layout", 0)
    for name in ("activations", "activation_alpha", "activation_beta", "clip"):
        given.must_be(name, None)
    given.changes_nothing("hidden_size")  # told by the weights
    if kind == "GRU" and not given.whole("linear_before_reset", 0):
        raise Refusal(
            "resets its state ahead of the product", "torch resets it behind: linear_before_reset=1"
        )
    if given.has(4) or given.has(7):
        raise Refusal("has lengths of sequences, or peepholes", "give it whole clips and plain gates")
    for index in (5, 6):
        if given.has(index) and given.known(index, "state").any():
            raise Refusal("starts from a state of its own", "start from zeros")
    value = given.tensor()
    # Behind the inputs that ONNX knows stands the second bias.
    tensors = [given.tensor(index) for index in (1, 2, 3, 8) if given.has(index)]
    if len(tensors) < 2:
        raise Refusal("has weights that are worked out on the way", "store them as the layer uses them")
    start = torch.zeros(1, value.shape[1], tensors[1].shape[1])
    options = len(tensors) == 4, 1, 0.0, False, False, False
    if kind == "LSTM":
        found, _, cell = torch.lstm(value, (start, start), tensors, *options)
        return found.unsqueeze(1), found[-1:], cell
    found, _ = torch.gru(value, start, tensors, *options)
    return found.unsqueeze(1), found[-1:]
