"""The arguments of a block: what differs between its modules, the same for all that differs alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from costmodel.importers.blocks.bodies import MISSING, Entry, Leaf, Missing, Scalar
from costmodel.importers.blocks.unify import Pattern
from costmodel.numbers import round_to

CHANNELS, GROUPS, STRIDE, FLAG = "channels", "groups", "stride", "when"
FAMILIES = {"channels": CHANNELS, "sizes": CHANNELS, "groups": GROUPS}
IN_CHANNELS = "in_channels"
REDUCTIONS = (2, 4, 8, 16)  # of squeeze-excite, rounded to eights
LARGEST_RATIO = 16
ROUNDED = "round8("


@dataclass(eq=False)
class Argument:
    """What differs between the modules of a block.

    Args:
        family: what kind of number it is; only such of one family are one argument.
        uses: the entries that have it, and where.
        values: its value in each module.
        base: the argument, or `in_channels`, that it is worked out from; and how, `{}` standing for it.
    """

    family: str
    uses: list[tuple[Entry, Leaf]]
    values: list[Scalar]
    base: Argument | str | None = None
    rule: str = ""
    name: str = ""

    def fits(self, family: str, values: Sequence[Scalar]) -> bool:
        """Whether it has these values wherever both have some."""
        # As many groups as channels are one number.
        return self.family in (family, CHANNELS if family == GROUPS else family) and _agree(
            self.values, values
        )

    @property
    def is_derived(self) -> bool:
        """Whether no call gives it."""
        return self.base is not None

    @property
    def depth(self) -> int:
        """How many arguments stand between it and what a call gives."""
        return 1 + self.base.depth if isinstance(self.base, Argument) else int(self.is_derived)

    @property
    def default(self) -> Scalar:
        """The value that most calls would give; `MISSING` where each must say it."""
        known = [each for each in self.values if not isinstance(each, Missing)]
        value, times = Counter(known).most_common(1)[0]
        # Where some calls have nothing to say, there is something else to read.
        is_told = self.family in (CHANNELS, GROUPS) or 2 * times < len(known)
        return MISSING if is_told and len(known) == len(self.values) else value


@dataclass(frozen=True)
class Literal:
    """A number that all modules of a block share."""

    family: str
    value: Scalar


Given = Literal | Argument


@dataclass(frozen=True)
class Block:
    """A block: its layers, whose numbers are literals or arguments.

    Args:
        name: what specs call it.
        slots: its entries.
        given: the numbers of each entry, by its key.
        when: the argument that decides whether an entry is there, by its key.
        arguments: what its calls give, or what follows from that.
        places: the place of each module among the values of an argument, by its path.
    """

    name: str
    slots: tuple[Entry, ...]
    given: Mapping[str, Mapping[Leaf, Given]]
    when: Mapping[str, Argument]
    arguments: tuple[Argument, ...]
    places: Mapping[str, int]

    def values(self, path: str) -> dict[Leaf, Scalar]:
        """The arguments that the call of a module gives."""
        place = self.places[path]
        return {(each.name,): each.values[place] for each in self.arguments if not each.is_derived}


Families = Callable[[Entry, Leaf], str]


def block_of(name: str, pattern: Pattern, family_of: Families, *, ratios: bool = True) -> Block:
    """A block of a pattern.

    Args:
        name: what specs call it.
        pattern: the entries, and the modules that have them.
        family_of: what kind of number a leaf of an entry is.
        ratios: whether channels may follow from others.
    """
    held = [{each.key: each for each in body.entries} for body in pattern.bodies]
    arguments: list[Argument] = []
    when = dict(_options(pattern, held, arguments))
    # Options last: what they have is named after what all have.
    slots = sorted(pattern.slots, key=lambda slot: slot.key in when)
    given = {slot.key: dict(_given(slot, held, arguments, family_of)) for slot in slots}
    if ratios:
        out = [body.out_channels for body in pattern.bodies]
        # What leaves a block is what a person would say of it; the rest follows.
        ordered = sorted(arguments, key=lambda each: each.values != out)
        _derive(ordered, [body.in_channels for body in pattern.bodies])
    places = {body.path: place for place, body in enumerate(pattern.bodies)}
    return Block(name, pattern.slots, given, when, tuple(arguments), places)


def _options(
    pattern: Pattern, held: Sequence[Mapping[str, Entry]], arguments: list[Argument]
) -> Iterator[tuple[str, Argument]]:
    for slot in pattern.slots:
        there: list[Scalar] = [slot.key in keys for keys in held]
        if not all(there):
            yield slot.key, _argument(arguments, FLAG, slot, (), there)


def _given(
    slot: Entry, held: Sequence[Mapping[str, Entry]], arguments: list[Argument], family_of: Families
) -> Iterator[tuple[Leaf, Given]]:
    for leaf in slot.leaves:
        values = [keys[slot.key].leaves[leaf] if slot.key in keys else MISSING for keys in held]
        known = {(type(each), each) for each in values if not isinstance(each, Missing)}
        family = family_of(slot, leaf)
        # An option of few modules may have one number where the block has an argument for it.
        is_shared = family in (CHANNELS, STRIDE) and any(isinstance(each, Missing) for each in values)
        if len(known) > 1 or (is_shared and any(each.fits(family, values) for each in arguments)):
            yield leaf, _argument(arguments, family, slot, leaf, values)
        else:
            yield leaf, Literal(family, next((value for _, value in known), MISSING))


def _argument(
    arguments: list[Argument], family: str, slot: Entry, leaf: Leaf, values: list[Scalar]
) -> Argument:
    """The argument that has these values; a new one, where none has."""
    for each in arguments:
        if each.fits(family, values):
            each.values = [
                b if isinstance(a, Missing) else a for a, b in zip(each.values, values, strict=True)
            ]
            each.uses.append((slot, leaf))
            return each
    arguments.append(Argument(family, [(slot, leaf)], values))
    return arguments[-1]


def _agree(one: Sequence[Scalar], other: Sequence[Scalar]) -> bool:
    both = [
        pair for pair in zip(one, other, strict=True) if not any(isinstance(each, Missing) for each in pair)
    ]
    return bool(both) and all(a == b for a, b in both)


def _derive(arguments: Sequence[Argument], in_channels: Sequence[int]) -> None:
    """Lets channels follow from others, or from those that come in, where one rule holds for all modules."""
    told: list[tuple[Argument | str, Sequence[Scalar]]] = [(IN_CHANNELS, in_channels)]
    for each in arguments:
        if each.family != CHANNELS:
            continue
        for base, values in told:
            rule = _rule(values, each.values)
            if rule:
                each.base, each.rule = base, rule
                break
        told.append((each, each.values))


def _rule(base: Sequence[Scalar], values: Sequence[Scalar]) -> str:
    """How values follow from others; empty where no simple rule gives them all."""
    both = [(a, b) for a, b in zip(base, values, strict=True) if not isinstance(b, Missing)]
    pairs = {(a, b) for a, b in both if isinstance(a, int) and isinstance(b, int)}
    # Two numbers are in some ratio; it takes several pairs in the same one to be meant.
    if len({a for a, _ in pairs}) < 2 or any(isinstance(a, Missing) for a, _ in both):
        return ""
    [first, *_] = pairs
    ratio = Fraction(first[1], first[0])
    if all(Fraction(b, a) == ratio for a, b in pairs) and max(ratio.as_integer_ratio()) <= LARGEST_RATIO:
        return _ratio(ratio)
    for below in REDUCTIONS:
        if all(b == round_to(Fraction(a, below)) for a, b in pairs):
            return f"{ROUNDED}{{}} / {below})"
    return ""


def _ratio(ratio: Fraction) -> str:
    above = "{}" if ratio.numerator == 1 else f"{ratio.numerator} * {{}}"
    return above if ratio.denominator == 1 else f"{above} // {ratio.denominator}"
