"""Strict YAML as a tree of located values: no aliases, no tags, no equal keys, bounded in size and depth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from costmodel.arithmetic import number
from costmodel.errors import SpecError
from costmodel.files import read_file
from costmodel.numbers import Exact, simplify

LARGEST_FILE = 1 << 20
# A spec may be a stranger's: each limit is far above any real network, and reached in no time.
DEEPEST = 60
LONGEST_PATH = 100
MOST_VALUES = 200_000

# libyaml reads a spec many times faster, but is missing from some builds.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Item:
    """A value of a YAML file and its place: a number, text, flag, None, a list or a mapping of items."""

    value: Any  # what may stand at a place is known to who reads it, and checked there
    file: str
    line: int
    path: str = ""

    def error(self, message: str) -> SpecError:
        """An error at this place: `file:line: path: message`."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        path = self.path if len(self.path) <= LONGEST_PATH else f"...{self.path[-LONGEST_PATH:]}"
        return SpecError(f"{place}: {path + ': ' if path else ''}{message}")

    @property
    def kind(self) -> str:
        """What sort of value this is, in words."""
        match self.value:
            case dict():
                return "a mapping"
            case list():
                return "a list"
            case bool():
                return str(self.value).lower()
            case int():
                return f"the number {self.value}"
            case Fraction():
                return f"the number {float(self.value):.10g}"
            case None:
                return "nothing"
        return f"the text {str(self.value)[:40]!r}"


def read(path: Path) -> Item:
    """The YAML file at a path.

    Raises:
        SpecError: the file is missing, no file, too large, not UTF-8 or not strict YAML.
    """
    try:
        text = read_file(path, LARGEST_FILE).decode("utf-8")
    except FileNotFoundError:
        raise SpecError(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise SpecError(f"{path}: byte {error.start} is not UTF-8; expected a spec in YAML") from None
    except OSError as error:
        raise SpecError(f"{path}: cannot be read: {error.strerror}") from error
    return read_text(text, str(path))


def read_text(text: str, file: str) -> Item:
    """The tree of a YAML text.

    Raises:
        SpecError: it is not strict YAML.
    """
    try:
        root = _parsed(text, file)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise SpecError(f"{file}:{line}: not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise SpecError(f"{file}: not YAML: {str(error).splitlines()[0]}") from None
    if root is None:
        raise SpecError(f"{file}: is empty; expected a spec in YAML")
    return root


def _parsed(text: str, file: str) -> Item | None:
    """The tree of a YAML text; libyaml's own limit on nesting (since 0.2.6) never speaks for ours.

    It counts brackets that it reads ahead, before the first of them reaches the tree that refuses them; the
    parser in Python hands them over as it goes.
    """
    try:
        return _Tree(file).build(yaml.parse(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        if "nesting depth" not in str(error.problem):
            raise
    return _Tree(file).build(yaml.parse(text, Loader=yaml.SafeLoader))


class _Tree:
    """Builds the tree from parse events, without recursion: depth is refused before it costs anything."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0

    def build(self, events: Iterator[yaml.Event]) -> Item | None:
        # a list of what is open stands for the recursion
        root: Item | None = None
        stack: list[_Open] = []
        for event in events:
            # Nine lines of aliases can stand for a billion values.
            if isinstance(event, yaml.AliasEvent):
                raise self._at(event, stack).error("aliases (*name) are not read; use a block or `let`")
            if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                stack.pop()
                continue
            item = self._item(event, stack)
            if item is None:
                continue
            self._check_size(item, len(stack))
            if stack:
                stack[-1].take(item)
            elif root is None:
                root = item
            else:
                raise item.error("a second document; expected one")
            if isinstance(item.value, dict | list):
                stack.append(_Open(item))
        return root if root is None or root.value is not None else None

    def _check_size(self, item: Item, depth: int) -> None:
        self.count += 1
        if depth > DEEPEST:
            raise item.error(f"nested more than {DEEPEST} deep")
        if self.count > MOST_VALUES:
            raise item.error(f"more than {MOST_VALUES} values")

    def _item(self, event: yaml.Event, stack: list[_Open]) -> Item | None:
        place = self._at(event, stack)
        match event:
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent() | yaml.ScalarEvent():
                if event.tag not in (None, "!"):
                    raise place.error(f"tags ({event.tag}) are not read")
            case _:
                return None
        match event:
            case yaml.MappingStartEvent():
                return Item({}, self.file, place.line, place.path)
            case yaml.SequenceStartEvent():
                return Item([], self.file, place.line, place.path)
        try:
            return Item(_scalar(event), self.file, place.line, place.path)
        except SpecError as error:
            raise place.error(str(error)) from error

    def _at(self, event: yaml.Event, stack: list[_Open]) -> Item:
        line = event.start_mark.line + 1 if event.start_mark else 0
        return Item(None, self.file, line, stack[-1].next_path() if stack else "")


class _Open:
    """A list or mapping that is still being read."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.key: str | None = None

    def next_path(self) -> str:
        path = self.item.path
        if isinstance(self.item.value, list):
            return f"{path}[{len(self.item.value)}]"
        return f"{path}.{self.key}" if path and self.key else self.key or path

    def take(self, item: Item) -> None:
        if isinstance(self.item.value, list):
            self.item.value.append(item)
        elif self.key is None:
            self._take_key(item)
        else:
            self.item.value[self.key] = item
            self.key = None

    def _take_key(self, item: Item) -> None:
        if isinstance(item.value, dict | list) or item.value is None:
            raise item.error(f"{item.kind} as a key, expected a name")
        # A key may look like a number, such as the variant `3`.
        key = str(item.value)
        if key in self.item.value:
            raise item.error(f"the key {key!r} stands twice")
        self.key = key


def _scalar(event: yaml.ScalarEvent) -> Any:
    text = event.value
    # Quoted: text, whatever it looks like.
    if not event.implicit[0]:
        return text
    if text in ("", "~", "null"):
        return None
    # These two alone: YAML 1.1 reads `no` and `on` as flags as well, which surprises everybody.
    if text in ("true", "false"):
        return text == "true"
    # Exactly, not as a float: 0.1 is 1/10 in every formula.
    exact = number(text)
    return text if exact is None else exact


def exact_number(text: str) -> Exact | None:
    """A decimal number or `a/b` of two whole numbers, exactly; None where the text is neither."""
    above, slash, below = (part.strip() for part in text.partition("/"))
    if not slash:
        return number(above)
    whole, parts = number(above), number(below)
    if not isinstance(whole, int) or not isinstance(parts, int) or not parts:
        return None
    return simplify(Fraction(whole, parts))
