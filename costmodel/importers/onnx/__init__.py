"""ONNX files as networks of ours: read as modules of torch's, by the same rules; nothing of a file is run.

API
---
`read_onnx(path, shape, name) -> Imported`: as `read_module` gives of a module.
`RuntimeNetwork(path)`: what ONNX Runtime answers, as a module.
"""

from costmodel.importers.onnx.file import OnnxError
from costmodel.importers.onnx.read import read_onnx
from costmodel.importers.onnx.runtime import RuntimeNetwork

__all__ = ["OnnxError", "RuntimeNetwork", "read_onnx"]
