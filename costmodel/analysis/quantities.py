"""Quantities, which are arithmetic of metrics, and limits on them with units: `delay<=100ms`."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import METRICS, OF_ORDER, evaluate
from costmodel.analysis.rates import IN_SECONDS, NEEDS_RATE
from costmodel.arithmetic import FIGURES, NUMBER, Expression, parse
from costmodel.errors import OptionError, nearest
from costmodel.numbers import Condition, Exact, Number

SI = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
IEC = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
PREFIXES = SI | IEC
# What a unit's name measures, and how many of that one of it is. Papers write FLOPs, FLOPS and MACs alike.
UNITS: Mapping[str, tuple[str, Fraction]] = {
    "MAC": ("MAC", Fraction(1)),
    "MACs": ("MAC", Fraction(1)),
    "FLOP": ("MAC", Fraction(1, 2)),
    "FLOPs": ("MAC", Fraction(1, 2)),
    "FLOPS": ("MAC", Fraction(1, 2)),
    "B": ("bytes", Fraction(1)),
    "bytes": ("bytes", Fraction(1)),
    "floats": ("floats", Fraction(1)),
    "frames": ("frames", Fraction(1)),
    "s": ("seconds", Fraction(1)),
    "seconds": ("seconds", Fraction(1)),
    "ms": ("seconds", Fraction(1, 1000)),
    "MAC/s": ("MAC / second", Fraction(1)),
    "FLOP/s": ("MAC / second", Fraction(1, 2)),
}
EXAMPLES = "2GMAC, 4GFLOP (= 2GMAC), 8MiB, 100ms, 500k, 16x (times the start)"
FLOP_NOTE = '1 MAC = 2 FLOPs here; the X3D paper\'s FLOPs are multiply-adds: its "2 GFLOPs" is 2GMAC'

# Units as they stand behind a figure
WORDS = {"bytes": "B", "MAC": "MAC", "floats": "floats", "frames": "frames", "MAC / second": "MAC/s"}
LONGEST_NUMBER = 40
RELATIVE = "x"  # a unit of limits: times what the start has
_AMOUNT = re.compile(rf"({NUMBER.pattern})\s*([\w/]*)")
SUMS = (ast.Add, ast.Sub)
_WORD = re.compile(r"[A-Za-z_]\w*")
_RELATION = re.compile(r"<=|>=|<|>|==|=")


@dataclass(frozen=True)
class Quantity:
    """Arithmetic of metrics, such as `macs_per_frame` or `macs_per_clip + 100 * params`.

    Raises:
        OptionError: it is not arithmetic, or a metric is not known; the message names the nearest.
    """

    text: str

    def __post_init__(self) -> None:
        if not self.names:
            raise OptionError(f"{self.text!r}: no metric in it; expected arithmetic of metrics")
        for name in self.names:
            if name not in METRICS:
                raise OptionError(f"unknown metric {name!r}{nearest(name, METRICS)}{_marked(name)}")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The metrics that it reads, in order."""
        return tuple(sorted(self.expression.names))

    @cached_property
    def unit(self) -> str | None:
        """The unit, where all its metrics share one and are only added; None where it has none."""
        units = {METRICS[name].unit for name in self.names}
        # The unit of a product or a quotient would need units of units; it is written without one.
        products = any(
            isinstance(node, ast.BinOp) and type(node.op) not in SUMS
            for node in ast.walk(self.expression.tree)
        )
        return units.pop() if len(units) == 1 and not products else None

    @cached_property
    def expression(self) -> Expression:
        """Its arithmetic, parsed."""
        return parse(self.text, FIGURES)

    def of(self, values: Mapping[str, Number | None]) -> Number:
        """Its value, exact or an array, from those of its metrics.

        Raises:
            OptionError: a metric does not apply to the network, or it divides by zero.
        """
        for name in self.names:
            if values[name] is None:
                raise OptionError(f"{self.text}: {_not_there(name, values)}")
        return self.expression.value(values)

    def value(self, figures: Figures) -> Number:
        """Its value for one network, or for the many that the figures' arrays stand for."""
        return self.of({name: evaluate(figures, name) for name in self.names})

    @property
    def in_seconds(self) -> Quantity | None:
        """The same in seconds, where all its metrics are times in frames; else None."""
        if self.unit != "frames" or not all(name in IN_SECONDS for name in self.names):
            return None
        return Quantity(_WORD.sub(lambda found: IN_SECONDS.get(found[0], found[0]), self.text))

    def __str__(self) -> str:
        return self.text


def _marked(name: str) -> str:
    """Which of the known metrics a sweep cannot hold, where they are listed."""
    listed = nearest(name, METRICS).startswith(" (known")
    return f"; by a bound, then one by one: {', '.join(OF_ORDER)}" if listed else ""


def _not_there(name: str, values: Mapping[str, Number | None]) -> str:
    frames = next((frames for frames, seconds in IN_SECONDS.items() if seconds == name), name)
    # told apart, where it can be: a clip network has no transient at any rate
    if name in NEEDS_RATE and (frames == name or values.get(frames, 0) is not None):
        return f"{name} needs the rate of the camera; add --fps, such as --fps 30"
    if name == "training_bytes":
        return f"{name} needs the clips of a step; add --train, such as --train 8"
    return f"{name} does not apply to this network; add --continual"


