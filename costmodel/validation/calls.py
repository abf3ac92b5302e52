"""The calls of torch's that a module makes as it runs: seen, stopped at, or answered otherwise."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from torch import Tensor
from torch.overrides import TorchFunctionMode


class Place(NamedTuple):
    """Where a module makes a call, on whatever clip it runs: the lines that lead there, and which time."""

    function: str
    lines: tuple[tuple[str, int], ...]
    time: int


@dataclass(frozen=True)
class Call:
    """One call.

    Args:
        place: where it is made.
        function: what is called.
        arguments: in order.
        named: those by name.
    """

    place: Place
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]

    def run(self) -> Any:
        """What it answers."""
        return self.function(*self.arguments, **self.named)

    def tensors(self) -> Iterator[tuple[int | str, Tensor]]:
        """The tensors that it reads, each with the number or the name of its argument."""
        given: list[tuple[int | str, Any]] = [*enumerate(self.arguments), *self.named.items()]
        yield from ((at, value) for at, value in given if isinstance(value, Tensor))

    def taking(self, at: int | str, tensor: Tensor) -> Call:
        """The same call with another tensor as an argument."""
        if isinstance(at, str):
            return replace(self, named={**self.named, at: tensor})
        return replace(self, arguments=(*self.arguments[:at], tensor, *self.arguments[at + 1 :]))


class Calls(TorchFunctionMode):
    """Hands every call that a module makes to a function, whose answer becomes the call's."""

    def __init__(self, answer: Callable[[Call], Any]) -> None:
        super().__init__()
        self._answer = answer
        self._times: Counter[tuple[str, tuple[tuple[str, int], ...]]] = Counter()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name == "__get__":  # a shape, a dtype: no call
            return func(*args, **(kwargs or {}))
        key = name, _lines()
        self._times[key] += 1
        return self._answer(Call(Place(*key, self._times[key]), func, args, kwargs or {}))


def _lines() -> tuple[tuple[str, int], ...]:
    """The lines that lead from the module, which this package runs, to the call at hand."""
    found, frame = [], sys._getframe(2)
    while frame is not None and not frame.f_globals.get("__name__", "").startswith("costmodel."):
        found.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back  # type: ignore[assignment]
    return tuple(found)
