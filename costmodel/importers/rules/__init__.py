"""What each call of an exported program is here: one file a family, one entry an op of torch's."""

import importlib
import pkgutil

from costmodel.importers.rules.base import RULES, Rule

for _found in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_found.name}")

__all__ = ["RULES", "Rule"]
