"""How numbers stand in 8 bits: a step and a zero for each tensor, shared where values are handed on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

LOWEST, HIGHEST = -128, 127


Range = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """value = step * (number - zero).

    Args:
        step: one for the tensor, or one for each place of an axis.
        zero: the number that stands for 0.
        axis: the axis of the steps.
    """

    step: np.ndarray
    zero: int = 0
    axis: int = 0

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from others."""
        return np.asarray(self.step).tobytes(), self.zero, self.axis

    def numbers(self, values: np.ndarray) -> np.ndarray:
        """Values in 8 bits, the nearest numbers."""
        shape = [1] * values.ndim
        step = np.asarray(self.step, np.float32)
        if step.ndim:
            shape[self.axis] = -1
            step = step.reshape(shape)
        with np.errstate(over="ignore"):  # what stands for no value becomes the lowest number
            found = np.round(np.asarray(values, np.float32) / step) + self.zero
        numbers: np.ndarray = np.clip(found, LOWEST, HIGHEST).astype(np.int8)
        return numbers


def of_range(low: float, high: float) -> Scale:
    """The finest scale that holds a range, and 0 exactly: it stands for a clip's padding."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = max(high - low, 1e-8) / (HIGHEST - LOWEST)
    return Scale(np.array(step, np.float32), int(np.clip(round(LOWEST - low / step), LOWEST, HIGHEST)))


def of_weights(values: np.ndarray, axis: int) -> Scale:
    """A scale about 0 for each place of an axis, as runtimes want them of weights."""
    others = tuple(each for each in range(values.ndim) if each != axis)
    largest = np.maximum(np.abs(values).max(axis=others), 1e-8)
    return Scale((largest / HIGHEST).astype(np.float32), 0, axis)


class Shared:
    """Which values share a scale: those that are handed on, and what a stream keeps from step to step."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def join(self, names: Iterable[str]) -> None:
        """Has all of these share one scale."""
        first, *others = map(self.first, names)
        for other in others:
            self._first[other] = first

    def first(self, name: str) -> str:
        """The value that stands for all that share its scale."""
        while name in self._first and self._first[name] != name:
            name = self._first[name]
        return name

    def ranges(self, ranges: Mapping[str, Range]) -> dict[str, Range]:
        """The range of each value, widened to those of all that share its scale."""
        lows: dict[str, float] = {}
        highs: dict[str, float] = {}
        for name, (low, high) in ranges.items():
            first = self.first(name)
            lows[first] = min(low, lows.get(first, 0.0))
            highs[first] = max(high, highs.get(first, 0.0))
        return {name: (lows[self.first(name)], highs[self.first(name)]) for name in ranges}

    def scales(self, ranges: Mapping[str, Range], fixed: Mapping[str, Scale]) -> dict[str, Scale]:
        """The scale of each value, from the ranges of all that share it, or fixed for all of them."""
        of_first = {self.first(name): scale for name, scale in fixed.items()}
        widened = self.ranges(ranges)
        return {name: of_first.get(self.first(name)) or of_range(*widened[name]) for name in ranges}
