"""Rules that rename tensors: a pattern of a name, and the name of the same tensor in our network.

No regular expressions: a mapping may come from a stranger, and a name is matched here in one pass, piece by
piece, with nothing to try again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from costmodel.errors import SpecError

# Bounds for a mapping that comes from a stranger.
LONGEST_TEXT = 200
MOST_CHOICES = 20
_PIECE = re.compile(r"(\{[^{}]*\}|\*)")
_WORD = re.compile(r"[a-z]+")
_TARGET = re.compile(r"([a-z]+)([+-][0-9]{1,3})?")
_PLAIN = re.compile(r"[A-Za-z0-9_.\-]*")
REST = "*"


@dataclass(frozen=True)
class Hole:
    """A part of a pattern that many names fill: a number, or one of some words."""

    name: str
    choices: tuple[str, ...] = ()

    def taken(self, text: str) -> str:
        """As much of the beginning of a text as fills it; empty where nothing does."""
        if self.choices:
            return next((each for each in self.choices if text.startswith(each)), "")
        return text[: len(text) - len(text.lstrip("0123456789"))]


@dataclass(frozen=True)
class Rule:
    """A pattern, the name that it stands for in our network, and the part whose rules rename the rest.

    `{n}` in a pattern is a number, `{x:a|b}` one of some words, `*` at the end whatever follows. The target
    repeats them, a number perhaps raised or lowered (`{n+1}`). An empty target drops the tensor.
    """

    pattern: tuple[str | Hole, ...]
    target: tuple[str, ...]
    part: str = ""

    def match(self, name: str) -> dict[str, str] | None:
        """What fills the holes, the rest under `*`; None where the rule does not fit."""
        found: dict[str, str] = {REST: ""}
        for piece in self.pattern:
            if piece == REST:
                found[REST], name = name, ""
                continue
            taken = piece.taken(name) if isinstance(piece, Hole) else piece if name.startswith(piece) else ""
            if not taken:
                return None
            if isinstance(piece, Hole):
                found[piece.name] = taken
            name = name[len(taken) :]
        return None if name else found

    def renamed(self, found: Mapping[str, str], rest: str) -> str | None:
        """The target with its holes filled; None where a lowered number would be negative."""
        filled = []
        for piece in self.target:
            filling = _filling(piece, found, rest)
            if filling is None:
                return None
            filled.append(filling)
        return "".join(filled)


def _filling(piece: str, found: Mapping[str, str], rest: str) -> str | None:
    if piece == REST:
        return rest
    if not piece.startswith("{"):
        return piece
    parsed = _TARGET.fullmatch(piece[1:-1])
    assert parsed is not None
    if not parsed[2]:
        return found[parsed[1]]
    # More digits than any network counts, and few enough:
    # Python refuses to read numbers of thousands of digits.
    number = int(found[parsed[1]][:9]) + int(parsed[2])
    return None if number < 0 else str(number)


def rule_of(pattern: str, target: str, part: str = "") -> Rule:
    """The rule that two texts say.

    Raises:
        SpecError: one of them is written wrong, or the target names what the pattern does not find.
    """
    for text in (pattern, target):
        if len(text) > LONGEST_TEXT:
            raise SpecError(f"{len(text)} characters, at most {LONGEST_TEXT} are read")
    pieces = tuple(_piece(each) for each in _PIECE.split(pattern) if each)
    if not pieces:
        raise SpecError("an empty pattern, expected the name of a tensor")
    if REST in pieces[:-1]:
        raise SpecError(f"{pattern!r}, expected `*` at its end alone")
    # With nothing between them a name could be split in
    # several ways, and one pass would not find the right one.
    if any(isinstance(one, Hole) and isinstance(two, Hole) for one, two in pairwise(pieces)):
        raise SpecError(f"{pattern!r}, expected text between two holes")
    holes = {piece.name: piece for piece in pieces if isinstance(piece, Hole)}
    if len(holes) < sum(isinstance(piece, Hole) for piece in pieces):
        raise SpecError(f"{pattern!r}, expected a name of its own for each hole")
    targets = tuple(each for each in _PIECE.split(target) if each)
    for each in targets:
        _check_target(each, target, holes, has_rest=REST in pieces)
    return Rule(pieces, targets, part)


def _piece(text: str) -> str | Hole:
    if text == REST or not text.startswith("{"):
        return _plain(text)
    name, colon, words = text[1:-1].partition(":")
    # The longest first: of `a|ab` the hole must not take the `a` of `ab`.
    choices = tuple(sorted(words.split("|"), key=len, reverse=True)) if colon else ()
    if not _WORD.fullmatch(name) or len(choices) > MOST_CHOICES or "" in choices:
        raise SpecError(
            f"{text!r}, expected a hole such as {{n}} for a number, or {{x:a|b}} for one of words"
        )
    return Hole(name, tuple(_plain(each) for each in choices))


def _plain(text: str) -> str:
    if text != REST and not _PLAIN.fullmatch(text):
        raise SpecError(f"{text!r}, expected letters, digits, dots, `_`, `-`, and holes such as {{n}} or `*`")
    return text


def _check_target(piece: str, target: str, holes: Mapping[str, Hole], *, has_rest: bool) -> None:
    if piece == REST:
        if not has_rest:
            raise SpecError(f"{target!r}, expected no `*`: its pattern has none")
        return
    if not piece.startswith("{"):
        _plain(piece)
        return
    parsed = _TARGET.fullmatch(piece[1:-1])
    hole = holes.get(parsed[1]) if parsed else None
    if parsed is None or hole is None:
        raise SpecError(
            f"{piece!r}, expected one of the pattern's holes: {', '.join(holes) or 'it has none'}"
        )
    if parsed[2] and not all(each.isdecimal() for each in hole.choices):
        raise SpecError(f"{piece!r}, expected a number to count from, not a word")
