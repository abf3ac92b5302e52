"""Somebody's module as it runs, watched: what enters its heads, and what it answers with that replaced."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from costmodel.errors import CostModelError
from costmodel.validation.calls import Call, Calls, Place
from costmodel.validation.framewise import Framewise
from costmodel.validation.layouts import TIME, Order, equal_orders

AXES = ("batch", "channels", "time", "height", "width")
EQUAL = 1e-9  # in float64, of a tensor that is looked for; whether it is near enough is checked elsewhere


class TheirsError(CostModelError):
    """A module does not run as a check needs it to."""


class Read(NamedTuple):
    """A tensor that a call of a module reads: where, as which argument, and where its axes lie.

    `dims` are its axes, and `answered` the numbers that the call answers.
    """

    place: Place
    at: int | str
    orders: tuple[Order, ...]
    dims: int
    answered: int

    @property
    def axis_of_time(self) -> int | None:
        """Its axis of time, where all four axes of ours lie apart behind one of clips."""
        return self.orders[0].index(TIME) + 1 if self.dims == len(AXES) else None


@dataclass(frozen=True)
class Theirs:
    """A module in some precision.

    Args:
        module: in evaluation; a copy of the user's.
        order: the order of the clip's axes, as it takes it.
        dtype: its precision.
        edits: calls that take each frame alone, as a named edit has it, with the axis of time of what they
            read as their first argument.
    """

    module: nn.Module
    order: Sequence[str]
    dtype: torch.dtype
    edits: Mapping[Place, int] = field(default_factory=dict)

    @classmethod
    def copied(cls, module: nn.Module, order: Sequence[str], dtype: torch.dtype) -> Theirs:
        """A copy of a module.

        Raises:
            TheirsError: it cannot be copied.
        """
        try:
            return cls(copy.deepcopy(module, _computed_anew(module)).to(dtype).eval(), order, dtype)
        except Exception as error:  # whatever the user's module raises
            raise TheirsError(f"cannot be copied: {_told(error)}") from error

    def answer(self, clip: Tensor) -> Tensor:
        """What it answers to a clip that has its axes as ours have them."""
        return self._run(clip, lambda call: call.run())

    def found(self, clip: Tensor, wanted: Mapping[str, Tensor]) -> Mapping[str, tuple[Read, ...]]:
        """Where it reads tensors of our values, in the order of its calls."""
        seen: dict[str, list[Read]] = {name: [] for name in wanted}

        def look(call: Call) -> Any:
            reads = []
            for at, tensor in call.tensors():
                for name, ours in wanted.items():
                    orders = equal_orders(ours, tensor, EQUAL)
                    if orders:
                        reads.append((name, at, orders, tensor.dim()))
            answer = call.run()  # behind the look: it may overwrite what it reads
            numbers = sum(each.numel() for each in tree_leaves(answer) if isinstance(each, Tensor))
            for name, at, orders, dims in reads:
                seen[name].append(Read(call.place, at, orders, dims, numbers))
            return answer

        self._run(clip, look)
        return {name: tuple(reads) for name, reads in seen.items()}

    def captured(self, clip: Tensor, reads: Mapping[str, Read]) -> Mapping[str, Tensor]:
        """What it reads there on another clip; it runs no further than to the last of them.

        Raises:
            TheirsError: it does not run on that clip so far.
        """
        kept: dict[str, Tensor] = {}

        def keep(call: Call) -> Any:
            for name, read in reads.items():
                if call.place == read.place:
                    kept[name] = dict(call.tensors())[read.at].clone()
            if len(kept) == len(reads):
                raise _SeenEnough
            return call.run()

        try:
            self._run(clip, keep)
        except _SeenEnough:
            return kept
        lost = ", ".join(name for name in reads if name not in kept)
        raise TheirsError(f"calls nothing at the place of {lost} on a clip of {clip.shape[2]} frames")

    def answer_with(self, clip: Tensor, given: Mapping[Place, tuple[int | str, Tensor]]) -> Tensor:
        """What it answers where some of its calls read other tensors."""

        def replaced(call: Call) -> Any:
            if call.place not in given:
                return call.run()
            at, tensor = given[call.place]
            return call.taking(at, tensor.reshape(dict(call.tensors())[at].shape)).run()

        return self._run(clip, replaced)

    def _run(self, clip: Tensor, answer: Callable[[Call], Any]) -> Tensor:
        framewise = Framewise(self.edits)

        def edited(call: Call) -> Any:
            return framewise.answer(call) if framewise.takes(call) else answer(call)

        given = clip.to(self.dtype).permute([AXES.index(axis) for axis in self.order]).contiguous()
        try:
            with framewise.running(), _default(self.dtype), torch.no_grad(), Calls(edited):
                found = self.module(given)
        except (_SeenEnough, TheirsError):
            raise
        except Exception as error:  # whatever the user's module raises
            sizes = "x".join(map(str, given.shape))
            raise TheirsError(f"does not run on {sizes} in {self.dtype}: {_told(error)}") from error
        tensors = [each for each in tree_leaves(found) if isinstance(each, Tensor)]
        if len(tensors) != 1:
            raise TheirsError(f"answers {len(tensors)} tensors, expected one")
        return tensors[0]


class _SeenEnough(Exception):  # noqa: N818 - no mistake: what was looked for has been seen
    pass


@contextmanager
def _default(dtype: torch.dtype) -> Iterator[None]:
    """Tensors that a module makes as it runs, such as zeros, are of its precision too."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _computed_anew(module: nn.Module) -> dict[int, Tensor]:
    """Copies of what a module works out in each run and keeps, as weight_norm of old: torch copies none."""
    kept = (each for part in module.modules() for each in vars(part).values() if isinstance(each, Tensor))
    return {id(each): each.detach().clone() for each in kept if not each.is_leaf}


def _told(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
