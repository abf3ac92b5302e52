"""Bounds of arithmetic, against every value between the bounds of its metrics."""

from itertools import product

import numpy as np
import pytest

from costmodel.analysis.quantities import Quantity
from search.problem.interval import Interval, between

LOW, HIGH = {"params": 1.0, "delay": -2.0}, {"params": 4.0, "delay": 3.0}


@pytest.mark.parametrize(
    "text",
    [
        "params + delay",
        "params - 2 * delay",
        "delay * delay - params",
        "delay / params",
        "params / delay",
        "-min(params, delay) + max(params, 2)",
        "params ** 2",
    ],
)
def test_no_value_is_outside_its_bounds(text: str):
    metrics = {name: Interval(np.float64(LOW[name]), np.float64(HIGH[name])) for name in LOW}
    low, high = between(Quantity(text), metrics)
    for params, delay in product(np.linspace(1, 4, 7), np.linspace(-2, 3, 11)):
        if delay or "/ delay" not in text:
            value = Quantity(text).of({"params": float(params), "delay": float(delay)})
            assert low - 1e-9 <= value <= high + 1e-9
