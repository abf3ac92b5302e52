"""Whether a network keeps its limits, and costs no more than a baseline that `analyze` wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, isfinite
from pathlib import Path

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import METRICS, evaluate
from costmodel.analysis.quantities import Limit, shown
from costmodel.analysis.rates import NEEDS_RATE
from costmodel.errors import CostModelError, OptionError
from costmodel.files import read_file
from costmodel.readable import plain
from reports.table import Page, Row, Shown, Table, Text

SHEET = ("check", "figure", "value", "was", "bound", "holds", "reason")
MOST_BYTES = 100 * 2**20
# What tells networks apart, in the JSON of `analyze`; a spec's sizes may change, which is what is looked for.
IDENTITY = ("variant", "set", "transforms")
# Figures of which more is no worse: they are told, and fail nothing.
NO_COSTS = ("receptive_field", "padding", "entropy", "depth", "operations_per_byte")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


class BaselineError(CostModelError):
    """A baseline cannot be read, or is of another network."""


@dataclass(frozen=True)
class Checked:
    """One thing that was checked: the figure beside its bound, and whether it holds."""

    check: str
    figure: str
    value: object
    bound: object
    holds: bool
    reason: str
    was: object = None

    @property
    def row(self) -> Row:
        """It as data."""
        return {name: getattr(self, name) for name in SHEET}


@dataclass(frozen=True)
class Baseline:
    """The figures of a network as `analyze --format json` wrote them."""

    path: Path
    data: Mapping[str, object]
    totals: Mapping[str, object]

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """A baseline from its file.

        Raises:
            BaselineError: it cannot be read, or is not what `analyze` writes.
        """
        try:
            data = json.loads(read_file(path, MOST_BYTES))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BaselineError(f"--baseline {path}: cannot be read, {reason}") from error
        except (ValueError, RecursionError) as error:
            raise BaselineError(f"--baseline {path}: {_EXPECTED}") from error
        totals = data.get("totals") if isinstance(data, dict) else None
        if not isinstance(totals, dict) or not isinstance(data.get("network", {}), dict):
            raise BaselineError(f"--baseline {path}: {_EXPECTED}")
        return cls(path, data, totals)

    def must_be_of(self, figures: Figures, network: Mapping[str, object]) -> None:
        """Refuses a baseline of another network, form or number format.

        Args:
            figures: of the network that is checked.
            network: it as JSON tells it.

        Raises:
            BaselineError: it is of another.
        """
        graph = figures.graph
        own = {
            "model": graph.name,
            "mode": "continual" if graph.is_stream else "clip",
            "dtype": figures.dtype,
            **{name: network[name] for name in IDENTITY},
        }
        theirs = {**self.data, **(self.data.get("network") or {})}  # type: ignore[dict-item]  # as `read` found
        for name, mine in own.items():
            if name in theirs and theirs[name] != mine:
                raise BaselineError(
                    f"--baseline {self.path}: is of another network: {name} {_told(theirs[name])}, "
                    f"expected {_told(mine)}"
                )


_EXPECTED = "is no baseline, expected what `costmodel analyze SPEC --format json` prints"


def tolerance_of(text: str) -> Fraction:
    """The share that a tolerance such as `1%` stands for.

    Raises:
        OptionError: it is no percentage.
    """
    match = _PERCENT.fullmatch(text.strip())
    if match is None:
        raise OptionError(f"--tolerance: {text!r}, expected a percentage such as 1%")
    return Fraction(match[1]) / 100


def limits_checked(figures: Figures, limits: Iterable[Limit]) -> Iterator[Checked]:
    """Each limit beside what the network has.

    Raises:
        OptionError: a figure does not apply to the network, or a limit is a multiple.
    """
    for each in limits:
        if each.relative:
            multiple = f"{float(each.bound):g}{each.unit}"
            raise OptionError(f"--assert {each.quantity}<={multiple}: a multiple, expected an amount")
        value = plain(each.quantity.value(figures))
        holds = bool(each.holds(value))
        reason = "" if holds else f"{each.quantity} is {each.shown(value)}, {_outside(each, value)}"
        yield Checked(str(each), str(each.quantity), value, plain(each.bound), holds, reason)


def _outside(limit: Limit, value: float) -> str:
    where = "under" if limit.below else "over"
    excess = limit.excess(Fraction(value) if isfinite(value) else value)
    return f"{where} {limit.shown(limit.bound)}" + (f" ({excess:.3g} times)" if isfinite(excess) else "")


def baseline_checked(figures: Figures, baseline: Baseline, tolerance: Fraction) -> Iterator[Checked]:
    """Each figure that differs from the baseline's; a cost that has risen beyond the tolerance fails."""
    for name, was in baseline.totals.items():
        same_rate = figures.fps is not None and baseline.totals.get("fps") == float(figures.fps)
        if name not in METRICS or (name in NEEDS_RATE and not same_rate):
            continue
        now = plain(evaluate(figures, name))
        if now == was or (was is None and now == inf):  # JSON has no infinity
            continue
        yield _against(name, was, now, tolerance)


def _against(name: str, was: object, now: object, tolerance: Fraction) -> Checked:
    before, after = (
        float(each) if isinstance(each, int | float) and not isinstance(each, bool) else None
        for each in (was, now)
    )
    is_cost = name not in NO_COSTS and before is not None and after is not None
    bound = None if before is None else before * float(1 + tolerance)
    holds = not is_cost or bound is None or after is None or after <= bound
    moved = f" ({100 * (after / before - 1):+z.2f} %)" if before and after and isfinite(after) else ""
    unit = METRICS[name].unit
    reason = f"{name} was {shown(before, unit)}, is {shown(after, unit)}{moved}"
    if not holds:
        reason += f", at most {100 * float(tolerance):g} % more allowed"
    return Checked(name, name, now, bound, holds, reason, was)


def page(found: Sequence[Checked]) -> Page:
    """What was checked, and whether all of it holds."""
    rows = [each.row for each in found]
    holds = all(each.holds for each in found)
    columns = ("check", "found", *(("was", "change") if any(each.was for each in found) else ()), "holds")
    table = Table([_shown(each) for each in found], columns, drop=("was", "change"))
    told = "holds" if holds else "does not hold"
    parts: list[Shown] = [*([table] if found else []), Text.of(f"{told}\n", "table", "md")]
    return Page(lambda: {"holds": holds, "checks": rows}, lambda: parts, lambda: Table(rows, SHEET))


def _shown(each: Checked) -> Row:
    unit = METRICS[each.figure].unit if each.figure in METRICS else ""
    value, was = (one if isinstance(one, int | float) else None for one in (each.value, each.was))
    change = f"{100 * (value / was - 1):+z.2f} %" if value and was and isfinite(value) else None
    found = shown(value, unit)
    return {
        "check": each.check,
        "found": found,
        "was": shown(was, unit),
        "change": change,
        "holds": each.holds,
    }


def _told(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
