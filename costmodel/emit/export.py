"""Networks for other runtimes: a cycle of frames in, answers and validity out, state in and out by name."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from costmodel.emit.description import as_texts, description
from costmodel.emit.modules.forms import for_other_runtimes
from costmodel.emit.modules.sampling import OWN_NUMBER, SgsLayer
from costmodel.emit.network import ClipNetwork
from costmodel.emit.stream import StreamNetwork
from costmodel.errors import EmitError
from costmodel.files import write_whole
from costmodel.numbers import ceil_div
from costmodel.weights import About

NEEDED = ("onnx", "onnxscript")
Packing = Literal["map", "one", "layer"]
ABOUT = "about.json"


class Cycle(nn.Module):
    """A stream network over one cycle of its temporal strides, as a pure function.

    `forward(frames, age, *state)`: frames (batch, channels, cycle, height, width); age (batch,), the frames
    that each stream has seen, a whole number of cycles; state in the order of `state_names`. Gives answers
    (batch, channels, answers, height, width), their validity (batch, answers), age and state after it.
    A stream starts with age 0 and zeros (`initial_state`); its answers are the module's, the transient's too.
    """

    def __init__(self, network: StreamNetwork) -> None:
        super().__init__()
        if network.init != "zeros":
            settled = ceil_div(network.program.settled, network.cycle) * network.cycle
            raise EmitError(
                "export: streams start from zeros there; emit the network with init='zeros', and to start "
                f"from replicas go on there from get_state() of this module after {settled} frames"
            )
        self.network = network
        self.program = network.program
        self.state_names = tuple(self.program.names)
        # One stream's worth, as constants of the program: every new stream begins alike.
        begun = network.begun(1, next(network.parameters(), torch.zeros(1))) if self.program.early else ()
        self.begun = [tensor.detach() for tensor in begun]

    @property
    def cycle(self) -> int:
        """Frames of one cycle."""
        return self.program.cycle

    def initial_state(self, batch: int = 1) -> tuple[Tensor, ...]:
        """Age and state of streams that have seen no frame."""
        like = next(self.network.parameters(), torch.zeros(1))
        return torch.zeros(batch, dtype=torch.int64, device=like.device), *self.program.empty(batch, like)

    def forward(self, frames: Tensor, age: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """One cycle; see the class."""
        kept = self._from_start(age, list(state))
        answers: list[Tensor] = []
        valid: list[Tensor] = []
        for phase in range(self.cycle):
            answer = self._step(frames[:, :, phase], age + phase, kept, phase)
            if self.program.answers(phase):
                answers.append(answer)
                valid.append(age + phase >= max(self.program.delay, 0))
        return torch.stack(answers, 2), torch.stack(valid, 1), age + self.cycle, *kept

    def _from_start(self, age: Tensor, kept: list[Tensor]) -> list[Tensor]:
        """The state, of new streams what layers behind a shift have made of its zeros."""
        if not self.begun:
            return kept
        return [
            torch.where((age == 0).view(-1, *(1,) * (old.dim() - 1)), new, old)
            for new, old in zip(self.begun, kept, strict=True)
        ]

    def _step(self, frame: Tensor, age: Tensor, kept: list[Tensor], phase: int) -> Tensor:
        values: list[Any] = [None] * self.program.places
        values[0] = frame.clone() if self.program.keeps_input else frame
        for action in self.program.actions[phase]:
            inputs = [values[place] for place in action.reads]
            if action.blank:
                # A program has no `if`: both cases run, and the age of each stream chooses between them.
                there = (age >= action.begins).view(-1, 1, 1, 1)
                values[action.writes] = torch.where(there, inputs[0], torch.zeros_like(inputs[0]))
            elif action.keeper is None:
                values[action.writes] = action.layer.frame(*inputs)
            elif action.leaves:
                values[action.writes] = kept[action.kept[0]]
            else:
                own = slice(*action.kept)
                frame, before = inputs[0], tuple(kept[own])
                # At age 0 the state that is given is a new one already.
                if action.since > 0:
                    frame, before = action.keeper.before_first(frame, before, age - action.since)
                frame = frame.clone() if action.copies else frame
                output, kept[own] = action.step((frame, *inputs[1:]), before, age)
                if output is not None:
                    values[action.writes] = output
        answer: Tensor = values[self.program.output]  # None where the phase has no answer, and nobody asks
        return answer


class Chunk(Cycle):
    """A stream network over the frames of its chunk at once, with the inputs and outputs of `Cycle`.

    A frame that comes to a layer ahead of its stream's first stands there as padding, told by its age: the
    program has no other start. A stream starts anew at any chunk, with age 0 and zeros.
    """

    @property
    def cycle(self) -> int:
        """Frames of one chunk."""
        return self.network.graph.chunk

    def forward(self, frames: Tensor, age: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """One chunk; see the class."""
        given = self._from_start(age, list(state))
        answers, kept = self.network.advance_together(frames, given, age)
        steps = [step for step in range(self.cycle) if self.program.answers(step % self.program.cycle)]
        if self.network.graph.answers == "last":
            answers, steps = answers[:, :, -1:], steps[-1:]
        valid = torch.stack([age + step >= max(self.program.delay, 0) for step in steps], 1)
        return answers, valid, age + self.cycle, *kept


def exportable(network: ClipNetwork | StreamNetwork) -> nn.Module:
    """What is exported: a clip network itself, of a stream network its cycle.

    Raises:
        EmitError: a layer hands on a number of frames that depends on the clip.
    """
    for name, layer in network.layers.items():
        if isinstance(layer, SgsLayer) and layer.op.is_adaptive:
            raise EmitError(f"{name}: {layer.op.word} {OWN_NUMBER}")
    if not isinstance(network, StreamNetwork):
        return network
    return Chunk(network) if network.graph.chunk > 1 else Cycle(network)


def example_inputs(module: nn.Module, batch: int = 1) -> tuple[Tensor, ...]:
    """Zeros in the shapes of the module's inputs, which exporters trace it with."""
    network = module.network if isinstance(module, Cycle) else module
    assert isinstance(network, ClipNetwork | StreamNetwork)
    source = network.graph.source
    like = next(network.parameters(), torch.zeros(1))
    frames = module.cycle if isinstance(module, Cycle) else int(source.time)
    shape = (batch, int(source.channels), frames, int(source.height), int(source.width))
    clip = torch.zeros(shape, dtype=like.dtype, device=like.device)
    return (clip, *module.initial_state(batch)) if isinstance(module, Cycle) else (clip,)


