"""The range of each setting of a recipe: a trillion epochs is a slip of the hand, and refused."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from costmodel.errors import OptionError
from costmodel.spec.load import Item

MOST_ENTRIES = 1000
LONGEST_TEXT = 200


@dataclass(frozen=True)
class Range:
    """The numbers from `low` to `high`, the ends with them where they are not left out."""

    low: float
    high: float
    without_low: bool = False
    without_high: bool = False

    def holds(self, value: float | Fraction) -> bool:
        """Whether a number lies in the range; NaN lies in none."""
        # every comparison with NaN is false, so that NaN is refused without a case of its own
        above = value > self.low if self.without_low else value >= self.low
        return bool(above and (value < self.high if self.without_high else value <= self.high))

    def __str__(self) -> str:
        low = f"a number above {self.low:g}" if self.without_low else f"a number from {self.low:g}"
        return f"{low} {'below' if self.without_high else 'to'} {self.high:g}"


# without 1: a dropout of 1 keeps nothing, a momentum of 1 never forgets
SHARE = Range(0, 1, without_high=True)
RANGES = {
    "learning_rate": Range(0, 1000, without_low=True),
    "batch": Range(1, 1_000_000),
    "epochs": Range(0, 100_000, without_low=True),
    "micro": Range(0, 1_000_000),
    "warmup": Range(0, 100_000),
    "milestones": Range(0, 100_000),
    "factor": Range(0, 1, without_low=True),
    "falls": Range(0, 1000),
    "patience": Range(1, 100_000),
    "momentum": SHARE,
    "dampening": Range(0, 1),
    "weight_decay": Range(0, 1),
    "dropout": SHARE,
    "drop_connect": SHARE,
    "norm_momentum": Range(0, 1),
    "scales": Range(0.1, 10),
    "lead": Range(0, 10_000),
    "shortest": Range(0, 100_000),
    "thinning": Range(0, 1),
    "replaced": Range(0, 1),
    "noise": Range(0, 1000),
    "hidden_dropout": SHARE,
    "jitter": Range(0, 1),
    "rand_augment": Range(0, 14),
    "magnitude": Range(0, 30),
}
# What an entry of `expansion` holds; batch and epochs are factors there.
CHANGES = {
    "step": Range(0, 1000),
    "batch": Range(0, 1000, without_low=True),
    "epochs": Range(0, 1000, without_low=True),
    "drop_connect": SHARE,
}


def check(item: Item, name: str, value: int | Fraction, ranges: dict[str, Range] = RANGES) -> None:
    """Raises SpecError at the place of a number outside the range of its setting."""
    allowed = ranges.get(name)
    if allowed is not None and not allowed.holds(value):
        raise item.error(f"{_shown(value)}, expected {allowed}")


def check_option(name: str, value: float) -> None:
    """Raises OptionError where an option that stands for a setting is outside its range.

    Raises:
        OptionError: it is.
    """
    if not RANGES[name].holds(value):
        raise OptionError(f"--{name}: {value:g}, expected {RANGES[name]}")


def _shown(value: int | Fraction) -> str:
    # float() of a huge whole number overflows, and its digits would fill the screen
    near = -(10**15) < value < 10**15
    return f"the number {float(value):.10g}" if near else "a number beyond 1e15"


def text(item: Item) -> str:
    """The text of a setting: one line of bounded length.

    Raises:
        SpecError: it is no text.
    """
    # YAML reads a name such as 18 as a number, and to Python a bool is a whole number
    if isinstance(item.value, bool) or not isinstance(item.value, str | int | Fraction) or item.value == "":
        raise item.error(f"{item.kind}, expected text")
    if len(str(item.value)) > LONGEST_TEXT:
        raise item.error(f"{len(str(item.value))} characters, at most {LONGEST_TEXT}")
    return str(item.value)


def entries(item: Item, most: int = MOST_ENTRIES) -> list[Item]:
    """The entries of a list.

    Raises:
        SpecError: it is no list, or a long one.
    """
    if not isinstance(item.value, list):
        raise item.error(f"{item.kind}, expected a list")
    if len(item.value) > most:
        raise item.error(f"{len(item.value)} entries, at most {most}")
    return item.value
