"""Many designs at once, where some differ in which layers they have: those of the same layers together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from costmodel.errors import CostModelError, Divergence
from costmodel.network import Settings
from costmodel.numbers import Number, Ratios
from search.sweep.columns import piece_of

Array = np.ndarray


Result = TypeVar("Result")


def groups(
    settings: Settings, length: int, work_out: Callable[[Settings, int], Result]
) -> Iterator[tuple[Array, Result | None]]:
    """Designs whose networks have the same layers, and what they came to; None for one that is no network.

    Where a size decides which layers exist, elaboration tells which designs part there, and each part is
    tried anew. What fails for another reason is tried one by one.

    Args:
        settings: the sizes of all designs; arrays of one value, or of one for each design.
        length: how many designs there are.
        work_out: gives the result of sizes and a number of designs.
    """
    waiting = [np.arange(length)]
    while waiting:
        rows = waiting.pop()
        piece = taken(settings, rows)
        try:
            # one by itself is worked out unfolded, in plain numbers
            result = work_out(piece_of(piece, 0) if len(rows) == 1 else piece, len(rows))
        except CostModelError as error:
            if len(rows) == 1:
                yield rows, None
            else:
                waiting += [rows[each] for each in _parts(_deciding(error), len(rows))]
        else:
            yield rows, result


def taken(settings: Settings, rows: Array) -> dict[str, Number]:
    """The settings of some designs of many."""
    return {name: _taken(value, rows) for name, value in settings.items()}


def _taken(value: Number, rows: Array) -> Number:
    if isinstance(value, Ratios):
        above, below = np.broadcast_arrays(value.numerator, value.denominator)
        return value if above.size == 1 else Ratios(_even(above[rows]), _even(below[rows]))
    return value if not isinstance(value, np.ndarray) or value.size == 1 else _even(value[rows])


def _even(values: Array) -> Array:
    # arithmetic on what is the same in all designs of a group is done once
    return values[:1] if (values == values[0]).all() else values


def _deciding(error: BaseException | None) -> Array | None:
    """The array that decided which layers exist, where that is why the designs are not one network."""
    while error is not None and not isinstance(error, Divergence):
        error = error.__cause__
    return error.values if error is not None and isinstance(error.values, np.ndarray) else None


def _parts(deciding: Array | None, length: int) -> list[Array]:
    """The places of the designs that go on together."""
    if deciding is None or deciding.size != length:
        return list(np.arange(length).reshape(-1, 1))
    values = deciding.ravel()
    return [np.flatnonzero(values == each) for each in np.unique(values)]
