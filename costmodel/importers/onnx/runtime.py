"""What ONNX Runtime answers to a clip, as a module: what a network that was read is held against."""

from __future__ import annotations

import importlib.util
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from costmodel.importers.onnx.file import OnnxError, first_line

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class RuntimeNetwork(nn.Module):
    """An ONNX network as ONNX Runtime runs it on a CPU."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    @cached_property
    def session(self) -> InferenceSession:
        """What runs it, made when answers are first asked for.

        Raises:
            OnnxError: ONNX Runtime is missing, or does not take the file.
        """
        if importlib.util.find_spec("onnxruntime") is None:
            raise OnnxError(
                f"{self.path}: comparing answers needs onnxruntime; pip install 'costmodel[export]'"
            )
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # its warnings are of its own insides
        try:
            return onnxruntime.InferenceSession(str(self.path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its own, of several kinds
            raise OnnxError(f"{self.path}: ONNX Runtime does not take it: {first_line(error)}") from error

    def forward(self, clip: Tensor) -> Tensor:
        """The first answer."""
        (given,) = self.session.get_inputs()
        try:
            answers = self.session.run(None, {given.name: clip.contiguous().numpy()})
        except Exception as error:  # its own, of several kinds
            raise OnnxError(f"{self.path}: ONNX Runtime does not run it: {first_line(error)}") from error
        return torch.from_numpy(answers[0])