@dataclass(frozen=True)
class Limit:
    """A bound on a quantity, from below (`>=`) or from above (`<=`).

    A `relative` one, such as `macs_per_clip<=16x`, is a multiple of what the quantity is at the start.
    """

    quantity: Quantity
    bound: Fraction
    below: bool = False
    unit: str = ""
    relative: bool = False

    def against(self, present: Exact | float) -> Limit:
        """The same limit in figures: a relative one is a multiple of the present value."""
        if not self.relative:
            return self
        return replace(self, bound=self.bound * Fraction(present), relative=False)

    def holds(self, value: Number) -> Condition:
        """Whether a value is within, element by element."""
        # numpy compares an array with a Fraction element by element, in Python.
        bound = self.bound if isinstance(value, int | Fraction) else float(self.bound)
        return value >= bound if self.below else value <= bound

    def excess(self, value: Exact | float) -> float:
        """How far outside a value is: above 1 outside, at most 1 inside."""
        if self.below:
            return math.inf if value <= 0 else float(self.bound / Fraction(value))
        return float(value) / float(self.bound) if self.bound > 0 else math.inf

    def shown(self, value: Exact | float | None) -> str:
        """A value in words, with the unit of the quantity."""
        return shown(value, self.quantity.unit or "")

    def __str__(self) -> str:
        return f"{self.quantity}{'>=' if self.below else '<='}{self.shown(self.bound).replace(' ', '')}"


def limit(text: str, option: str = "--limit") -> Limit:
    """The limit of a text such as `state_bytes<=8MiB`.

    Raises:
        OptionError: it has another form, or its metric or unit is not known or does not fit.
    """
    parts = _RELATION.split(text)
    relations = _RELATION.findall(text)
    if len(parts) != 2 or relations[0] not in ("<=", ">="):
        raise OptionError(f"{option} {text}: expected METRIC<=AMOUNT, such as macs_per_clip<=2GMAC")
    try:
        quantity = Quantity(parts[0].strip())
        # a time is looked at in seconds where the bound is in seconds: then the camera's rate plays a part
        if quantity.in_seconds is not None and _measures(parts[1].strip()) == "seconds":
            quantity = quantity.in_seconds
        bound, unit = amount(parts[1].strip(), quantity)
    except OptionError as error:
        raise OptionError(f"{option} {text}: {error}") from error
    return Limit(quantity, bound, relations[0] == ">=", unit, unit == RELATIVE)


def demand_rate(limits: Iterable[Limit], fps: Fraction | float | None, option: str = "--limit") -> None:
    """Refuses limits in time where no rate says how long a frame is.

    Raises:
        OptionError: a limit reads a time in seconds, and there is no rate.
    """
    for each in limits:
        for name in each.quantity.names:
            if fps is None and name in NEEDS_RATE:
                raise OptionError(f"{option} {each}: {_not_there(name, {})}")


def notes(limits: Iterable[Limit]) -> tuple[str, ...]:
    """What a reader of limits must know: how many multiply-adds a FLOP is, where one is written."""
    return (FLOP_NOTE,) if any(each.unit.startswith("FLOP") for each in limits) else ()


def _measures(text: str) -> str | None:
    """What the unit of an amount measures; None where it has none, or is no amount."""
    match = _AMOUNT.fullmatch(text)
    if match is None or match[2] in ("", RELATIVE):
        return None
    _, unit = _unit(match[2])
    return UNITS[unit][0] if unit else None


def amount(text: str, quantity: Quantity) -> tuple[Fraction, str]:
    """A bound on a quantity in its own unit, and the unit that was written: `4GFLOP` is 2e9 MACs.

    Raises:
        OptionError: it is no amount, or its unit is not known or not the quantity's.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None or len(match[1]) > LONGEST_NUMBER:
        raise OptionError(f"{text!r} is not an amount; expected a number with a unit, such as {EXAMPLES}")
    if match[2] == RELATIVE:
        return Fraction(match[1]), RELATIVE
    size, unit = _unit(match[2])
    measures, factor = UNITS[unit] if unit else (quantity.unit, Fraction(1))
    if measures != quantity.unit:
        own = f"is in {quantity.unit}" if quantity.unit else "has no unit of its own"
        raise OptionError(f"{quantity} {own}, not in {unit}")
    return Fraction(match[1]) * size * factor, unit


def _unit(word: str) -> tuple[int, str]:
    """The size of the prefix and the unit in a word such as `GMAC` or `Mi`."""
    # The shortest first: in `MAC` the M belongs to the unit.
    for prefix in sorted(PREFIXES, key=len):
        unit = word.removeprefix(prefix)
        if word.startswith(prefix) and (unit in UNITS or not unit):
            return PREFIXES[prefix], unit
    known = ", ".join(UNITS)
    raise OptionError(f"unknown unit {word!r} (known: {known}, with k, M, G, T, Ki, Mi or Gi before it)")


def shown(value: Exact | float | None, unit: str = "") -> str:
    """A value with a prefix and its unit, for people: `4.73 GMAC`, `8 MiB`."""
    if value is None or not math.isfinite(value):
        return "-" if value is None else "unbounded"
    names = IEC if unit == "bytes" else SI
    if unit == "seconds":
        seconds = float(value)
        return f"{seconds * 1000:.6g} ms" if 0 < abs(seconds) < 1 else f"{seconds:.6g} s"
    word = WORDS.get(unit, "")
    for prefix, size in sorted(names.items(), key=lambda item: -item[1]):
        if size > 1 and not -size < value < size and prefix != "K":
            return f"{float(value / size):.6g} {prefix}{word}".rstrip()
    return f"{float(value):.6g} {word}".rstrip()
