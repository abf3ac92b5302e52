"""The processes that train one network together, each on a share of every batch: torchrun starts them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from costmodel.errors import OptionError, TrainingError, one_line
from search.data.views import Numbers

if TYPE_CHECKING:
    from search.train.forms import Form

SAID = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
_OF_CONNECTIONS = ("gloo", "nccl", "connection", "socket", "peer", "broken pipe", "timed out", "timeout")


@dataclass(frozen=True)
class Group:
    """Which of the processes that train together this one is.

    Args:
        rank: its number.
        size: how many there are.
        local: its number on this machine, and so of its GPU.
        here: how many there are on this machine.
    """

    rank: int = 0
    size: int = 1
    local: int = 0
    here: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes and tells."""
        return self.rank == 0

    def share(self, part: Numbers) -> slice:
        """Which of the clips that run at once are this process's: none, where there are too few."""
        return slice(self.rank * len(part) // self.size, (self.rank + 1) * len(part) // self.size)

    def total(self, *values: float) -> list[float]:
        """The sums of numbers over all processes."""
        if self.size == 1:
            return list(values)
        device = "cuda" if dist.get_backend() == "nccl" else "cpu"
        sums = torch.tensor(values, dtype=torch.float64, device=device)
        dist.all_reduce(sums)
        return list(sums.tolist())

    def of_first(self, value: Any) -> Any:
        """What the first process has, in all of them."""
        if self.size == 1:
            return value
        held = [value]
        dist.broadcast_object_list(held)
        return held[0]

    def answering(self, form: Form) -> Callable[[Tensor], Tensor]:
        """What gives a network's scores, and in the backward pass the mean gradients of all processes."""
        if self.size == 1:
            return form.logits
        on_gpu = next(form.network.parameters()).is_cuda
        with warnings.catch_warnings():
            # newer releases of torch have another name for it, which older ones lack
            warnings.simplefilter("ignore", FutureWarning)
            # buffers are statistics of norms, which are the same everywhere already
            return nn.parallel.DistributedDataParallel(
                _Answer(form), device_ids=[self.local] if on_gpu else None, broadcast_buffers=False
            )


class _Answer(nn.Module):
    """A form as a module, which `DistributedDataParallel` takes."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form, self.network = form, form.network

    def forward(self, clips: Tensor) -> Tensor:
        return self.form.logits(clips)


def adding_up(answer: Callable[[Tensor], Tensor], is_last: bool) -> AbstractContextManager[object]:
    """Holds the exchange of gradients back until the last part of a batch."""
    if is_last or not isinstance(answer, nn.parallel.DistributedDataParallel):
        return nullcontext()
    held: AbstractContextManager[object] = answer.no_sync()
    return held


ALONE = Group()


def group_of(environment: Mapping[str, str]) -> Group:
    """The group that a process was started in by torchrun; it alone where nothing says so.

    Raises:
        OptionError: what the environment says is no group.
    """
    if any(name not in environment for name in SAID):
        return ALONE
    try:
        rank, size, local = (int(environment[name]) for name in SAID[:3])
        here = int(environment.get("LOCAL_WORLD_SIZE", size))
    except ValueError:
        rank, size, local, here = -1, 0, 0, 0
    if not (0 <= rank < size and 0 <= local < here):
        told = ", ".join(f"{name} {one_line(environment[name])!r}" for name in SAID[:3])
        raise OptionError(f"torchrun: {told}; expected numbers below WORLD_SIZE")
    return Group(rank, size, local, here)


@contextmanager
def joined(group: Group, device: str) -> Iterator[str]:
    """The device of this process, while all processes are connected.

    Args:
        group: the processes.
        device: `cpu`, or `cuda` for a GPU of its own for each.

    Raises:
        OptionError: there are fewer GPUs than processes.
        TrainingError: the processes do not find, or lose, each other.
    """
    if group.size == 1:
        yield device
        return
    if device != "cpu" and torch.cuda.device_count() < group.here:
        raise OptionError(
            f"--device {device}: {group.here} processes on a machine with {torch.cuda.device_count()} GPUs, "
            "expected one for each"
        )
    own = device if device == "cpu" else f"cuda:{group.local}"
    if own != "cpu":
        torch.cuda.set_device(own)
    try:
        dist.init_process_group("gloo" if own == "cpu" else "nccl")
        yield own
    except RuntimeError as error:
        if not any(word in str(error).lower() for word in _OF_CONNECTIONS):
            raise
        raise TrainingError(
            f"the {group.size} processes do not reach each other any more: {one_line(str(error))[:200]}"
        ) from error
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def started_group() -> Group:
    """The group that this process was started in."""
    return group_of(os.environ)
