"""Modules of one class as one block: what only some of them hold becomes optional."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from costmodel.importers.blocks.bodies import SOURCE, Body, Entry

MOST_OPTIONS = 3


@dataclass(frozen=True)
class Pattern:
    """A block to be: the entries of all its modules in one order, and the modules.

    Args:
        slots: the entries, each as the module has it that holds most.
        bodies: the modules.
    """

    slots: tuple[Entry, ...]
    bodies: tuple[Body, ...]


def patterns(bodies: Iterable[Body]) -> list[Pattern]:
    """The fewest patterns that were found for the modules of a class."""
    alike: dict[object, list[Body]] = {}
    for body in bodies:
        form = tuple((each.key, each.sources, each.form) for each in body.entries)
        alike.setdefault(form, []).append(body)
    found: list[Pattern] = []
    # Those that hold most first: their wires tell what the others leave out.
    for group in sorted(alike.values(), key=lambda group: -len(group[0].entries)):
        _join(found, Pattern(group[0].entries, tuple(group)))
    return found


def _join(found: list[Pattern], other: Pattern) -> None:
    for place, each in enumerate(found):
        joined = _joined(each, other)
        if joined is not None:
            found[place] = joined
            return
    found.append(other)


def _joined(one: Pattern, other: Pattern) -> Pattern | None:
    slots = _in_one_order(one.slots, other.slots)
    if slots is None:
        return None
    bodies = (*one.bodies, *other.bodies)
    fits = _is_sensible(slots, bodies) and all(_is_wired(slots, body) for body in bodies)
    return Pattern(slots, bodies) if fits else None


def _in_one_order(ours: Sequence[Entry], theirs: Sequence[Entry]) -> tuple[Entry, ...] | None:
    """The entries of both, those of both once; None where they differ in more than numbers."""
    own = {each.key: each for each in ours}
    waiting = list(ours)
    slots: list[Entry] = []
    for entry in theirs:
        if entry.key not in own:
            slots.append(entry)
            continue
        if own[entry.key].form != entry.form or own[entry.key] not in waiting:
            return None
        while waiting[0].key != entry.key:
            slots.append(waiting.pop(0))
        slots.append(waiting.pop(0))
    return (*slots, *waiting)


def _is_sensible(slots: Sequence[Entry], bodies: Sequence[Body]) -> bool:
    """Whether a person would see one block with options, and not two blocks."""
    held = [{each.key for each in body.entries} for body in bodies]
    options = {tuple(slot.key in keys for keys in held) for slot in slots}
    common = [slot for slot in slots if all(slot.key in keys for keys in held)]
    words = {slot.key: slot.word for slot in slots}
    counted = [slot for slot in slots if slot.is_block and slot not in common and _is_next(slot, words)]
    return 2 * len(common) >= len(slots) and len(options) <= 1 + MOST_OPTIONS and not counted


def _is_next(slot: Entry, words: Mapping[str, str]) -> bool:
    """Whether a block only goes on a row of the same: then modules are longer, and hold no option."""
    base, _, number = slot.key.rpartition(".")
    return number.isdecimal() and words.get(f"{base}.{int(number) - 1}") == slot.word


def _is_wired(slots: Sequence[Entry], body: Body) -> bool:
    """Whether every entry of a module reads what it reads in the block, options left out."""
    held = {each.key: each for each in body.entries}
    read = {slot.key: slot.sources for slot in slots}

    def present(key: str) -> str:
        while key != SOURCE and key not in held:
            key = read[key][0]
        return key

    wires = all(
        tuple(map(present, slot.sources)) == held[slot.key].sources for slot in slots if slot.key in held
    )
    return wires and present(slots[-1].key) == body.entries[-1].key
