"""What a search of whole grids answers: the designs found, the counts, and what would have to give."""

from __future__ import annotations

from dataclasses import dataclass, field

from search.methods.nearest import Near
from search.problem.designs import Design
from search.problem.space import Space


@dataclass
class Counts:
    """How many designs there are, how many are valid networks, and how many each limit excludes.

    Where a bound alone was looked at, `within` and `excluded` hold what is known: designs that a bound does
    not exclude count as within until they were worked out. `bounded` are the limits that this is true of.
    """

    designs: int
    valid: int = 0
    within: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    alone: dict[str, int] = field(default_factory=dict)
    bounded: tuple[str, ...] = ()
    evaluated: int = 0


@dataclass(frozen=True)
class Found(Design):
    """A design with the space that it is one of."""

    space: Space = field(kw_only=True)


@dataclass(frozen=True)
class Solved:
    """An answer: the designs found, best first or along the front, and the counts.

    Where nothing fits there are no designs, and `nearest` says which limits would have to give, the nearest
    first.
    """

    found: tuple[Found, ...]
    counts: Counts
    nearest: tuple[Near, ...] = ()
