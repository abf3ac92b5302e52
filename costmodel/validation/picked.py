"""Which outputs of a stream's layers are compared, where those of all frames are too many to be held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice

from torch import Tensor

from costmodel.numbers import ceil_div

FROM_THE_START = 2  # cycles, while windows fill


@dataclass(frozen=True)
class Picked:
    """The outputs aligned with frames of the first cycles, and of one in so many of those that follow.

    Args:
        cycle: frames of the clip until temporal strides are in phase again.
        every: of how many cycles one is compared: 1 for all of them.
    """

    cycle: int = 1
    every: int = 1

    def has(self, number: int, jump: int) -> bool:
        """Whether an output is compared, by its number, of a layer that answers every so many frames."""
        cycle = number * jump // self.cycle
        return cycle < FROM_THE_START or cycle % self.every == 0

    def of(self, outputs: Tensor, jump: int) -> Tensor:
        """Those of all outputs (batch, channels, time, height, width) that are compared, in their order."""
        return self._at(outputs, [number for number in range(outputs.shape[2]) if self.has(number, jump)])

    def strided(self, outputs: Tensor, jump: int, stride: int) -> Tensor:
        """What a layer hands on that takes every so many frames of another, of which `of` gave these."""
        numbers = islice(filter(lambda number: self.has(number, jump), count()), outputs.shape[2])
        return self._at(outputs, [place for place, number in enumerate(numbers) if number % stride == 0])

    def places(self, numbers: Sequence[int], jump: int) -> list[int]:
        """Where outputs that are compared stand among those of `of`, by their numbers."""
        if self.every == 1:
            return list(numbers)
        in_cycle, places = self.cycle // jump, list[int]()
        for number in numbers:
            cycle, rest = divmod(number, in_cycle)
            later = ceil_div(cycle, self.every) - ceil_div(FROM_THE_START, self.every)
            places.append((min(cycle, FROM_THE_START) + max(0, later)) * in_cycle + rest)
        return places

    def _at(self, outputs: Tensor, places: list[int]) -> Tensor:
        return outputs if len(places) == outputs.shape[2] else outputs[:, :, places]

    @property
    def told(self) -> str:
        """What is said of outputs that are left out; empty where none are."""
        if self.every == 1:
            return ""
        return f"; of the layers' outputs one cycle in {self.every}, as all of them take too much memory"
