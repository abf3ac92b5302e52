"""The `axes` of a spec: what a search may change, and how the sizes move together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from costmodel.arithmetic import Expression, parse
from costmodel.errors import SpecError, nearest
from costmodel.numbers import Exact, Number, divide
from costmodel.spec.document import IMPLIED, Document
from costmodel.spec.load import Item

AXIS_KEYS = ("moves", "with", "factor", "bounds", "integer", "grid")
MOST_GRID_VALUES = 10_000
FORM = "form"
INPUT_GRID = (2, 4, 6, 8, 12, 16)  # eighths of the present value, where a spec declares no axes


class Added(Mapping[str, str]):
    """Sizes that are no spec's own, each with the word of the transform that adds it.

    Transforms stand to the right of specs and say theirs by `known`, which is asked where a spec has no such
    size itself: few do, and most transforms need not be loaded for them.
    """

    known: Callable[[], Mapping[str, str]] = staticmethod(dict)

    def __getitem__(self, name: str) -> str:
        return self.known()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.known())

    def __len__(self) -> int:
        return len(self.known())


ADDED = Added()
# What `with` may read beside the sizes: the new value, and how many times the present one it is.
MOVE_NAMES = ("value", "factor")


@dataclass(frozen=True)
class Axis:
    """One way to change a network: a size that moves, and the sizes that follow it.

    Args:
        name: what the axis is called.
        moves: the size that takes new values.
        follows: what other sizes become, from the present sizes, `value` and `factor`.
        factor: how many times the present value the nominal next one is.
        bounds: the smallest and the largest value.
        integer: whether its values are whole numbers.
        grid: the values that an exhaustive search goes through.
    """

    name: str
    moves: str
    follows: Mapping[str, Expression] = field(default_factory=dict)
    factor: Fraction = Fraction(2)
    bounds: tuple[Exact, Exact] = (1, 1)
    integer: bool = True
    grid: tuple[Exact, ...] = ()

    def moved(self, settings: Mapping[str, Number], value: Number) -> dict[str, Number]:
        """The settings with this axis at a value, or at each value of an array."""
        present = settings[self.moves]
        # Every rule reads the sizes as they were, so that the order of the rules plays no part.
        scope = {**settings, "value": value, "factor": divide(value, present)}
        return {
            **settings,
            self.moves: value,
            **{name: rule.value(scope) for name, rule in self.follows.items()},
        }


def axes_of(document: Document) -> tuple[Axis, ...]:
    """The axes that a spec declares, in its order.

    Raises:
        SpecError: one is wrong; one message for each mistake.
    """
    mistakes: list[str] = []
    axes = [read_axis(name, item, document, mistakes) for name, item in document.sections["axes"].items()]
    if mistakes:
        raise SpecError(*mistakes)
    return tuple(axis for axis in axes if axis is not None) or input_axes(document)


def declares_none(document: Document) -> bool:
    """Whether a spec declares no axes of sizes, so that they are those of its input."""
    return all(isinstance(item.value, list) for item in document.sections["axes"].values())


def input_axes(document: Document) -> tuple[Axis, ...]:
    """The axes of a spec that declares none: its frames and its crop, where sizes or numbers give them."""
    found = []
    for name, key in (("Frames", "time"), ("Crop", "height")):
        given = document.sections["input"].get(key)
        named = "" if given is None else str(given.value)
        size = named if named in document.globals else IMPLIED[key]
        item = document.globals.get(size, document.implied.get(size))
        if item is None or isinstance(item.value, bool) or not isinstance(item.value, int):
            continue
        grid = {max(1, item.value * eighths // 8) for eighths in INPUT_GRID}
        found.append(Axis(name, size, bounds=(1, 8 * item.value), grid=tuple(sorted(grid))))
    return tuple(found)


def choices_of(document: Document) -> dict[str, tuple[str, ...]]:
    """The axes that are no sizes: a transform (`form`) or its field (`continual.pool`), with their values."""
    return {
        name: tuple(str(entry.value) for entry in item.value)
        for name, item in document.sections["axes"].items()
        if isinstance(item.value, list)
    }


def read_axis(name: str, item: Item, document: Document, mistakes: list[str]) -> Axis | None:
    """Reads one axis; its mistakes are added to `mistakes`, and then it is None."""
    if isinstance(item.value, list):  # of a transform, which stands to the right of specs and reads it
        mistakes.extend(str(error) for error in _wrong_choice(name, item))
        return None
    before = len(mistakes)
    # collected, not raised: the check of a whole spec tells the mistakes of all axes at once
    mistakes.extend(str(error) for error in _wrong(item, document))
    if len(mistakes) > before:
        return None
    given = item.value
    integer = bool(given["integer"].value) if "integer" in given else True
    low, high = (entry.value for entry in given["bounds"].value)
    return Axis(
        name,
        str(given["moves"].value),
        {key: parse(str(rule.value)) for key, rule in given["with"].value.items()} if "with" in given else {},
        Fraction(given["factor"].value) if "factor" in given else Fraction(2),
        (low, high),
        integer,
        tuple(entry.value for entry in given["grid"].value) if "grid" in given else (),
    )


def _wrong_choice(name: str, item: Item) -> Iterator[SpecError]:
    if name != FORM and name.count(".") != 1:
        expected = f"an axis with [{', '.join(AXIS_KEYS)}]; values alone are for {FORM} and continual.pool"
        yield item.error(f"{item.kind}, expected {expected}")
    if not item.value:
        yield item.error("expected a value or more")
    for entry in item.value:
        if not isinstance(entry.value, str | int):
            yield entry.error(f"{entry.kind}, expected a word or a number")


def _wrong(item: Item, document: Document) -> Iterator[SpecError]:
    given = item.value
    if not isinstance(given, dict):
        yield item.error(f"{item.kind}, expected an axis with [{', '.join(AXIS_KEYS)}]")
        return
    for key, entry in given.items():
        if key not in AXIS_KEYS:
            yield entry.error(f"unknown key{nearest(key, AXIS_KEYS)}")
    for key in ("moves", "bounds"):
        if key not in given:
            yield item.error(f"{key} is missing; an axis takes [{', '.join(AXIS_KEYS)}]")
    sizes = document.globals
    if "moves" in given:
        yield from _wrong_size(given["moves"], str(given["moves"].value), sizes)
    if "with" in given:
        yield from _wrong_rules(given["with"], sizes)
    if "factor" in given and not (_is_number(given["factor"]) and given["factor"].value > 1):
        yield given["factor"].error(f"{given['factor'].kind}, expected a number above 1")
    if "integer" in given and not isinstance(given["integer"].value, bool):
        yield given["integer"].error(f"{given['integer'].kind}, expected true or false")
    yield from _wrong_values(given)


def _wrong_size(item: Item, name: str, sizes: Mapping[str, Item]) -> Iterator[SpecError]:
    if name not in sizes and name not in ADDED:
        yield item.error(f"unknown size {name!r}{nearest(name, (*sizes, *ADDED))}")
    elif name in sizes and isinstance(sizes[name].value, bool):
        yield item.error(f"{name} is true or false; an axis moves a number")


def _wrong_rules(item: Item, sizes: Mapping[str, Item]) -> Iterator[SpecError]:
    if not isinstance(item.value, dict):
        yield item.error(f"{item.kind}, expected sizes and the arithmetic of what they become")
        return
    for name, rule in item.value.items():
        yield from _wrong_size(rule, name, sizes)
        try:
            # `str`: a constant, such as `depth: 3`, is a rule too.
            unknown = parse(str(rule.value)).names - {*sizes, *MOVE_NAMES}
        except SpecError as error:
            yield rule.error(str(error))
            continue
        for wrong in sorted(name for name in unknown if name not in ADDED):
            yield rule.error(f"unknown name {wrong!r}{nearest(wrong, (*sizes, *ADDED, *MOVE_NAMES))}")


def _wrong_values(given: Mapping[str, Item]) -> Iterator[SpecError]:
    whole = "integer" not in given or given["integer"].value is True
    for key in ("bounds", "grid"):
        item = given.get(key)
        if item is None:
            continue
        entries = item.value if isinstance(item.value, list) else []
        kind = int if whole else (int, Fraction)
        if not entries or not all(_is_number(entry) and isinstance(entry.value, kind) for entry in entries):
            yield item.error(f"expected a list of {'whole ' * whole}numbers; `integer: false` allows others")
        elif key == "bounds" and (len(entries) != 2 or not 0 < entries[0].value < entries[1].value):
            yield item.error("expected two numbers above zero, the smallest and the largest value")
        elif len(entries) > MOST_GRID_VALUES:
            yield item.error(f"{len(entries)} values, at most {MOST_GRID_VALUES}")
        elif key == "grid" and (outside := _outside(entries, given.get("bounds"))) is not None:
            yield outside.error(f"{outside.kind}, outside the bounds of its axis")


def _outside(entries: Sequence[Item], bounds: Item | None) -> Item | None:
    """The first value outside the bounds; None where all are inside, or the bounds are wrong themselves."""
    ends = bounds.value if bounds is not None and isinstance(bounds.value, list) else []
    if len(ends) != 2 or not all(map(_is_number, ends)):
        return None
    return next((each for each in entries if not ends[0].value <= each.value <= ends[1].value), None)


def _is_number(item: Item) -> bool:
    return isinstance(item.value, int | Fraction) and not isinstance(item.value, bool)
