"""What a step of training really holds: every storage that an operation made and nobody let go."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, UntypedStorage
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import costmodel
from costmodel.analysis.saved import Saved
from costmodel.analysis.training import FLOAT_BYTES
from costmodel.emit import emit
from costmodel.emit.modules.base import layer_for
from costmodel.graph import Graph
from costmodel.ops import Op
from costmodel.types import TensorType


class LiveStorages(TorchDispatchMode):
    """Counts the bytes of all storages alive after each operation, views once, and keeps the most."""

    def __init__(self, present: Iterable[Tensor]) -> None:
        super().__init__()
        self.storages: dict[int, tuple[StorageWeakRef, int]] = {}
        self.peak = 0
        self._see(present)

    def __torch_dispatch__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        answer = function(*args, **(kwargs or {}))
        self._see(each for each in tree_leaves(answer) if isinstance(each, Tensor))
        return answer

    def _see(self, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            storage = tensor.untyped_storage()
            self.storages[storage._cdata] = (StorageWeakRef(storage), storage.nbytes())
        self.storages = {key: each for key, each in self.storages.items() if not each[0].expired()}
        self.peak = max(self.peak, sum(size for _, size in self.storages.values()))


def measured_training_bytes(graph: Graph, batch: int) -> int:
    """The most bytes of live tensors in the second step of training, when momentum is there."""
    network = emit(graph).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)
    clips = torch.randn(batch, *map(int, graph.source))
    clips = clips.contiguous(memory_format=torch.channels_last_3d)
    labels = torch.zeros(batch, dtype=torch.long)

    def step() -> None:
        answers = network(clips)
        answers = answers.flatten(2).mean(2) if answers.dim() > 2 else answers  # one for each frame
        loss = cross_entropy(answers, labels)
        del answers
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    step()
    momenta = [state["momentum_buffer"] for state in optimizer.state.values()]
    with LiveStorages([*network.parameters(), *network.buffers(), clips, *momenta]) as live:
        step()
    return live.peak


def kept_by_autograd(op: Op, inputs: tuple[TensorType, ...]) -> Saved:
    """What autograd holds of one layer on one clip, parameters apart, each storage once."""
    layer = layer_for(op, inputs).train()
    # Behind something, as in a network, so that no input is a leaf.
    clips = [torch.randn(1, *map(int, x)).requires_grad_() * 1.0 for x in inputs]
    clips = [clip.contiguous(memory_format=torch.channels_last_3d) for clip in clips]
    held: dict[int, UntypedStorage] = {}

    def pack(tensor: Tensor) -> Tensor:
        held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        answer = layer(*clips)
    for own in (*layer.parameters(), *layer.buffers()):
        held.pop(own.untyped_storage().data_ptr(), None)
    inputs_kept = [held.pop(clip.untyped_storage().data_ptr(), None) is not None for clip in clips]
    output_kept = held.pop(answer.untyped_storage().data_ptr(), None) is not None
    return Saved(any(inputs_kept), output_kept, sum(each.nbytes() for each in held.values()) // FLOAT_BYTES)


def measured_process_bytes(spec: str, batch: int, sets: Mapping[str, int]) -> int:
    """What a process of its own with one thread grows by at most, over two steps of training."""
    command = [sys.executable, "-m", "tests.shared.live_memory", spec, str(batch), json.dumps(sets)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return int(done.stdout)


def _status(field: str) -> int:
    """A size of this process as the kernel has it, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


if __name__ == "__main__":
    torch.set_num_threads(1)
    network = costmodel.load(sys.argv[1], **json.loads(sys.argv[3]))
    before = _status("VmRSS")
    measured_training_bytes(network, int(sys.argv[2]))
    sys.stdout.write(str(_status("VmHWM") - before))
