"""`--data`: `digits`, `digits:train=500,val=200`, or a folder of clips, perhaps with options behind it."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.errors import DataError, nearest
from search.data.base import FASTEST, Data
from search.data.digits import moving_digits

if TYPE_CHECKING:
    from search.data.video_set import Opening

DIGITS = "digits"
SIZES = {"train": "train", "val": "validation", "length": "length", "seed": "seed"}
LARGEST = 1_000_000
OPTIONS = ("fps", "split", "reader", "workers", "cache", "cache_gib")
MOST_WORKERS = 64
CACHE_GIB = 4


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
        found = _of_files(text, seed)
    return replace(found, given=text, seed=seed)


def _of_files(text: str, seed: int) -> Data:
    """The clips of a folder: arrays and images held in memory, videos read when they are asked for."""
    from search.data.folder import folder, names_in
    from search.data.readers import reader_of
    from search.data.tree import is_video, tree_of
    from search.data.video_set import at_rate, unread, video_set

    root, options = _divided(text)
    if not root.is_dir():
        raise DataError(f"--data {root}: neither a folder nor a known data set; expected a path, or `digits`")
    tree = tree_of(root)
    reader = reader_of(tree, options.get("reader"))
    is_own = reader.name in ("folders", "labels_csv")
    if is_own and not any(map(is_video, tree.clips)):
        found = folder(root, seed)
        found = replace(found, left=unread(tree, ["labels.csv"], names_in(root)))
        return at_rate(found, _number(text, options, "fps", 0)) if "fps" in options else found
    return video_set(tree, reader, _opening(text, options), seed)


def _divided(text: str) -> tuple[Path, dict[str, str]]:
    """The folder and the options of a text such as `clips/:split=2,fps=25`."""
    path, colon, options = text.rpartition(":")
    # a folder's own name may hold a colon
    if not colon or "=" not in options or Path(text).is_dir():
        return Path(text), {}
    found = {}
    for option in options.split(","):
        name, _, value = option.partition("=")
        if name not in OPTIONS:
            raise DataError(f"--data {text}: unknown {name!r}{nearest(name, OPTIONS)}")
        found[name] = value
    return Path(path), found


def _opening(text: str, options: Mapping[str, str]) -> Opening:
    from search.data.video_set import FPS, Opening
    from search.video.cache import Cache

    fps = Fraction(_number(text, options, "fps", float(FPS))).limit_denominator(1001)
    workers = int(_number(text, options, "workers", decoding_workers(), MOST_WORKERS))
    room = int(_number(text, options, "cache_gib", CACHE_GIB) * (1 << 30))
    cache = Cache(Path(options["cache"]), room) if options.get("cache") else None
    return Opening(fps, int(_number(text, options, "split", 1, 9)), workers, cache)


def decoding_workers() -> int:
    """Processes that decode, where nothing is said: half of the cores; none in a worker of a search."""
    # each worker of a search has its own core already, and may have no processes of its own
    return 0 if multiprocessing.parent_process() else min(max((os.cpu_count() or 1) // 2, 1), 8)


def _number(text: str, options: Mapping[str, str], name: str, default: float, most: float = FASTEST) -> float:
    given = options.get(name)
    if given is None:
        return default
    try:
        value = float(given)
    except ValueError:
        value = -1
    least = 1 if name == "split" else 0
    if not least <= value <= most or (name in ("fps", "cache_gib") and not value):
        raise DataError(f"--data {text}: {name} is {given!r}, expected a number up to {most:g}")
    return value


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
