"""The user's own line behind each node of an exported program."""

from __future__ import annotations

import re
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import torch
import torch.fx.config
from torch import fx
from torch.overrides import TorchFunctionMode

from costmodel.importers.refusal import Line

KEY = "costmodel_line"
_TORCH = str(Path(torch.__file__).parent)
_OWN = str(Path(__file__).parent)
_LIBRARY = sysconfig.get_paths()["stdlib"]
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_HANDERS_ON = frozenset(
    str(Path(_TORCH) / each)
    for each in ("_export/non_strict_utils.py", "fx/experimental/proxy_tensor.py", "overrides.py")
)
_LAYERS = tuple(str(Path(_TORCH) / each) for each in ("nn", "functional.py", "_tensor.py"))


class _Annotating(TorchFunctionMode):
    """Notes, with every call, the nearest line of Python that is neither torch's nor ours."""

    def __init__(self, annotate: Callable[[dict[str, object]], Any]) -> None:
        super().__init__()
        self._annotate = annotate

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        # Most calls are torch's own questions, such as for a shape, while it traces one of the user's.
        caller = None if getattr(func, "__name__", "") == "__get__" else _caller(sys._getframe(1))
        frame = _user_frame(caller) if caller and _calls_layers(caller.f_code.co_filename) else None
        if frame is None:
            return func(*args, **(kwargs or {}))
        with self._annotate({KEY: f"{frame.f_code.co_filename}:{frame.f_lineno}"}):
            return func(*args, **(kwargs or {}))


@contextmanager
def noting_lines() -> Iterator[None]:
    """Notes the user's lines while a module is exported, where this torch can."""
    try:
        from torch.fx.traceback import annotate, preserve_node_meta
    except ImportError:  # of an older torch the nodes have their `stack_trace`
        yield
        return
    with preserve_node_meta(), _Annotating(annotate), _without_stack_traces():
        yield


@contextmanager
def _without_stack_traces() -> Iterator[None]:
    """Lets torch write down no stack of each call: a fifth of an export, and we note the line that counts."""
    name = "do_not_emit_stack_traces"
    before = getattr(fx.config, name, None)
    if before is None:  # an older torch
        yield
        return
    setattr(fx.config, name, True)
    try:
        yield
    finally:
        setattr(fx.config, name, before)


def line_of(node: fx.Node) -> Line:
    """Where the user calls what a node runs."""
    noted = node.meta.get("custom", {}).get(KEY, "")
    if noted:
        file, _, number = noted.rpartition(":")
        return Line(_short(file), int(number))
    found = [each for each in _FRAME.finditer(node.meta.get("stack_trace") or "") if _is_users(each["file"])]
    return Line(_short(found[-1]["file"]), int(found[-1]["line"])) if found else Line()


def _caller(frame: FrameType | None) -> FrameType | None:
    """The frame that makes a call, behind those of torch's own modes, which hand it on."""
    while frame is not None and frame.f_code.co_filename in _HANDERS_ON:
        frame = frame.f_back
    return frame


def _user_frame(frame: FrameType | None) -> FrameType | None:
    while frame is not None and not _is_users(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


@cache
def _calls_layers(file: str) -> bool:
    return not file.startswith(_TORCH) or file.startswith(_LAYERS)


@cache
def _is_users(file: str) -> bool:
    is_pythons = file.startswith(_LIBRARY) and "site-packages" not in file
    return not file.startswith((_TORCH, _OWN, "<")) and not is_pythons


def _short(file: str) -> str:
    """A file below the folder that the user stands in, by its path from there."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def users_line(trace: TracebackType | None) -> Line:
    """The last line of the user's own that an error went through."""
    found = Line()
    while trace is not None:
        if _is_users(trace.tb_frame.f_code.co_filename):
            found = Line(_short(trace.tb_frame.f_code.co_filename), trace.tb_lineno)
        trace = trace.tb_next
    return found
