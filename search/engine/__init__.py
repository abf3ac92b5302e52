"""Where candidates run, one engine a file: whatever file stands in this folder is found."""

import importlib
import pkgutil

from search.engine.base import ENGINES, Engine, Job, Outcome, attempt, engine, engine_named

for _found in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_found.name}")

__all__ = ["ENGINES", "Engine", "Job", "Outcome", "attempt", "engine", "engine_named"]
