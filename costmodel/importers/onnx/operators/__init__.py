"""What each operator of ONNX is in torch: one file a family, one entry an operator."""

import importlib
import pkgutil

from costmodel.importers.onnx.operators.base import OPERATORS, Operator

for _found in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_found.name}")

__all__ = ["OPERATORS", "Operator"]
