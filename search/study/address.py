"""The content address of a result, and JSON that writes equal values as equal text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from fractions import Fraction

from costmodel.numbers import Exact


def result_key(network: str, score: str, recipe: Mapping[str, object], seed: int) -> str:
    """The content address of a result: equal ones are never scored twice."""
    # No machine and no time: the same candidate has the same result everywhere.
    content = {"network": network, "score": score, "recipe": recipe, "seed": seed}
    return hashlib.sha256(exact_json(content).encode()).hexdigest()


def exact_json(value: object) -> str:
    """JSON with sorted keys; a fraction is written `a/b`, so that equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_exact, allow_nan=False)


def exact_settings(text: str) -> dict[str, Exact]:
    """Reads settings that `exact_json` wrote: whole numbers, flags, and `a/b` as fractions."""
    read = json.loads(text)
    return {name: Fraction(value) if isinstance(value, str) else value for name, value in read.items()}


def _exact(value: object) -> object:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no exact text")
