"""Files that were written of a stream, run as their readers run them, beside the stream itself."""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable, Iterable, Iterator
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from costmodel.emit.export import Cycle
from costmodel.emit.stream import StreamNetwork
from costmodel.validation.check import Check, difference, not_measured
from costmodel.validation.rounding import MOST, Rounding, told
from costmodel.validation.running import frames_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Answered = tuple[Iterable[Tensor], Iterable[bool]]
Run = Callable[[Tensor], Answered]
CLOSE = 1e-4  # in 32 bits, of the largest value: programs add in another order
CYCLES = 2  # that are compared behind the first answer


@torch.no_grad()
def check_source(text: str, network: StreamNetwork, seed: int = 0) -> Check:
    """The answers of a Python file with the same weights."""
    written: dict[str, Any] = {}
    exec(compile(text, "stream.py", "exec"), written)
    streams = [each for each in written.values() if _is_stream(each, written["StreamNetwork"])]
    theirs = streams[-1]()  # the network itself stands last
    theirs.load_state_dict(network.state_dict())
    theirs.double().eval()
    ours, frames = _in_64_bits(network), _frames(network, seed)
    shares = [_share(ours.forward_step(frame), theirs.forward_step(frame)) for frame in frames.unbind(2)]
    rounding = Rounding(network.graph, ours.layers, frames)
    note = _counted(network, len(shares))
    return rounding.check("source_equals_the_stream", max(shares), network.graph.output, note)


@torch.no_grad()
def check_onnx(path: Path, network: StreamNetwork, seed: int = 0) -> Check:
    """The answers of an ONNX file, as ONNX Runtime runs it."""
    what = "onnx_equals_the_stream"
    if importlib.util.find_spec("onnxruntime") is None:
        return not_measured(what, CLOSE, "onnxruntime is not installed")
    network.reset()
    whole, shares = _frames(network, seed), []
    for frames, (answers, valid) in _answered(path, network, whole):
        given = iter(zip(answers, valid, strict=True))
        for phase, frame in enumerate(frames.unbind(2)):
            ours = network.forward_step(frame)
            if network.program.answers(phase):
                other, is_valid = next(given)
                shares.append(_share(ours, other if is_valid else None))
    rounding = Rounding(network.graph, _in_64_bits(network).layers, whole, precision=torch.float32)
    output = network.graph.output
    if CLOSE < (found := max(shares)) < inf and rounding.most(output) >= MOST:
        return not_measured(what, CLOSE, f"{told(output, MOST)}: 32 bits cannot tell")
    return rounding.check(what, found, output, _counted(network, whole.shape[2]), CLOSE)


def _answered(path: Path, network: StreamNetwork, whole: Tensor) -> Iterator[tuple[Tensor, Answered]]:
    """Each cycle of frames, and what a file answers to it: the answers of the cycle and their validity."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    is_rank_4 = "layout" in session.get_modelmeta().custom_metadata_map
    run = _of_rank_4(path) if is_rank_4 else _of_rank_5(session, network)
    for frames in whole.float().split(network.cycle, 2):  # type: ignore[no-untyped-call]
        yield frames, run(frames)


def _of_rank_4(path: Path) -> Run:
    from costmodel.emit.onnx.stream_file import StreamFile

    file = StreamFile(path)

    def run(frames: Tensor) -> Answered:
        answers, valid = file.step(frames[0].movedim(1, 0).contiguous().numpy())
        return torch.from_numpy(answers[0]).unbind(0), valid[0].tolist()

    return run


def _of_rank_5(session: InferenceSession, network: StreamNetwork) -> Run:
    names = [each.name for each in session.get_inputs()]
    kept = [each.numpy() for each in Cycle(network).initial_state()]

    def run(frames: Tensor) -> Answered:
        given = dict(zip(["frames", "age"], [frames.numpy(), kept[0]], strict=True))
        given |= dict(zip(network.program.names, kept[1:], strict=True))
        outputs, valid, *kept[:] = session.run(None, {name: given[name] for name in names})
        return torch.from_numpy(outputs).unbind(2), valid[0].tolist()

    return run


def _in_64_bits(network: StreamNetwork) -> StreamNetwork:
    """A copy in which what differs is hardly rounding."""
    copied = copy.deepcopy(network).double()
    copied.reset()
    return copied


def _is_stream(each: object, base: type) -> bool:
    return isinstance(each, type) and issubclass(each, base) and each is not base


def _frames(network: StreamNetwork, seed: int) -> Tensor:
    """Whole cycles of random frames, the last of them behind the first answer."""
    delay = max(int(network.program.delay), 0)
    return frames_of(network.graph, 1, (delay // network.cycle + CYCLES) * network.cycle, seed)


def _share(ours: Tensor | None, other: Tensor | None) -> float:
    if ours is None or other is None:
        return 0.0 if ours is other else inf
    return difference(other.reshape(ours.shape), ours)


def _counted(network: StreamNetwork, frames: int) -> str:
    return f"{frames} frames {network.graph.source}, from the first on"
