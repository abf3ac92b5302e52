"""Names of blocks and their arguments, as their author would call them."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Sequence
from itertools import chain, count, takewhile

from costmodel.arithmetic import FUNCTIONS
from costmodel.importers.blocks.bodies import MISSING, Entry
from costmodel.importers.blocks.parameters import CHANNELS, FLAG, GROUPS, ROUNDED, Argument
from costmodel.ops import OPS
from costmodel.spec.settings import ALWAYS

# What a number of a field with one for each axis is called: where it is of time alone, and of space.
OF_TIME, OF_SPACE = {"kernel": "time"}, {"kernel": "space"}


def block_name(kind: str, taken: Collection[str]) -> str:
    """A class's name as specs write names: `BasicBlock` becomes `basic_block`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z]{2})", "_", kind.rpartition(".")[2])
    name = re.sub(r"[^a-z0-9_]+", "_", spaced.lower()).strip("_") or "block"
    return _free([f"{name}_block" if name in OPS else name], taken)


def name_arguments(
    slots: Sequence[Entry], arguments: Sequence[Argument], out: Sequence[int], taken: Collection[str]
) -> None:
    """Gives every argument its name.

    Args:
        slots: the entries of a block.
        arguments: the block's.
        out: the channels that leave each of its modules.
        taken: names that have a meaning already.
    """
    used = {*taken, *ALWAYS, *FUNCTIONS, "true", "false", "all", "same"}
    channels = [each for each in arguments if each.family == CHANNELS]
    leaving = next((each for each in channels if each.values == list(out)), None)
    reduced = [each for each in channels if each.rule.startswith(ROUNDED)]
    others = [each for each in channels if each is not leaving and each not in reduced]
    for each in arguments:
        if each is leaving:
            wanted = ["out"]
        elif each in reduced:
            wanted = ["reduced"]
        elif each in others:
            wanted = ["inner"] if leaving is not None and len(others) == 1 else []
        else:
            wanted = [_of_option(each, slots) if each.family == FLAG else _of_leaf(each)]
            wanted = [name for name in wanted if name]  # numbers alone are no name
        each.name = _free([*wanted, *_of_entry(each, slots, wanted)], used)
        used.add(each.name)


def in_order(arguments: Sequence[Argument]) -> tuple[Argument, ...]:
    """The arguments as a person would list them: channels, what follows from them, the rest, options."""

    def rank(each: Argument) -> tuple[bool, bool, int, bool]:
        # What an argument is worked out from has to stand ahead of it.
        root = each
        while isinstance(root.base, Argument):
            root = root.base
        return root.default is not MISSING, each.family == FLAG, each.depth, each.name != "out"

    return tuple(sorted(arguments, key=rank))


def _of_entry(argument: Argument, slots: Sequence[Entry], what: Sequence[str]) -> list[str]:
    """Names after the layer that has it, the shortest first; after its word, if it is only numbered."""
    entry, leaf = argument.uses[0]
    own = _own_part(entry.key.split("."), [slot.key for slot in slots if slot is not entry])
    parts = [re.sub(r"\W+", "_", part) for part in entry.key.split(".")]
    if parts[0].isdigit():
        parts = [entry.word, *parts]
    if entry.is_block and leaf not in ((), ("out",)):
        parts.append(str(leaf[0]))
    names = ["_".join([*parts[:length], *what]) for length in range(1, len(parts) + 1)]
    return [*([own, f"{own}_{'_'.join(what) or CHANNELS}"] if own else []), *names]


def _of_leaf(argument: Argument) -> str:
    field, *axes = argument.uses[0][1]
    if argument.family == GROUPS or not axes:
        return str(field)
    of_time = {leaf[1] == 0 for _, leaf in argument.uses if len(leaf) > 1}
    if of_time == {True}:
        return OF_TIME.get(str(field), f"{field}_time")
    return OF_SPACE.get(str(field), str(field)) if of_time == {False} else str(field)


def _of_option(argument: Argument, slots: Sequence[Entry]) -> str:
    """What the entries that it decides on share, and no other has: the name of a module, mostly."""
    own = [entry for entry, _ in argument.uses]
    if len(own) == 1 and own[0].is_block:
        return own[0].word
    others = [slot.key for slot in slots if slot not in own]
    parts = _common([entry.key.split(".") for entry in own])
    letters = "".join(_common([entry.key for entry in own]))
    return _own_part(parts, others) or _identifier(letters) or _identifier(own[0].key)


def _common(names: Sequence[Sequence[str]]) -> list[str]:
    """What all begin with."""
    alike = takewhile(lambda each: len(set(each)) == 1, zip(*names, strict=False))
    return [each[0] for each in alike]


def _own_part(parts: Sequence[str], others: Sequence[str]) -> str:
    """The first part of a path by which no other begins; empty where that is only a number."""
    for length, part in enumerate(parts, start=1):
        prefix = ".".join(parts[:length])
        if not any(key == prefix or key.startswith(f"{prefix}.") for key in others):
            return _identifier(part)
    return ""


def _identifier(text: str) -> str:
    name = re.sub(r"\W+", "_", text).strip("_")
    return "" if name[:1].isdigit() else name


def _free(wanted: Sequence[str], taken: Collection[str]) -> str:
    """The first name that is free; the last one with a number, where none is."""
    names = [f"{each}_" if keyword.iskeyword(each) or each in FUNCTIONS else each for each in wanted]
    numbered = (f"{names[-1]}_{number}" for number in count(2))
    return next(each for each in chain(names, numbered) if each not in taken)
