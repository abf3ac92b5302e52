"""Axes of drawings: a figure's name with its unit, and its values, logarithmic where they lie far apart."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

from costmodel.analysis.metrics import METRICS
from costmodel.escape import drawing

if TYPE_CHECKING:
    from matplotlib.axis import XAxis, YAxis


def drawn_value(name: str, value: object) -> float | None:
    """A figure as it is drawn, bytes in MiB; None where it does not apply or is unbounded."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return value / 2**20 if name.endswith("_bytes") else float(value)


def title_of(name: str) -> str:
    """What an axis is called: a figure in words, and its unit."""
    if name.endswith("_bytes"):
        return f"{name.removesuffix('_bytes')}, in MiB"
    unit = METRICS[name].unit if name in METRICS else "seconds" if name.endswith("_seconds") else ""
    words = drawing(name.replace("_", " ").replace("macs", "MACs"))
    return words if not unit or unit in words else f"{words}, in {unit}"


def scale(axis: XAxis | YAxis, name: str, values: Sequence[float], is_log: bool | None = None) -> None:
    """Titles and scales an axis of a figure for values such as these; logarithmic as suits if not said."""
    from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, NullFormatter

    # of equal or neighbouring values a logarithm shows nothing
    if min(values) > 0 and (max(values) > 10 * min(values) if is_log is None else is_log):
        axis.axes.set(**{f"{axis.axis_name}scale": "log"})
        few = max(values) < 1000 * min(values)
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,)))
        axis.set_minor_formatter(NullFormatter())
        # matplotlib's own leaves 5, 50, ... without a number, and writes 20 as 2 x 10^1
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    if max(values) >= 1000:
        axis.set_major_formatter(EngFormatter(sep=""))
    axis.set_label_text(title_of(name))
