"""Presets: files that supply every option of a search that is not given, on any spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any, cast

from costmodel.errors import SpecError, nearest, one_line
from costmodel.numbers import Exact
from costmodel.spec.load import Item, read
from search.train.ranges import Range, check, entries, text

# What a preset may hold beside its description: options of the command, by their long names.
LISTS = ("set", "limit", "axes", "over", "with")
BY_NAME = ("set", "with")  # lists of NAME=VALUE
FLAGS = ("continual", "contract")
TEXTS = ("start", "budget", "score", "replay", "transforms")
NUMBERS = ("factor", "retries", "workers")
WHOLE = ("retries", "workers")
RANGES = {"factor": Range(1, 1000, without_low=True), "retries": Range(0, 100), "workers": Range(1, 1024)}
KEYS = ("description", *TEXTS, *LISTS, *FLAGS, *NUMBERS)


def folder() -> Path:
    """Where the presets that come with the tool lie."""
    return Path(str(resources.files("search"))) / "problem" / "presets"


def preset_names() -> tuple[str, ...]:
    """The presets that come with the tool."""
    return tuple(sorted(path.stem for path in folder().glob("*.yaml")))


def load_preset(name: str) -> dict[str, object]:
    """The options of a preset, by the name of a shipped one or the path of a file.

    Raises:
        SpecError: there is no such preset, or an option in it is wrong.
    """
    root = _read(name)
    if not isinstance(root.value, dict):
        raise root.error(f"{root.kind}, expected options of a search")
    return {key: _value(key, item) for key, item in root.value.items() if key != "description"}


def description_of(name: str) -> str:
    """What a preset is for and what it does to a spec, in its own words."""
    root = _read(name)
    item = root.value.get("description") if isinstance(root.value, dict) else None
    return one_line(str(item.value)) if item is not None else "it has no description"


def _read(name: str) -> Item:
    path = Path(name)
    if not path.suffix:
        if name not in preset_names():
            raise SpecError(f"--preset: unknown {name!r}{nearest(name, preset_names())}")
        path = folder() / f"{name}.yaml"
    return read(path)


def _value(key: str, item: Item) -> object:
    if key not in KEYS:
        raise item.error(f"unknown option{nearest(key, KEYS)}")
    if key in LISTS:
        return [text(entry) for entry in (entries(item) if isinstance(item.value, list) else [item])]
    if key in FLAGS and not isinstance(item.value, bool):
        raise item.error(f"{item.kind}, expected true or false")
    if key in NUMBERS:
        return _number(key, item)
    return item.value if key in FLAGS else text(item)


def _number(key: str, item: Item) -> Exact:
    if isinstance(item.value, bool) or not isinstance(item.value, int | Fraction):
        raise item.error(f"{item.kind}, expected a number")
    if key in WHOLE and not isinstance(item.value, int):
        raise item.error(f"{item.kind}, expected a whole number")
    check(item, key, item.value, RANGES)
    return item.value


def filled(given: Mapping[str, object], name: str | None) -> dict[str, Any]:
    """The options given, and those of a preset where none is given: None, an empty list, a flag not set.

    Of those that are lists of NAME=VALUE a preset supplies each NAME that is not given.
    """
    if name is None:
        return dict(given)
    preset = load_preset(name)
    return {
        # A command cannot tell a default from what was given, so its options that a preset fills have none of
        # their own.
        key: preset.get(key, value) if _is_left_out(value) else _with_names_of(preset, key, value)
        for key, value in given.items()
    }


def _with_names_of(preset: Mapping[str, object], key: str, given: object) -> object:
    """What is given, and ahead of it what the preset has of other names, where the option has names."""
    if key not in BY_NAME or key not in preset:
        return given
    theirs, own = cast("Sequence[str]", preset[key]), cast("Sequence[str]", given)
    names = {each.partition("=")[0] for each in own}
    return [each for each in theirs if each.partition("=")[0] not in names] + [*own]


def _is_left_out(value: object) -> bool:
    # 0 equals False, and is given
    return value is None or value is False or (isinstance(value, list | tuple) and not value)
