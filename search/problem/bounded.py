"""Figures that no formula gives, and between which bounds they lie for many designs at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from costmodel.analysis.figures import Figures
from costmodel.analysis.least import least_peak, least_state
from costmodel.analysis.least_training import least_training
from costmodel.analysis.metrics import OF_ORDER, evaluate
from costmodel.analysis.quantities import Quantity
from costmodel.network import Network
from costmodel.numbers import Number
from costmodel.options import Value
from costmodel.transforms import Transform
from search.problem.interval import Interval, between
from search.problem.values import floats, values_of

# What depends on where a stream's delays stand, and on the form in which each layer keeps its state
RETIMED = (
    "state_floats",
    "state_bytes",
    "worst_case_floats",
    "macs_worst_step",
    "traffic_bytes",
    "operations_per_byte",
)
SMALLEST = "smallest"


def swept(network: Network) -> Network:
    """The network whose figures are worked out for many designs at once.

    Where the smallest state is asked for, which depends on the numbers, delays stand where no retiming has
    moved them.
    """
    transforms = [
        type(each).of({**_options(each), "state": "partial"}) if _is_retimed(each) else each
        for each in network.transforms
    ]
    return replace(network, transforms=tuple(transforms))


def without_formula(network: Network) -> frozenset[str]:
    """The metrics of a network that only an evaluation of each design tells."""
    is_retimed = any(_is_retimed(each) for each in network.transforms)
    return frozenset((*OF_ORDER, *RETIMED)) if is_retimed else frozenset(OF_ORDER)


def _is_retimed(transform: Transform) -> bool:
    return getattr(transform, "state", None) == SMALLEST


def _options(transform: Transform) -> dict[str, Value]:
    return {each.name: getattr(transform, each.name) for each in transform.options()}


def are_known(quantities: Iterable[Quantity], network: Network) -> bool:
    """Whether formulas give all of these."""
    unknown = without_formula(network)
    return not any(unknown & set(each.names) for each in quantities)


def intervals(
    quantities: Iterable[Quantity], network: Network, figures: Figures, shape: tuple[int, ...]
) -> Mapping[str, Interval]:
    """The bounds of each quantity for many designs; both the same array where formulas give it.

    Args:
        quantities: what is asked for.
        network: the designs as they are asked for.
        figures: those of the swept family.
        shape: of the arrays.
    """
    unknown, found = without_formula(network), dict[str, Interval]()
    for each in quantities:
        if not unknown & set(each.names):
            values = values_of(each, figures, shape).ravel()
            found[each.text] = Interval(values, values)
            continue
        inside = between(each, {name: _metric(name, figures, unknown) for name in each.names})
        found[each.text] = Interval(*(np.broadcast_to(side, shape).ravel() for side in inside))
    return found


def _metric(name: str, figures: Figures, unknown: frozenset[str]) -> Interval:
    if name not in unknown:
        value = np.asarray(floats(evaluate(figures, name)), dtype=np.float64)
        return Interval(value, value)
    least = np.asarray(floats(_least(name, figures)), dtype=np.float64)
    return Interval(least, np.float64(np.inf))


def _least(name: str, figures: Figures) -> Number:
    """What a metric is at the least; 0 where nothing better is known."""
    size = figures.bytes_per_value
    match name:
        case "peak_activation_floats":
            return least_peak(figures.graph)
        case "activation_bytes":
            return least_peak(figures.graph) * size
        case "training_bytes":
            return 0 if figures.batch is None else least_training(figures.graph, figures.batch)
        case "state_floats":
            return least_state(figures.graph)
        case "state_bytes":
            return least_state(figures.graph) * size
        case "worst_case_floats":
            return least_state(figures.graph) + evaluate(figures, "largest_activation_floats")
        case "macs_worst_step":
            return evaluate(figures, "macs_per_frame")
    return 0
