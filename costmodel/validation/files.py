"""Files that were written of a stream, run as their readers run them, beside the stream itself."""

from __future__ import annotations

import copy
import importlib.util
from math import inf
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from costmodel.emit.export import Cycle
from costmodel.emit.stream import StreamNetwork
from costmodel.validation.check import Check, difference, not_measured
from costmodel.validation.rounding import MOST, Rounding, told
from costmodel.validation.running import frames_of

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
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    cycle, shares = network.cycle, []
    kept = [each.numpy() for each in Cycle(network).initial_state()]
    network.reset()
    whole = _frames(network, seed)
    for frames in whole.float().split(cycle, 2):  # type: ignore[no-untyped-call]
        given = dict(zip(["frames", "age"], [frames.numpy(), kept[0]], strict=True))
        given |= dict(zip(network.program.names, kept[1:], strict=True))
        outputs, valid, *kept = session.run(None, {name: given[name] for name in names})
        answers = iter(zip(torch.from_numpy(outputs).unbind(2), valid[0], strict=True))
        for phase, frame in enumerate(frames.unbind(2)):
            ours = network.forward_step(frame)
            if network.program.answers(phase):
                other, is_valid = next(answers)
                shares.append(_share(ours, other if is_valid else None))
    rounding = Rounding(network.graph, _in_64_bits(network).layers, whole, precision=torch.float32)
    found, output = max(shares), network.graph.output
    if CLOSE < found < inf and rounding.most(output) >= MOST:
        return not_measured(what, CLOSE, f"{told(output, MOST)}: 32 bits cannot tell")
    return rounding.check(what, found, output, _counted(network, len(shares) * cycle), CLOSE)


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
