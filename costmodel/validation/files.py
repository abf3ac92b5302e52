"""Files that were written of a stream, run as their readers run them, beside the stream itself."""

from __future__ import annotations

import importlib.util
from math import inf
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from costmodel.emit.export import Cycle
from costmodel.emit.stream import StreamNetwork
from costmodel.validation.check import Check, difference, not_measured, within
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
    theirs.eval()
    network.reset()
    found = [
        (network.forward_step(frame), theirs.forward_step(frame))
        for frame in _frames(network, seed).unbind(2)
    ]
    shares = [_share(ours, other) for ours, other in found]
    return within("source_equals_the_stream", max(shares), _counted(network, len(shares)), CLOSE)


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
    for frames in _frames(network, seed).split(cycle, 2):  # type: ignore[no-untyped-call]
        given = dict(zip(["frames", "age"], [frames.numpy(), kept[0]], strict=True))
        given |= dict(zip(network.program.names, kept[1:], strict=True))
        outputs, valid, *kept = session.run(None, {name: given[name] for name in names})
        answers = iter(zip(torch.from_numpy(outputs).unbind(2), valid[0], strict=True))
        for phase, frame in enumerate(frames.unbind(2)):
            ours = network.forward_step(frame)
            if network.program.answers(phase):
                other, is_valid = next(answers)
                shares.append(_share(ours, other if is_valid else None))
    return within(what, max(shares), _counted(network, len(shares) * cycle), CLOSE)


def _is_stream(each: object, base: type) -> bool:
    return isinstance(each, type) and issubclass(each, base) and each is not base


def _frames(network: StreamNetwork, seed: int) -> Tensor:
    """Whole cycles of random frames, the last of them behind the first answer."""
    delay = max(int(network.program.delay), 0)
    return frames_of(network.graph, 1, (delay // network.cycle + CYCLES) * network.cycle, seed).float()


def _share(ours: Tensor | None, other: Tensor | None) -> float:
    if ours is None or other is None:
        return 0.0 if ours is other else inf
    return difference(other.reshape(ours.shape), ours)


def _counted(network: StreamNetwork, frames: int) -> str:
    return f"{frames} frames {network.graph.source}, from the first on"
