"""One figure predicted and measured."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan

from torch import Tensor

TOLERANCE = 1e-9  # in float64


@dataclass(frozen=True)
class Check:
    """One figure, predicted beside measured.

    Args:
        what: the figure.
        predicted: what the analysis says; of a difference the most that is allowed.
        measured: what the running network does.
        holds: whether they agree; None where nothing could be measured, as `note` says.
        note: how it was measured, or where it failed.
        is_limit: whether what is predicted is the most that is allowed.
    """

    what: str
    predicted: object
    measured: object
    holds: bool | None
    note: str = ""
    is_limit: bool = False


def equal(what: str, predicted: object, measured: object, note: str = "") -> Check:
    """A check that two figures are the same."""
    return Check(what, predicted, measured, bool(predicted == measured), note)


def within(what: str, difference: float, note: str = "", most: float = TOLERANCE) -> Check:
    """A check that the largest difference, as a share of the largest value, is only rounding."""
    return Check(what, most, difference, difference <= most, note, is_limit=True)


def not_measured(what: str, predicted: object, reason: str) -> Check:
    """A check that could not be made, and why."""
    return Check(what, predicted, None, None, reason, is_limit=isinstance(predicted, float))


def difference(found: Tensor, expected: Tensor) -> float:
    """The largest difference, as a share of the largest value expected; unbounded where one is NaN."""
    # The largest value of the whole, not each one's own: a value near
    # zero is the difference of large ones, and its rounding is theirs.
    largest = float(expected.abs().max()) if expected.numel() else 0.0
    share = float((found - expected).abs().max()) / (largest or 1.0) if expected.numel() else 0.0
    return inf if isnan(share) else share
