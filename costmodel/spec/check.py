"""Finds the mistakes of a spec before anything is built, all of them at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from costmodel.arithmetic import Scope, parse
from costmodel.errors import SpecError, nearest
from costmodel.ops import OPS
from costmodel.spec.axes import read_axis
from costmodel.spec.document import INPUT_AXES, INPUT_KEYS, MOST_MISTAKES, Document
from costmodel.spec.fields import (
    COMMON,
    LISTS,
    choices_of,
    expressions,
    fields_of,
    is_merge,
    rate,
    reader,
    size,
)
from costmodel.spec.load import Item
from costmodel.spec.settings import ALWAYS, mistakes
from costmodel.spec.torch_names import FOLLOWING, likely_word
from costmodel.types import WAYS

CALL_KEYS = ("name", "as", "from", "when", "repeat", "first")
BLOCK_KEYS = ("args", "layers")
DEFAULTS = "windows padded so that strides alone make a map smaller, no bias"
_NAME = re.compile(r"(?=.{1,200}$)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


def check(document: Document) -> None:
    """Checks words, keys, names and expressions of a whole document.

    Raises:
        SpecError: one message for each mistake.
    """
    checker = _Checker(document)
    with suppress(_EnoughError):
        checker.run()
    if checker.mistakes:
        more = len(checker.mistakes) > MOST_MISTAKES
        shown = checker.mistakes[:MOST_MISTAKES]
        raise SpecError(*shown, *([f"{document.root.file}: there are more mistakes"] if more else []))


class _EnoughError(Exception):
    """More mistakes were found than anybody reads."""


@dataclass
class _Checker:
    """What is wrong with a document, collected as it is walked."""

    document: Document
    mistakes: list[str] = field(default_factory=list)

    def run(self) -> None:
        for error in mistakes(self.document):
            self._add(str(error))
        known = set(self.document.globals)
        for key, item in self.document.sections["let"].items():
            self._expression(item, known)
            known.add(key)
        names = frozenset(known)
        self._input(names)
        # Also blocks that nobody calls: their author wants to know.
        for name, block in self.document.sections["blocks"].items():
            self._block(name, block, names)
        self._layers(self.document.network, names | ALWAYS)
        for name, axis in self.document.sections["axes"].items():
            read_axis(name, axis, self.document, self.mistakes)
        self._circles()

    def _wrong(self, item: Item, message: str) -> None:
        self._add(str(item.error(message)))

    def _add(self, mistake: str) -> None:
        self.mistakes.append(mistake)
        # A hostile spec could have a million mistakes; an exception leaves every loop at once.
        if len(self.mistakes) > MOST_MISTAKES:
            raise _EnoughError

    def _expression(self, item: Item, names: Set[str]) -> None:
        if isinstance(item.value, dict | list | None):
            self._wrong(item, f"{item.kind}, expected a number or arithmetic")
            return
        if not isinstance(item.value, str):
            return
        try:
            unknown = sorted(parse(item.value).names - names)
        except SpecError as error:
            self._wrong(item, str(error))
            return
        for name in unknown:
            self._wrong(item, f"unknown name {name!r}{nearest(name, names)}")

    def _input(self, names: frozenset[str]) -> None:
        given = self.document.sections["input"]
        for key, item in given.items():
            if key not in INPUT_KEYS:
                self._wrong(item, f"unknown key{nearest(key, INPUT_KEYS)}")
            elif key == "fps":
                self._rate(item)
            else:
                self._field(item, "Size", names)
        for key in INPUT_AXES:
            if key not in given:
                self._wrong(self.document.root, f"input: {key} is missing")

    def _rate(self, item: Item) -> None:
        try:
            rate(item)
        except SpecError as error:
            self._add(str(error))

    def _block(self, name: str, block: Item, names: frozenset[str]) -> None:
        if name in OPS or not _NAME.fullmatch(name):
            wrong = (
                f"{name!r} is a layer already"
                if name in OPS
                else "expected a name: letters, digits, _ - and ."
            )
            self._wrong(block, wrong)
        if not isinstance(block.value, dict) or "layers" not in block.value:
            self._wrong(block, f"{block.kind}, expected args and layers")
            return
        self._keys(block, block.value, BLOCK_KEYS, name)
        declared = block.value.get("args")
        if declared is not None and not isinstance(declared.value, dict | None):
            wanted = "expected arguments with their defaults, ~ where there is none"
            self._wrong(declared, f"{declared.kind}, {wanted}")
        arguments = self._arguments(name)
        inside = names | ALWAYS | frozenset(arguments)
        for item in arguments.values():
            if item.value is not None:  # an argument that every call must give
                self._expression(item, inside)
        self._layers(block.value["layers"], inside)

    def _arguments(self, block: str) -> Mapping[str, Item]:
        item = self.document.sections["blocks"][block].value
        arguments = item.get("args") if isinstance(item, dict) else None
        return arguments.value if arguments is not None and isinstance(arguments.value, dict) else {}

    def _keys(self, item: Item, given: Mapping[str, Item], known: tuple[str, ...], word: str) -> None:
        unknown = [key for key in given if key not in known]
        if unknown:
            hint = nearest(unknown[0], known)
            self._wrong(
                item,
                f"unknown keys {unknown}; {word} takes [{', '.join(known)}]{hint if 'mean' in hint else ''}",
            )

    def _layers(self, item: Item, names: frozenset[str]) -> None:
        if not isinstance(item.value, list):
            self._wrong(item, f"{item.kind}, expected a list of layers")
            return
        for layer in item.value:
            self._layer(layer, names)

    def _layer(self, item: Item, names: frozenset[str]) -> None:
        called = as_layer(item)
        if called is None:
            self._wrong(item, f"{item.kind}, expected a layer: a word, or one word with its fields")
            return
        word, place, given = called
        blocks = self.document.sections["blocks"]
        if word not in OPS and word not in blocks:
            self._wrong(place, f"unknown layer {word!r}{_meant(word, blocks)}")
        elif not isinstance(given, dict):
            self._wrong(place, f"{place.kind}, expected the fields of {word}")
        elif word in blocks and word not in OPS:  # a block of a layer's name is a mistake told once
            self._call(word, place, given, names)
        else:
            self._op(word, place, given, names)

    def _common(self, given: Mapping[str, Item], names: frozenset[str]) -> None:
        if "when" in given:
            self._expression(given["when"], names)
        for key in ("name", "as"):
            if key in given and not is_name(given[key]):
                self._wrong(given[key], f"{given[key].kind}, expected a name: letters, digits, _ - and .")
        written = given.get("written")
        if written is not None and str(written.value) not in WAYS:
            self._wrong(
                written, f"{written.kind}, expected {', '.join(WAYS)}: how PyTorch code writes the layer"
            )
        source = given.get("from")
        if source is not None and not all(is_name(entry) for entry in _entries(source)):
            self._wrong(source, f"{source.kind}, expected names given by `as`, or `input`")

    def _op(self, word: str, place: Item, given: Mapping[str, Item], names: frozenset[str]) -> None:
        self._common(given, names)
        fields = fields_of(word)
        rest = {key: item for key, item in given.items() if key not in COMMON and key not in fields}
        if is_merge(word):
            for key, branch in rest.items():
                if not _NAME.fullmatch(key):
                    self._wrong(branch, "expected a branch's name: letters, digits, _ - and .")
                self._layers(branch, names)
            if len(rest) < 2 and "from" not in given:
                self._wrong(
                    place, f"{word} joins {len(rest)} branches, expected two or more named lists of layers"
                )
        elif rest:
            for key in rest.keys() & FOLLOWING:
                self._wrong(rest[key], "follows from what arrives at the layer; leave it out")
            ours = {key: item for key, item in given.items() if key not in FOLLOWING}
            self._keys(place, ours, (*fields, *COMMON), word)
        for name, each in fields.items():
            if name in given:
                self._field(given[name], each.kind, names)
            elif each.required:
                self._wrong(place, f"{name} is missing; {word} takes [{', '.join((*fields, *COMMON))}]")

    def _field(self, item: Item, kind: str, names: frozenset[str]) -> None:
        if isinstance(item.value, dict) or (
            isinstance(item.value, list) and "Triple" not in kind and kind not in (*LISTS, "Padding | None")
        ):
            self._wrong(item, f"{item.kind}, expected a number or arithmetic")
            return
        entries = [] if choices_of(kind) else expressions(item, kind)
        for entry in entries:
            self._expression(entry, names)
        # A constant can be checked for its range now; arithmetic only when its names have values.
        if not entries:
            self._constant(reader(kind), item)

    def _constant(self, read: Callable[[Item, Scope], object], item: Item) -> None:
        try:
            read(item, {})
        except SpecError as error:
            self._add(str(error))

    def _call(self, word: str, place: Item, given: Mapping[str, Item], names: frozenset[str]) -> None:
        self._common(given, names)
        arguments = self._arguments(word)
        self._keys(place, given, (*arguments, *CALL_KEYS), word)
        first = given.get("first")
        overrides = first.value if first is not None and isinstance(first.value, dict) else {}
        if first is not None and not isinstance(first.value, dict):
            self._wrong(first, f"{first.kind}, expected arguments of the first of the repeated blocks")
        else:
            self._keys(place, overrides, tuple(arguments), f"{word}, first,")
        for key, item in (*given.items(), *overrides.items()):
            if key in arguments or key == "repeat":
                self._expression(item, names)
        if "repeat" in given and not isinstance(given["repeat"].value, str | dict | list | None):
            self._constant(partial(size, least=0), given["repeat"])
        for name, default in arguments.items():
            if default.value is None and name not in given:
                self._wrong(place, f"{name} is missing; {word} needs it")

    def _circles(self) -> None:
        blocks = self.document.sections["blocks"]
        uses = {name: set(self._used(block)) - set(OPS) for name, block in blocks.items() if name not in OPS}
        done: set[str] = set()
        for name in uses:
            cycle = _circle(name, uses, done)
            if cycle:
                self._wrong(blocks[cycle[0]], f"blocks call each other: {' -> '.join(cycle)}")
                return

    def _used(self, item: Item) -> Iterator[str]:
        """The blocks that the layers of a list, or of a block, call."""
        layers = item.value.get("layers") if isinstance(item.value, dict) else item
        for layer in layers.value if layers is not None and isinstance(layers.value, list) else ():
            called = as_layer(layer)
            if called is None:
                continue
            word, _, given = called
            if word in self.document.sections["blocks"]:
                yield word
            elif isinstance(given, dict):
                for branch in given.values():
                    yield from self._used(branch) if isinstance(branch.value, list) else ()


def _meant(word: str, blocks: Mapping[str, Item]) -> str:
    """The layer that a word most likely means, for a message."""
    theirs = likely_word(word)
    if theirs is None or theirs in blocks:
        return nearest(word, (*OPS, *blocks))
    return f"; here it is {theirs}, with the defaults of this language: {DEFAULTS}"


def as_layer(item: Item) -> tuple[str, Item, dict[str, Item]] | None:
    """The word of a layer, its place and its fields; None where an item is no layer."""
    if isinstance(item.value, str):
        return item.value, Item(item.value, item.file, item.line, f"{item.path}.{item.value}"[:200]), {}
    if isinstance(item.value, dict) and len(item.value) == 1:
        [(word, fields)] = item.value.items()
        return word, fields, {} if fields.value is None else fields.value
    return None


def is_name(item: Item) -> bool:
    """Whether an item can name a layer."""
    is_text = isinstance(item.value, str | int) and not isinstance(item.value, bool)
    return is_text and _NAME.fullmatch(str(item.value)) is not None


def _entries(item: Item) -> list[Item]:
    return item.value if isinstance(item.value, list) else [item]


def _circle(name: str, uses: Mapping[str, set[str]], done: set[str]) -> list[str]:
    """A path of blocks from one back to itself, or nothing; without recursion."""
    # Without recursion: a chain of a thousand blocks is legal and would reach Python's own limit.
    stack, path = [(name, iter(sorted(uses[name])))], [name]
    while stack:
        current, rest = stack[-1]
        follower = next(rest, None)
        if follower is None:
            done.add(current)
            stack.pop()
            path.pop()
        elif follower in path:
            return [*path[path.index(follower) :], follower]
        elif follower not in done:
            stack.append((follower, iter(sorted(uses[follower]))))
            path.append(follower)
    return []
