"""Quantities of many networks at once, as arrays of floats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.analysis.quantities import Quantity
from costmodel.numbers import Number, Ratios

Floats = NDArray[np.float64]


def values_of(quantity: Quantity, figures: Figures, shape: tuple[int, ...]) -> Floats:
    """A quantity of many networks, as an array of a shape."""
    values = quantity.of({name: floats(evaluate(figures, name)) for name in quantity.names})
    return np.broadcast_to(np.asarray(values, dtype=np.float64), shape)


def floats(value: Number | None) -> Floats | float | None:
    """A figure as floats; None where it does not apply."""
    if isinstance(value, Ratios):
        return value.numerator / value.denominator
    return None if value is None else np.asarray(value, dtype=np.float64)
