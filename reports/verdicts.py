"""The verdict on a printed figure, by what is claimed of it and the figure that we compute."""

from __future__ import annotations

from fractions import Fraction

from reports.cells import Cell
from reports.printed import Value, agrees, decimals, is_cut_off, number

VERDICTS = ("exact", "close", "substituted", "implied", "refuted", "open", "cited", "measured")
COUNTED = ("exact", "close", "substituted", "refuted", "open")
CLOSE = Fraction(2, 100)  # beyond this, and one unit of the last digit, a figure is not close but unexplained


def verdict(cell: Cell, value: Value, missing: str) -> tuple[str, str]:
    """The verdict on a figure, and its line of reason.

    Args:
        cell: the figure.
        value: ours; None where there is none.
        missing: why there is none, if its network has no spec.
    """
    claim, said = cell.claim, cell.text("note")
    if claim == "cited":
        return claim, f"quoted from {cell.text(claim)}{_beside(cell, value)}"
    if claim in ("measured", "open"):
        return claim, cell.text(claim)
    if missing:
        return "open", missing
    if agrees(cell.printed, value):
        # what comes out of something that the paper does not print is no check of ours
        return (claim, cell.text(claim)) if claim in ("substituted", "implied") else ("exact", said)
    if claim == "refuted" or (claim == "substituted" and cell.text("instead")):
        return claim, cell.text(claim)
    if value is None or isinstance(value, str):
        return "open", f"ours is {value}, unexplained"
    return _not_exact(cell, value)


def _beside(cell: Cell, value: Value) -> str:
    """How our figure stands beside a quoted one."""
    if value is None:
        return ""
    if agrees(cell.printed, value):
        return "; ours is the same"
    return "; ours differs" if isinstance(value, str) else f"; ours is {_off(cell, value)}"


def _not_exact(cell: Cell, value: Fraction | int) -> tuple[str, str]:
    """Close, or open where the difference is larger than that; with the difference in percent."""
    given = number(cell.printed)
    said, off = cell.text("close") or cell.text("note"), _off(cell, value)
    if is_cut_off(cell.printed, value):
        return "close", f"{cell.text('close') or 'cut off, not rounded'}; {off}"
    if abs(value - given) <= max(CLOSE * abs(given), Fraction(1, 10 ** decimals(cell.printed))):
        return "close", f"{said}; {off}" if said else off
    return "open", f"{off}, unexplained"


def _off(cell: Cell, value: Fraction | int) -> str:
    given = number(cell.printed)
    difference = value - given
    return f"off by {100 * float(difference / given):+.3g} %" if given else f"off by {float(difference):+.3g}"
