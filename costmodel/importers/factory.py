"""The module that a factory of the user's makes: their Python is run."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from costmodel.emit.weights import read_checkpoint
from costmodel.errors import CostModelError, OptionError, nearest, one_line
from costmodel.importers.lines import users_line
from costmodel.importers.operators import loaded

FORM = "expected package.module:factory, or path/to/file.py:factory"


class FactoryError(CostModelError):
    """What was named makes no module."""


def module_of(place: str, arguments: str = "", checkpoint: Path | None = None) -> nn.Module:
    """The module that a factory makes, with the weights of a checkpoint where one is given.

    Args:
        place: `package.module:factory` or `path/to/file.py:factory`; a module's class is a factory too.
        arguments: JSON: a mapping of arguments by name, or a list of them in order.
        checkpoint: a file of its `state_dict`.

    Raises:
        FactoryError: nothing can be imported there, or the factory raises or makes no module.
        CostModelError: the checkpoint cannot be read, or is another network's.
    """
    python, colon, name = place.rpartition(":")
    if not colon or not python or not name:
        raise OptionError(f"{place}: {FORM}")
    factory = _attribute(_loaded(python, place), name, place)
    given = _arguments(arguments)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # what draws its weights draws the same ones for every command
            made = factory(**given) if isinstance(given, Mapping) else factory(*given)
    except Exception as error:  # whatever the user's code raises
        at = users_line(error.__traceback__)
        raise FactoryError(f"{place}: raised {type(error).__name__} at {at}: {_first(error)}") from error
    if not isinstance(made, nn.Module):
        raise FactoryError(f"{place}: made a {type(made).__name__}, expected a torch.nn.Module")
    if checkpoint is not None:
        _load(made, checkpoint)
    return made


def _arguments(text: str) -> Mapping[str, Any] | list[Any]:
    try:
        given = json.loads(text or "{}")
    except ValueError as error:
        raise OptionError(
            f"--args: {text[:80]!r} is no JSON, expected such as '{{\"classes\": 10}}'"
        ) from error
    if not isinstance(given, dict | list):
        raise OptionError(f"--args: a {type(given).__name__}, expected arguments by name, or a list of them")
    return given


def _loaded(python: str, place: str) -> ModuleType:
    is_file = python.endswith(".py") or "/" in python
    try:
        if is_file:
            return loaded(lambda: _of_file(Path(python), place))
        # The user's own folder, as `python -m` has it.
        if "" not in sys.path and str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        return loaded(lambda: importlib.import_module(python))
    except CostModelError:
        raise
    except Exception as error:  # importing runs code, which may raise anything
        raise FactoryError(f"{place}: cannot be imported: {type(error).__name__}: {_first(error)}") from error


def _of_file(path: Path, place: str) -> ModuleType:
    if not path.is_file():
        raise FactoryError(f"{place}: there is no file {path}; {FORM}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FactoryError(f"{place}: {path} is no Python file; {FORM}")
    module = importlib.util.module_from_spec(spec)
    # Its own imports find what lies beside it, as when it is run.
    sys.path.insert(0, str(path.parent.resolve()))
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _attribute(module: ModuleType, name: str, place: str) -> Callable[..., object]:
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            public = [each for each in dir(found) if not each.startswith("_")]
            raise FactoryError(f"{place}: has no {part!r}{nearest(part, public, listed=FORM)}")
        found = getattr(found, part)
    if not callable(found):
        raise FactoryError(f"{place}: is a {type(found).__name__}, expected a function or a class")
    return found  # type: ignore[no-any-return]


def _load(module: nn.Module, checkpoint: Path) -> None:
    """Reads a module's own `state_dict`; wrappers of training are taken off names that fit otherwise."""
    tensors = read_checkpoint(checkpoint)
    wanted = module.state_dict()
    for prefix in ("", "module.", "model.", "_orig_mod."):
        named = {name.removeprefix(prefix): value for name, value in tensors.items()}
        if named.keys() == wanted.keys():
            break
    else:
        missing = [name for name in wanted if name not in tensors]
        more = [name for name in tensors if name not in wanted]
        found = f"{len(missing)} tensors are missing, {len(more)} are unknown"
        shown = (missing or more)[0]
        raise FactoryError(f"{checkpoint}: is another network's: {found}, such as {shown!r}")
    try:
        module.load_state_dict(named)
    except RuntimeError as error:
        raise FactoryError(f"{checkpoint}: is another network's: {_last(error)}") from error


def _first(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return one_line(lines[0][:300]) if lines else "without a word"


def _last(error: Exception) -> str:
    return one_line(str(error).splitlines()[-1].strip()[:300])
