"""Whether a file of weights holds what the analysis says that its network learns."""

from __future__ import annotations

from pathlib import Path

import torch

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.emit.build import emit
from costmodel.emit.weights import load_weights
from costmodel.validation.check import Check, equal
from costmodel.weights import read_weights_file


def check_weights(path: Path) -> Check:
    """The parameters of a file's own network, predicted, beside the learned values that the file holds.

    Raises:
        EmitError: the file cannot be read, or its tensors are of another network than it says.
    """
    file = read_weights_file(path)
    graph = file.known.network.graph()
    load_weights(emit(graph), path)
    with torch.device("meta"):
        names = dict(emit(graph).named_parameters())
    held = sum(torch.Size(each.shape).numel() for name, each in file.tensors.items() if name in names)
    return equal("params in the file", evaluate(Figures(graph), "params"), held, str(path))
