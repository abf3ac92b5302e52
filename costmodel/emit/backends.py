"""Ways to run an emitted network: as it is, compiled, ahead of time too, or as recorded CUDA graphs."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import torch
import torch.utils._pytree as pytree
from torch import Tensor, nn

from costmodel.emit import unlocked
from costmodel.emit.network import ClipNetwork
from costmodel.emit.recorded import Recorded
from costmodel.emit.state import StreamState
from costmodel.emit.stream import Advance, AdvanceTogether, StreamNetwork
from costmodel.emit.strides import InLayout, dense
from costmodel.errors import EmitError, OptionError, nearest

Kept = tuple[Tensor, ...]
PhaseStep = Callable[[Tensor, Kept], tuple[Kept, Kept]]
Inputs = tuple[Any, ...]  # of a step a frame and the tensors of the state, else a clip
Run = Callable[..., Any]  # what the module gives, given these
Prepare = Callable[[nn.Module, Inputs], Run]


class Runner:
    """A stream that runs on a backend; its steps answer as the network's own do.

    Each phase of the cycle is prepared when it first comes; before streams have settled, steps run eagerly.
    """

    def __init__(self, network: StreamNetwork, backend: str) -> None:
        self.network = network
        self.prepare = backend_named(backend)
        self._phases: dict[tuple[int | None, int], PhaseStep] = {}
        self._state: StreamState | None = None

    def forward_step(self, frame: Tensor) -> Tensor | None:
        """The answer to the next frame; see `StreamNetwork.forward_step`."""
        self.network._check_frame(frame, self._state)
        state = self._state or self.network.initial_state(len(frame), frame)
        output, self._state = self.step(frame, state)
        return output

    @torch.no_grad()
    def step(self, frame: Tensor, state: StreamState) -> tuple[Tensor | None, StreamState]:
        """One step as a pure function; see `StreamNetwork.step`."""
        return self.network._step(frame, state, self._advance)

    @torch.no_grad()
    def chunk(self, frames: Tensor, state: StreamState) -> tuple[Tensor | None, Tensor, StreamState]:
        """A chunk of frames as a pure function; see `StreamNetwork.chunk`."""
        return self.network._chunk(frames, state, self._advance, self._advance_together)

    def forward_steps(self, frames: Tensor) -> tuple[Tensor | None, Tensor]:
        """The answers to a chunk, or to fewer frames one by one; see `StreamNetwork.forward_steps`."""
        self.network._check_frame(frames[:, :, 0], self._state)
        state = self._state or self.network.initial_state(len(frames), frames[:, :, 0])
        outputs, valid, self._state = self.chunk(frames, state)
        return outputs, valid

    def get_state(self) -> StreamState:
        """The state of the stream.

        Raises:
            EmitError: the stream has seen no frame.
        """
        if self._state is None:
            raise EmitError("get_state: the stream has seen no frame; initial_state(batch) gives a new one")
        return self._state

    def reset(self) -> None:
        """Starts the stream anew; the next frame is its first."""
        self._state = None

    def _advance(self, frame: Tensor, tensors: Kept, phase: int) -> tuple[Tensor | None, Kept]:
        # Backends fix all shapes when they prepare a step, so another batch needs one of its own.
        key = (phase, len(frame))
        if key not in self._phases:
            self._phases[key] = self.prepare(AtPhase(self.network, phase), (frame, tensors))
        outputs, after = self._phases[key](frame, tensors)
        return (outputs[0] if outputs else None), tuple(after)

    def _advance_together(self, frames: Tensor, tensors: Kept) -> tuple[Tensor, Kept]:
        key = (None, len(frames))
        if key not in self._phases:
            self._phases[key] = self.prepare(InChunk(self.network), (frames, tensors))
        (outputs,), after = self._phases[key](frames, tensors)
        return outputs, tuple(after)


class AtPhase(nn.Module):
    """The step of a stream at one phase of its cycle, on bare tensors; compilers take no None."""

    def __init__(self, network: StreamNetwork, phase: int) -> None:
        super().__init__()
        self.network = network
        self.phase = phase

    def forward(self, frame: Tensor, tensors: Kept) -> tuple[Kept, Kept]:
        """The output, if there is one at this phase, and the tensors after the frame."""
        output, after = self.network.advance(frame, tensors, self.phase)
        return (() if output is None else (output,)), after


class InChunk(nn.Module):
    """The step of a settled stream of chunks, on bare tensors."""

    def __init__(self, network: StreamNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, frames: Tensor, tensors: Kept) -> tuple[Kept, Kept]:
        """The answers to a chunk of frames, and the tensors behind it."""
        answers, after = self.network.advance_together(frames, tensors)
        return (answers,), after


def eager(module: nn.Module, inputs: Inputs) -> Run:
    """Runs the module unchanged, op by op, as PyTorch does."""
    return module


def exported(module: nn.Module, inputs: Inputs) -> Run:
    """Compiled ahead of time to a library that runs without Python, weights frozen in its kernels' layout.

    Raises:
        EmitError: there is no C++ compiler, or PyTorch fails to compile the module.
    """
    _needs_compiler("exported")
    inputs = dense(inputs)
    with _frozen("exported"), tempfile.TemporaryDirectory() as folder:
        program = torch.export.export(module, inputs)
        package = torch._inductor.aoti_compile_and_package(program, package_path=f"{folder}/network.pt2")
        # Loading unpacks the package to a place of its own, so that this folder may go.
        on_gpu = any(each.is_cuda for each in pytree.tree_leaves(inputs))
        run = torch._inductor.aoti_load_package(package) if on_gpu else unlocked.load(Path(package))
        return InLayout(run, inputs)


def compiled(module: nn.Module, inputs: Inputs) -> Run:
    """Compiled by `torch.compile`, weights frozen in the layout that its kernels want.

    The graph is exported first: its guards are few, those of a network's own Python thousands.

    Raises:
        EmitError: there is no C++ compiler, or PyTorch fails to compile the module.
    """
    _needs_compiler("compiled")
    inputs = dense(inputs)
    with _frozen("compiled"):
        run = torch.compile(torch.export.export(module, inputs).module(), dynamic=False)
        # `torch.compile` does its work at the first call, which must fall where the settings hold.
        run(*inputs)
    # It would look, and compile anew.
    return InLayout(run, inputs)


@contextmanager
def _frozen(backend: str) -> Iterator[None]:
    """For inference, with weights as constants; as an option of `torch.compile` this has no effect."""
    import torch._inductor.config as inductor
    from torch._inductor.exc import CppCompileError, InductorError

    # Left to itself PyTorch moves what a step keeps behind all layers, just ahead of its return: loops of
    # their own, which read what a layer has read long before.
    settings = inductor.patch(freezing=True, reorder_for_locality=False)
    with torch.no_grad(), warnings.catch_warnings(), settings:
        warnings.simplefilter("ignore")
        try:
            yield
        # such as a compiler that runs out of memory, or a cache that another process was killed in
        except (InductorError, CppCompileError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise EmitError(f"backend {backend}: PyTorch failed to compile the network: {reason}") from error


BACKENDS: dict[str, Prepare] = {
    "eager": eager,
    "compiled": compiled,
    "exported": exported,
    "recorded": Recorded,
}


def backend_named(name: str) -> Prepare:
    """A backend by its name.

    Raises:
        OptionError: there is none; the message names the nearest.
    """
    if name not in BACKENDS:
        raise OptionError(f"--backend: unknown {name!r}{nearest(name, BACKENDS)}")
    return BACKENDS[name]


def clip_runner(network: ClipNetwork, backend: str, clip: Tensor) -> Callable[[Tensor], Tensor]:
    """A clip network on a backend, prepared for clips of the given shape; recorded, it looks for no NaN.

    Raises:
        OptionError: there is no such backend.
        EmitError: it cannot run here.
    """
    if backend == "recorded":
        network = copy(network)
        network.checks_values = False  # a look at values waits for the GPU, which a recording cannot
    run = backend_named(backend)(network, (clip,))

    def answer(given: Tensor) -> Tensor:
        with torch.no_grad():
            output: Tensor = run(given)
            return output

    return answer


def available(device: torch.device) -> Sequence[str]:
    """The backends that are tried here unless some are named."""
    # Compilers write C++ or Triton code, and call one of C++ even where the network runs on a GPU.
    has_compiler, on_gpu = _compiler() is not None, device.type == "cuda"
    # PyTorch 2.11 ended the process when it loaded what it had compiled ahead of time for a GPU (an H200), a
    # single convolution too.
    compilers = ("compiled",) if on_gpu else ("compiled", "exported")
    return ("eager", *(compilers if has_compiler else ()), *(("recorded",) if on_gpu else ()))


def _compiler() -> str | None:
    from torch._inductor import exc
    from torch._inductor.cpp_builder import get_cpp_compiler

    try:
        return str(get_cpp_compiler())
    except exc.InvalidCxxCompiler:
        return None


def _needs_compiler(backend: str) -> None:
    if _compiler() is None:
        raise EmitError(
            f"backend {backend}: found no C++ compiler, expected g++ or clang++ (or CXX naming one); "
            "install one, or use the backend eager"
        )


__all__ = [
    "BACKENDS",
    "Advance",
    "AdvanceTogether",
    "Runner",
    "available",
    "backend_named",
    "clip_runner",
    "compiled",
    "eager",
    "exported",
]