def names_of(module: nn.Module) -> tuple[list[str], list[str]]:
    """The names of an exported program's inputs, and of its outputs, in order."""
    if not isinstance(module, Cycle):
        return ["clip"], ["output"]
    state = list(module.state_names)
    return ["frames", "age", *state], ["outputs", "valid", "age_out", *(f"{name}_out" for name in state)]


def export_torch(
    network: ClipNetwork | StreamNetwork, path: Path, batch: int = 1, about: About | None = None
) -> None:
    """Writes the network as a `torch.export` program (.pt2), to be read by `torch.export.load`.

    What there is to know of it (`description`) stands in its extra file `about.json`.
    """
    told = json.dumps(description(network.graph, about))
    module = exportable(network.eval())
    with torch.no_grad(), _quiet():
        program = torch.export.export(module, example_inputs(module, batch))
        # In memory first, so that the file is written whole or not at all.
        content = io.BytesIO()
        torch.export.save(program, content, extra_files={ABOUT: told})
    write_whole(path, content.getvalue())


def export_onnx(
    network: ClipNetwork | StreamNetwork,
    path: Path,
    batch: int = 1,
    about: About | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> None:
    """Writes the network as ONNX with time as an axis, as PyTorch's exporter translates it.

    What there is to know of it (`description`) stands in its `metadata_props`.

    Raises:
        EmitError: the extra `export` is not installed, or the file cannot be written.
    """
    _must_have_onnx()
    module = exportable(network.eval())
    inputs, outputs = names_of(module)
    with torch.no_grad(), _quiet(), for_other_runtimes():
        # in two parts, each of which takes as long as some networks take to train a step
        tell("1 of 3: traces the network")
        traced = torch.export.export(module, example_inputs(module, batch))
        tell("2 of 3: translates it to ONNX")
        program = torch.onnx.export(
            traced,
            input_names=inputs,
            output_names=outputs,
            # The older exporter records a run with its constants;
            # this one exports the program of `torch.export`.
            dynamo=True,
            verbose=False,
        )
        assert program is not None
        model = program.model_proto
    for key, value in as_texts(description(network.graph, about)).items():
        model.metadata_props.add(key=key, value=value)
    tell(f"3 of 3: writes {len(model.graph.node)} operators")
    content = model.SerializeToString()
    write_whole(path, content)


def export_onnx_frames(
    network: StreamNetwork,
    path: Path,
    batch: int = 1,
    about: About | None = None,
    tell: Callable[[str], None] = lambda text: None,
    packing: Packing = "map",
    is_masked: bool = False,
    clips: Iterable[np.ndarray] | None = None,
) -> None:
    """Writes a stream as ONNX of rank 4: frames in a batch, 2D operators, its state in few tensors.

    In 8 bits where clips to calibrate it on are given: of one stream, its state a tensor for each layer.

    Args:
        network: the stream.
        path: of the file.
        batch: streams at once.
        about: what the file of its weights says.
        tell: is told how many operators are written.
        packing: a tensor of the state for each size of `map`, or `one` for all of it.
        is_masked: whether the program itself keeps layers empty that no frame has reached, and not the host.
        clips: each (channels, time, height, width), as the network is fed; they run as one stream.

    Raises:
        EmitError: the extra `export` is not installed, or a layer has no operators of rank 4, or keeps what
            8 bits cannot hold.
    """
    _must_have_onnx()
    # The library is an extra, and these modules load it.
    from costmodel.emit.onnx import Layout, rank4_model

    exportable(network.eval())  # a stream that nobody can write says so here
    model = rank4_model(network, Layout(batch, packing if clips is None else "layer", is_masked))
    if clips is not None:
        from costmodel.emit.onnx.calibrate import eight_bits_of
        from costmodel.emit.onnx.quantise import in_8_bits

        model = in_8_bits(eight_bits_of(model, network.program, clips, tell))
    for key, value in as_texts(description(network.graph, about)).items():
        model.metadata_props.add(key=key, value=value)
    tell(f"writes {len(model.graph.node)} operators")
    write_whole(path, model.SerializeToString())


def export_tflite(
    network: StreamNetwork,
    path: Path,
    about: About | None = None,
    tell: Callable[[str], None] = lambda text: None,
    clips: Iterable[np.ndarray] | None = None,
) -> None:
    """Writes a stream as TFLite, channels last; in 8 bits where clips to calibrate it on are given.

    Args:
        network: the stream.
        path: of the file.
        about: what the file of its weights says.
        tell: is told what is done.
        clips: each (channels, time, height, width), as the network is fed; they run as one stream.

    Raises:
        EmitError: the extra `tflite` is not installed, or a layer has no counterpart, or none in 8 bits.
    """
    missing = [name for name in ("onnx", "onnxruntime", "ai_edge_litert") if _is_missing(name)]
    if missing:
        raise EmitError(f"--as tflite: needs {' and '.join(missing)}; pip install 'costmodel[tflite]'")
    from costmodel.emit.onnx import Layout, rank4_model
    from costmodel.emit.onnx.calibrate import eight_bits_of
    from costmodel.emit.tflite.write import tflite_of

    exportable(network.eval())
    model = rank4_model(network, Layout(packing="map" if clips is None else "layer"))
    eight_bits = None if clips is None else eight_bits_of(model, network.program, clips, tell)
    content = tflite_of(model, description(network.graph, about), eight_bits)
    tell(f"writes {len(content):,} bytes")
    write_whole(path, content)


def _must_have_onnx() -> None:
    missing = [name for name in NEEDED if _is_missing(name)]
    if missing:
        raise EmitError(f"--as onnx: needs {' and '.join(missing)}; pip install 'costmodel[export]'")


def _is_missing(name: str) -> bool:
    return importlib.util.find_spec(name) is None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporters' own talk."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Writes tensors by name with `torch.save`, wholly or not at all."""
    content = io.BytesIO()
    torch.save(dict(tensors), content)
    write_whole(path, content.getvalue())
