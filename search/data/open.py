"""`--data`: `digits`, `digits:train=500,val=200`, or the path of a folder of clips."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from costmodel.errors import DataError, nearest
from search.data.base import Data
from search.data.digits import moving_digits

DIGITS = "digits"
SIZES = {"train": "train", "val": "validation", "length": "length", "seed": "seed"}
LARGEST = 1_000_000


@lru_cache(maxsize=4)
def open_data(text: str, seed: int = 0) -> Data:
    """The data set that a text names; equal texts give the same one, what was drawn of it held.

    Raises:
        DataError: there is no such data set, or it cannot be trained on.
    """
    name, _, options = text.partition(":")
    if name == DIGITS:
        found = moving_digits(**{"seed": seed, **_sizes(text, options)})
    else:
        from search.data.folder import folder

        found = folder(Path(text), seed)
    return replace(found, given=text, seed=seed)


def _sizes(text: str, options: str) -> dict[str, int]:
    """The sizes in `train=500,val=200`."""
    found: dict[str, int] = {}
    for option in filter(None, options.split(",")):
        name, _, value = option.partition("=")
        if name not in SIZES:
            raise DataError(f"--data {text}: unknown {name!r}{nearest(name, SIZES)}")
        least = 0 if name == "seed" else 1
        if not value.isdecimal() or not least <= int(value) <= LARGEST:
            raise DataError(
                f"--data {text}: {name} is {value!r}, expected a whole number from {least} to {LARGEST}"
            )
        found[SIZES[name]] = int(value)
    return found
