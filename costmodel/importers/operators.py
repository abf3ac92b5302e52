"""Stand-ins for torchvision's compiled operators, where it was built for another torch."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import ModuleType

from torch import library

_MISSING = re.compile(r"operator torchvision::\w+ does not exist")
_OPERATORS: list[library.Library] = []  # operators vanish with their library


def loaded(load: Callable[[], ModuleType]) -> ModuleType:
    """A module, once more with stand-ins where torchvision lacks its operators: no video network runs one."""
    try:
        return load()
    except RuntimeError as error:
        if _OPERATORS or not _MISSING.search(str(error)):
            raise
    # Left half imported, they would be taken for whole.
    for name in [each for each in sys.modules if each.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    _OPERATORS.append(library.Library("torchvision", "DEF"))  # type: ignore[no-untyped-call]
    for name in ("nms", "qnms"):
        schema = f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        _OPERATORS[-1].define(schema)  # type: ignore[no-untyped-call]
    return load()
