"""Files that are nearly right: a good one with bytes changed, cut, doubled, or replaced by odd ones."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

TOKENS = (
    b"\0", b"\xff", b"\n", b"-1", b"0", b"1e12", b"1e400", b"nan", b"99999999999999999999", b"~", b"[", b"{",
    b"]", b"}", b":", b"- ", b"'", b'"', b"\\", b"..", b"/", b"true", b"null", b"&a", b"*a", b"!!x ",
    b"\xe2\x80\xae", b"\x1b[31m", b"=1+1", b"\x80\x02", b"PK\x03\x04", b"\xff\xff\xff\x7f", b"\0\0\0\x80",
)  # fmt: skip
PLAIN = (b"-1", b"0", b"1", b"2", b"7", b"0.5", b"1e12", b"true", b"~", b"x")
WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*|-?\d+(?:\.\d+)?")


def mutated(content: bytes, seed: int) -> bytes:
    """One mutation of a file, always the same for a seed: one to four changes, or one word for another."""
    chance = random.Random(seed)
    data = bytearray(content)
    if seed % 2:  # what is still well formed gets further
        _another_word(data, chance)
        return bytes(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        if data:
            chance.choice(CHANGES)(data, chance)
    return bytes(data)


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 8))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _remove(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 2, 8, 64))]


def _double(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    piece = data[start : start + chance.choice((1, 8, 64, 512))]
    data[start:start] = piece * chance.choice((1, 1, 3))


def _insert(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start:start] = chance.choice(TOKENS) * chance.choice((1, 1, 1, 100))


def _replace_word(data: bytearray, chance: random.Random) -> None:
    words = list(WORD.finditer(data))
    if words:
        word, other = chance.choice(words), chance.choice((*TOKENS, chance.choice(words)[0]))
        data[word.start() : word.end()] = other


def _another_word(data: bytearray, chance: random.Random) -> None:
    words = list(WORD.finditer(data))
    if words:
        word, other = chance.choice(words), chance.choice(words)[0]
        data[word.start() : word.end()] = chance.choice((other, *PLAIN))


def _swap(data: bytearray, chance: random.Random) -> None:
    lines = data.split(b"\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    data[:] = b"\n".join(lines)


CHANGES = (_flip, _cut, _remove, _double, _insert, _replace_word, _replace_word, _swap)


def mutations(content: bytes, number: int, first: int = 0) -> Iterator[bytes]:
    """Many mutations of a file."""
    return (mutated(content, seed) for seed in range(first, first + number))
