"""A module as an exported program: its calls of torch in order, nothing of it computed."""

from __future__ import annotations

import gc
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn
from torch.export import ExportedProgram

from costmodel.errors import one_line
from costmodel.importers.constants import freed_of_input
from costmodel.importers.functional import made_functional
from costmodel.importers.lines import noting_lines, users_line
from costmodel.importers.refusal import ModuleError
from costmodel.importers.rules import RULES

BATCHES = (2, 1)


@dataclass(frozen=True)
class Exported:
    """A module's program, and how many clips it takes at once."""

    program: ExportedProgram
    batch: int


@dataclass(frozen=True)
class Tracing:
    """How the calls of a program get the user's lines, and the names of the modules that make them.

    Args:
        noting: what notes the lines while the module runs.
        placed: puts the modules' names on the calls, where torch does not know them.
        batches: how many clips at once are tried, one after the other.
    """

    noting: Callable[[], AbstractContextManager[None]]
    placed: Callable[[fx.Graph], None]
    batches: tuple[int, ...] = BATCHES


TRACING = Tracing(noting_lines, lambda graph: None)


def export(
    module: nn.Module, shape: Sequence[int], batch_at: int, name: str, tracing: Tracing = TRACING
) -> Exported:
    """The calls that a module makes of a clip of this shape, in place of which no number is computed.

    Two clips at once, so that the batch is told from axes of size 1; one, where the module takes no more.

    Raises:
        ModuleError: torch cannot export it; says where.
    """
    first: Exception | None = None
    for batch in tracing.batches:
        sizes = [batch if index == batch_at else size for index, size in enumerate(shape)]
        try:
            with evaluating(module), _quietly(), _uncollected():
                program = _program(module, torch.empty(sizes), tracing)
                freed_of_input(program.graph)
                tracing.placed(program.graph)
                return Exported(program, batch)
        except Exception as error:  # whatever the module's own code raises
            first = first or error
    assert first is not None
    raise ModuleError(_told(first, shape, name)) from first


def _program(module: nn.Module, clip: Tensor, tracing: Tracing) -> ExportedProgram:
    with tracing.noting(), _without_code():
        program = torch.export.export(module, (clip,), strict=False)
    # Most modules write into nothing that another call reads; of the others torch makes pure ones,
    # which takes twice as long as all the rest.
    if made_functional(program.graph) and not _unruled(program.graph):
        return program
    # The empty table keeps convolutions, pools, norms and recurrent layers whole.
    pure: ExportedProgram = program.run_decompositions({})
    return pure


def _without_code() -> AbstractContextManager[None]:
    """Lets torch write no Python for the graphs that it makes on the way, which nobody runs."""
    try:
        from torch.fx._lazy_graph_module import _use_lazy_graph_module
    except ImportError:  # another torch
        return nullcontext()
    return _use_lazy_graph_module(True)


def _unruled(graph: fx.Graph) -> bool:
    """Whether a call has no rule that a decomposed program's calls may have."""
    calls = (node for node in graph.nodes if node.op == "call_function")
    names = (str(node.target).removeprefix("aten.") for node in calls)
    return any("." in name and name not in RULES for name in names)


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """The module as it runs outside of training; afterwards as it was."""
    modes = {each: each.training for each in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for each, mode in modes.items():
            each.training = mode


@contextmanager
def _uncollected() -> Iterator[None]:
    """Looks for no garbage meanwhile, a twentieth of the time: what an export makes lives until its end."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def _quietly() -> Iterator[None]:
    before = logging.root.manager.disable
    # Of a branch on a number torch prints and logs its whole program: the user's own line tells more.
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(),
            torch.no_grad(),
            redirect_stdout(io.StringIO()),
            redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")  # of torch's own insides, and of weights that LSTMs lay out anew
            yield
    finally:
        logging.disable(before)


def _told(error: Exception, shape: Sequence[int], name: str) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    reason = one_line(lines[0][:300]) if lines else type(error).__name__
    line = users_line(error.__traceback__)
    place = f"{line}: " if line.file else ""  # no line of the user's runs where torch's own containers do
    hint = "run it on a clip of that shape, and branch on no values: a shape may decide, a number may not"
    return f"{place}{name} cannot be exported for {'x'.join(map(str, shape))}: {reason}; {hint}"
