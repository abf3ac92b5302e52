"""The state of a stream: a value that steps are functions of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from costmodel.errors import EmitError


@dataclass(frozen=True)
class StreamState:
    """What a batch of streams carries from one frame to the next. Never modified: a step makes a new one.

    Args:
        names: of the tensors, such as `res2.0.b.partial.0`.
        tensors: each (batch, channels, height, width), or (batch, channels, frames, height, width) for
            a long average.
        step: frames that the batch has seen; modulo the cycle of temporal strides it is the phase of all.
        started: for each stream, the step at which it starts: a cycle's first, in the future after a reset.
        valid: for each stream, whether the last output is one of its own.
    """

    names: tuple[str, ...]
    tensors: tuple[Tensor, ...]
    step: int
    started: tuple[int, ...]
    valid: tuple[bool, ...]

    @property
    def batch(self) -> int:
        """How many streams there are."""
        return len(self.started)

    @property
    def ages(self) -> tuple[int, ...]:
        """For each stream, the frames that it has seen; below zero where it waits for a cycle to start."""
        return tuple(self.step - start for start in self.started)

    @property
    def floats(self) -> int:
        """Numbers held for each stream."""
        return sum(tensor[:1].numel() for tensor in self.tensors)

    def named(self) -> Mapping[str, Tensor]:
        """The tensors by name."""
        return dict(zip(self.names, self.tensors, strict=True))

    def map(self, change: Callable[[Tensor], Tensor]) -> StreamState:
        """The same state with every tensor changed, such as moved to another device."""
        return replace(self, tensors=tuple(change(tensor) for tensor in self.tensors))

    def first(self, streams: int) -> StreamState:
        """The state of so many of the batch's streams, the first ones."""
        left = self.map(lambda tensor: tensor[:streams])
        return replace(left, started=self.started[:streams], valid=self.valid[:streams])

    def of(self, streams: Sequence[int]) -> StreamState:
        """The state of a batch of these streams, one as often as it is named, each with memory of its own."""
        picked = self.map(lambda tensor: tensor[list(streams)])
        started = tuple(self.started[stream] for stream in streams)
        return replace(picked, started=started, valid=tuple(self.valid[stream] for stream in streams))

    def restarted(self, streams: Sequence[int], cycle: int, empty: Sequence[Tensor]) -> StreamState:
        """The state with some streams as new; they start with the next cycle of the batch.

        Raises:
            EmitError: there is no such stream.
        """
        for stream in streams:
            if not 0 <= stream < self.batch:
                raise EmitError(f"reset: stream {stream}, expected 0 to {self.batch - 1}")
        chosen = torch.tensor([stream in streams for stream in range(self.batch)])
        # All streams of a batch share their phases, so a new one must wait for the cycle to begin again.
        start = -(-self.step // cycle) * cycle
        return replace(
            self,
            tensors=tuple(where(chosen, new, old) for new, old in zip(empty, self.tensors, strict=True)),
            started=tuple(start if stream in streams else old for stream, old in enumerate(self.started)),
            valid=tuple(valid and stream not in streams for stream, valid in enumerate(self.valid)),
        )


def held_floats(tensors: Iterable[Tensor]) -> int:
    """Numbers in the memory behind tensors, each memory once: a view keeps all that it is a view of."""
    behind = {
        each.untyped_storage()._cdata: each.untyped_storage().nbytes() // each.element_size()
        for each in tensors
    }
    return sum(behind.values())


def where(chosen: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """`new` for the chosen streams of a batch, `old` for the others, in the memory format of `old`.

    In another format the streams that are not chosen would be rounded, and run, otherwise than before.
    """
    mixed = torch.where(chosen.to(old.device).view(-1, *(1,) * (old.dim() - 1)), new, old)
    return mixed if mixed.stride() == old.stride() else torch.empty_like(old).copy_(mixed)


def in_own_memory(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The tensors of a state behind a chunk, none of which keeps more memory alive than is said.

    Frames of a chunk are parts of one tensor. Where the state holds some of them alone, those are copied.
    """
    held: dict[int, int] = {}
    for each in tensors:
        place = each.untyped_storage()._cdata
        held[place] = held.get(place, 0) + each.numel() * each.element_size()
    return tuple(
        each if held[each.untyped_storage()._cdata] >= each.untyped_storage().nbytes() else each.clone()
        for each in tensors
    )
