"""The rows of a block or network: what stands on them, and rows that repeat."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from costmodel.importers.blocks.bodies import SOURCE

# The arguments of a call; None where it does not matter, as what would read it is not there.
Texts = Mapping[str, str | None]
LONGEST_PERIOD = 4
LEAST_TURNS = 3


@dataclass(frozen=True)
class Row:
    """One layer, or a block once or several times.

    Args:
        key: its name.
        word: the layer's word, or the block's name.
        is_block: whether it is a block.
        fields: its fields or arguments as text, without those that are at their defaults.
        sources: the rows that it reads.
        when: what decides whether it is there.
        repeat: how often it stands, one behind the other.
        first: the arguments of the first of them that differ.
    """

    key: str
    word: str
    is_block: bool
    fields: Texts
    sources: tuple[str, ...]
    when: str = ""
    repeat: int = 1
    first: Texts = field(default_factory=dict)


Defaults = Mapping[str, Mapping[str, str]]
IsShape = Callable[[str, str], bool]


def collapsed(rows: Sequence[Row], defaults: Defaults, is_shape: IsShape) -> list[Row]:
    """The same rows, blocks that go on numbering their names being one that repeats.

    Args:
        rows: the rows.
        defaults: the arguments of each block.
        is_shape: whether an argument of a block is a kernel.
    """
    rows = list(rows)
    place = 0
    while place < len(rows):
        for stop in range(_run(rows, place), place + 1, -1):
            one = _repeated(rows[place:stop], defaults.get(rows[place].word, {}))
            # A layer over space and one over time are a pair, and no repeat with another first.
            if one is not None and not any(is_shape(one.word, name) for name in one.first):
                last = rows[stop - 1].key
                rest = [_renamed(row, last, one.key) for row in rows[stop:]]
                rows = [*rows[:place], one, *rest]
                break
        place += 1
    return rows


def _run(rows: Sequence[Row], start: int) -> int:
    """Where a row of equal blocks ends that are named x.0, x.1 and so on, each reading the one before."""
    first = rows[start]
    base, _, number = first.key.rpartition(".")
    stop = start + 1
    if not first.is_block or not base or number != "0" or first.when:
        return stop
    while (
        stop < len(rows)
        and (rows[stop].word, rows[stop].key, rows[stop].when) == (first.word, f"{base}.{stop - start}", "")
        and rows[stop].sources == (rows[stop - 1].key,)
        and not any(rows[stop - 1].key in row.sources for row in rows[stop + 1 :])
    ):
        stop += 1
    return stop


def _renamed(row: Row, old: str, new: str) -> Row:
    return replace(row, sources=tuple(new if each == old else each for each in row.sources))


def _repeated(rows: Sequence[Row], defaults: Mapping[str, str]) -> Row | None:
    """Several calls as one; None where no simple rule gives their arguments."""
    common: dict[str, str | None] = {}
    first: dict[str, str | None] = {}
    for name in dict.fromkeys(name for row in rows for name in row.fields):
        found = _rule([row.fields.get(name, defaults.get(name)) for row in rows])
        if found is None:
            return None
        ahead, rest = found
        if rest is not None and rest != defaults.get(name):
            common[name] = rest
        if ahead is not None:
            first[name] = ahead
    base = rows[0].key.rpartition(".")[0]
    return replace(rows[0], key=base, fields=common, repeat=len(rows), first=first)


def _rule(texts: Sequence[str | None]) -> tuple[str | None, str | None] | None:
    """What the first call gives where it differs, and what all give; None where there is no rule."""
    known = dict.fromkeys(each for each in texts if each is not None)
    if len(known) <= 1:
        return None, next(iter(known), None)
    behind = dict.fromkeys(each for each in texts[1:] if each is not None)
    if len(behind) == 1:
        return texts[0], next(iter(behind))
    rule = next(_counted(texts), None)
    if rule is not None:
        return None, rule
    # A first one and two more in a row would be three cases; in turns they are what a person would say.
    turns = next((each for each in _counted((None, *texts[1:])) if "%" in each), None)
    return None if turns is None or len(texts) <= LEAST_TURNS else (texts[0], turns)


def _counted(texts: Sequence[str | None]) -> Iterator[str]:
    """Arithmetic in `i` that gives one of two texts to each call."""
    known = list(dict.fromkeys(each for each in texts if each is not None))
    if len(known) != 2:
        return
    are_flags = sorted(known) == ["false", "true"]
    for yes, no in [("true", "false")] if are_flags else [known, known[::-1]]:
        for rule, holds in _rules(len(texts)):
            if all(each in (None, yes if at else no) for each, at in zip(texts, holds, strict=True)):
                yield rule if are_flags else f"{yes} if {rule} else {no}"


def _rules(number: int) -> Iterator[tuple[str, list[bool]]]:
    """Conditions on `i`, the simplest first, and where of so many calls they hold."""
    places = range(number)
    for k in places[1:]:
        yield f"i < {k}", [i < k for i in places]
        yield f"i >= {k}", [i >= k for i in places]
    remainders = [(m, k) for m in range(2, LONGEST_PERIOD + 1) for k in range(m)]
    yield from ((f"i % {m} == {k}", [i % m == k for i in places]) for m, k in remainders)
    yield from ((f"i % {m} != {k}", [i % m != k for i in places]) for m, k in remainders)


def labelled(rows: Sequence[Row]) -> frozenset[str]:
    """The rows that another than the next one reads, or that share a reader with others."""
    before = {row.key: ahead.key for ahead, row in pairwise(rows)}
    return frozenset(
        source
        for row in rows
        for source in row.sources
        if row.sources != (before.get(row.key, SOURCE),) and source != SOURCE
    )
