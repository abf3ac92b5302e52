"""Plans: how a polynomial with whole coefficients is evaluated on arrays, as nested sums of products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

Array = np.ndarray
Values = int | Array  # one for each design; a plain number where it is the same for all
Leaf = tuple[str, int]  # ("atom", its number) or ("table", its number)
Plan: TypeAlias = "int | tuple[Leaf, Plan, Plan]"  # leaf * inside + outside


def nested(terms: Sequence[tuple[int, tuple[Leaf, ...]]]) -> Plan:
    """Terms as (leaf, inside, outside): leaf * inside + outside, the most frequent leaf first; or an int."""
    counts: dict[Leaf, int] = {}
    for _, leaves in terms:
        for leaf in dict.fromkeys(leaves):
            counts[leaf] = counts.get(leaf, 0) + 1
    if not counts:
        return sum(coefficient for coefficient, _ in terms)
    # As in Horner's scheme: what stands in most terms is multiplied once.
    best = max(counts, key=lambda leaf: counts[leaf])
    inside, outside = [], []
    for coefficient, leaves in terms:
        if best in leaves:
            rest = list(leaves)
            rest.remove(best)
            inside.append((coefficient, tuple(rest)))
        else:
            outside.append((coefficient, leaves))
    return best, nested(inside), nested(outside)
