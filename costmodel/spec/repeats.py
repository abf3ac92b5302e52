"""Repeats of a block: after how many it comes again, and how often each one stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import reduce
from math import lcm

from costmodel.arithmetic import parse
from costmodel.conditions import named
from costmodel.errors import SpecError
from costmodel.numbers import Size, ceil_div
from costmodel.spec.check import CALL_KEYS
from costmodel.spec.load import Item


def period(block: Item, given: Mapping[str, Item]) -> int | None:
    """After how many repeats a block comes again: the least common multiple of all m in `i % m`.

    None where `i` is used in another way, so that it never does.
    """
    periods = [1]
    for text in (
        *_texts(block),
        *(text for key, each in given.items() if key not in CALL_KEYS for text in _texts(each)),
    ):
        found = _moduli(text)
        if found is None:
            return None
        periods += found
    return reduce(lcm, periods)


def shares(repeats: Size, period: int) -> list[Size]:
    """How often each block of a period stands among that many repeats; the shares sum to the repeats.

    The first is what the others leave, so that the sum of all has no rounding in a formula either.
    """
    others = [ceil_div(repeats + 1, period) - 1] if period > 1 else []
    others = [*((repeats - index + period) // period for index in range(2, period)), *others]
    return [named("count", share) for share in (repeats - sum(others), *others)]


def _texts(item: Item) -> Iterator[str]:
    match item.value:
        case str():
            yield item.value
        case list():
            for entry in item.value:
                yield from _texts(entry)
        case dict():
            for entry in item.value.values():
                yield from _texts(entry)


def _moduli(text: str) -> list[int] | None:
    """The m of every `i % m` in an expression; None where `i` is used in another way."""
    try:
        expression = parse(text)
    except SpecError:
        return []
    if "i" not in expression.names:
        return []
    found = [
        int(node.right.value)
        for node in ast.walk(expression.tree)
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mod)
        and isinstance(node.left, ast.Name)
        and node.left.id == "i"
        and isinstance(node.right, ast.Constant)
        and isinstance(node.right.value, int)
        and node.right.value > 0
    ]
    # An `i` elsewhere, such as `8 * i`, has no period.
    used = sum(isinstance(node, ast.Name) and node.id == "i" for node in ast.walk(expression.tree))
    return found if used == len(found) else None
