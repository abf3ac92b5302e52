"""What must hold of sizes: comparisons of the three kinds of number, and who hears of those on symbols."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from costmodel.numbers import Condition, Number, is_symbolic


class Trace(Protocol):
    """Follows a network of symbols while it is built: names its sizes and hears what must hold of them."""

    def name(self, kind: str, value: Number) -> Number:
        """What stands for a size from here on: a symbol, or the value itself."""

    def demand(self, condition: Condition) -> None:
        """A condition without which the network cannot be built."""

    def assume(self, condition: Condition) -> None:
        """A condition without which the network is another one than the formulas describe."""


_TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)


@contextmanager
def traced(trace: Trace) -> Iterator[None]:
    """A context in which symbolic sizes, and the conditions on them, are reported to `trace`."""
    token = _TRACE.set(trace)
    try:
        yield
    finally:
        _TRACE.reset(token)


def named(kind: str, value: Number) -> Number:
    """A size under the name that the open trace gives it; numbers and arrays as they are."""
    if isinstance(value, int):
        return value
    trace = _TRACE.get()
    return value if trace is None or not is_symbolic(value) else trace.name(kind, value)


def demand(condition: Condition) -> None:
    """Tells the open trace of a condition on symbols."""
    trace = _TRACE.get()
    if trace is not None and not isinstance(condition, bool):
        trace.demand(condition)


def assume(condition: Condition) -> None:
    """Tells the open trace of a condition without which the formulas are those of another network."""
    trace = _TRACE.get()
    if trace is not None and not isinstance(condition, bool):
        trace.assume(condition)


def assume_positive(value: Number) -> None:
    """Tells the open trace that a symbolic size is taken to be one or more."""
    trace = _TRACE.get()
    if trace is None or not is_symbolic(value):
        return
    import sympy

    # Not evaluated: sympy would simplify away what its own
    # assumptions imply, and the reader would not be told.
    trace.assume(sympy.Ge(value, 1, evaluate=False))


def demand_between(value: Number, least: int, most: int | None) -> None:
    """Tells the open trace that a symbolic size must be a whole number from `least` to `most`."""
    if isinstance(value, int) or _TRACE.get() is None or not is_symbolic(value):
        return
    import sympy

    demand(sympy.Ge(value, least, evaluate=False))
    if most is not None:
        demand(sympy.Le(value, most, evaluate=False))
    if not value.is_integer:
        demand(sympy.Eq(value, sympy.floor(value), evaluate=False))


def equal(value: Number, other: Number) -> Condition:
    """Whether two sizes are equal: a flag, an array of flags, or a condition on symbols."""
    if value is other:
        return True
    if not (is_symbolic(value) or is_symbolic(other)):
        return value == other
    import sympy

    # Of symbols `==` asks whether the forms are equal: (a + 1)**2 and a**2 + 2*a + 1 are not.
    difference = sympy.expand(value - other)
    if difference.is_number:
        return bool(difference == 0)
    return sympy.Eq(value, other, evaluate=False)


def differ(value: Number, other: Number) -> Condition:
    """Whether two sizes differ: a flag, an array of flags, or a condition on symbols."""
    same = equal(value, other)
    if isinstance(same, bool):
        return not same
    return ~same


def either(condition: Condition, other: Condition) -> Condition:
    """Whether one of two conditions holds: a flag, an array of flags, or a condition on symbols."""
    if condition is True or other is True:
        return True
    if condition is False or other is False:
        return condition if other is False else other
    return condition | other
