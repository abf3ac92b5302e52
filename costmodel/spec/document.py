"""A spec as one document: follows `extends`, merges sections, applies the variant and `--set` values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from costmodel.errors import SpecError, nearest
from costmodel.numbers import Exact, Number, simplify
from costmodel.spec.load import Item, exact_number, read, read_text
from costmodel.spec.torch_names import block_in_our_names, in_our_names

SECTIONS = ("input", "structure", "sizes", "let", "variants", "blocks", "axes")
KEYS = ("name", "description", "extends", "variant", "network", *SECTIONS)
INPUT_AXES = ("channels", "time", "height", "width")
INPUT_KEYS = (*INPUT_AXES, "every", "fps")
IMPLIED = {"time": "frames", "height": "crop", "width": "crop"}  # what sizes of an input are called
TEXTS = ("name", "description", "extends", "variant")
LONGEST_CHAIN = 8
MOST_NAMES = 1000
MOST_MISTAKES = 20
_NAME = re.compile(r"[A-Za-z][\w-]*(\.ya?ml)?")

BUILTIN_BLOCKS = """
squeeze_excite:
  args: {channels: in_channels, reduced: round8(channels / 16)}
  layers:
    - gate:
        written: function
        main: []
        squeeze:
          - global_pool: {name: pool, written: operator}
          - conv: {name: fc1, channels: reduced, bias: true}
          - relu
          - conv: {name: fc2, channels: channels, bias: true}
          - sigmoid
"""


@dataclass(frozen=True)
class Document:
    """One spec with all that it extends: its sections by key, each value with its place."""

    root: Item
    name: str
    sections: Mapping[str, Mapping[str, Item]]
    network: Item
    variant: str | None

    @cached_property
    def globals(self) -> Mapping[str, Item]:
        """Structure and sizes before any variant, by name."""
        return {**self.sections["structure"], **self.sections["sizes"]}

    @cached_property
    def implied(self) -> Mapping[str, Item]:
        """The frames and the crop of an input that gives them as numbers, unless these names are taken."""
        given = {key: self.sections["input"].get(key) for key in IMPLIED}
        taken = {*self.globals, *self.sections["let"]}
        return {
            name: item
            for key, item in given.items()
            if (name := IMPLIED[key]) not in taken and item is not None and _is_number(item)
            # a map that is no square has no one number for its crop
            if all(each is not None and each.value == item.value for each in _alike(given, name))
        }

    def settings(self, variant: str | None, sets: Mapping[str, Number]) -> dict[str, Number]:
        """Structure and sizes by name: the spec's own, then the variant's, then the values set.

        Raises:
            SpecError: the variant or a name is not known, or a value is not a number.
        """
        values: dict[str, Number] = {name: _setting(item) for name, item in self.globals.items()}
        chosen = variant or self.variant
        if chosen is not None:
            values |= self._variant(chosen)
        for name, value in sets.items():
            if name not in values and name not in self.implied:
                hint = nearest(name, (*values, *self.implied))
                raise SpecError(f"--set {name}: {self.name} has no such size{hint}")
            values[name] = simplify(value)
        return values

    def _variant(self, name: str, depth: int = 0) -> dict[str, Exact]:
        variants = self.sections["variants"]
        if name not in variants:
            raise self.root.error(f"variant: unknown {name!r}{nearest(name, variants)}")
        item = variants[name]
        if not isinstance(item.value, dict):
            raise item.error(f"{item.kind}, expected the sizes that this variant sets")
        values: dict[str, Exact] = {}
        for key, value in item.value.items():
            if key == "extends":
                if depth > LONGEST_CHAIN:
                    raise value.error("variants extend each other in a circle")
                # What stands in the variant itself wins, wherever its `extends` stands.
                values = self._variant(str(value.value), depth + 1) | values
            elif key not in self.globals:
                raise value.error(f"unknown size{nearest(key, self.globals)}")
            else:
                values[key] = _setting(value)
        return values


def _is_number(item: Item) -> bool:
    return isinstance(item.value, int) and not isinstance(item.value, bool)


def _alike(given: Mapping[str, Item | None], name: str) -> Iterator[Item | None]:
    """The sizes of an input that are called alike."""
    return (item for key, item in given.items() if IMPLIED[key] == name)


def _setting(item: Item) -> Exact:
    if isinstance(item.value, int | Fraction):
        return item.value
    raise item.error(f"{item.kind}, expected a number, true or false")


def parse_set(text: str) -> tuple[str, Exact]:
    """A name and its value from `NAME=VALUE`.

    Raises:
        SpecError: it has another form, or the value is not a number, true or false.
    """
    name, equals, value = text.partition("=")
    known = {"true": True, "false": False}
    exact = known[value] if value in known else exact_number(value)
    if not equals or not name.strip() or exact is None:
        raise SpecError(f"--set {text}: expected NAME=VALUE, the value a number, true or false")
    return name.strip(), exact


def shipped_folder() -> Path:
    """Where the specs that come with the tool lie: inside the package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    # setup maps `specs/` into the package, so that no top-level `specs` of ours meets a user's.
    inside = package / "specs"
    return inside if inside.is_dir() else package.parent / "specs"


def shipped_names() -> tuple[str, ...]:
    """The names of the specs that come with the tool."""
    return tuple(sorted(path.stem for path in shipped_folder().glob("*.yaml")))


def find(spec: str) -> Path:
    """The file of a spec: a path, or the name of a shipped one.

    Raises:
        SpecError: neither exists; the message names the nearest shipped spec.
    """
    path = Path(spec)
    # A shipped name never looks like a path, so that what a user means does not depend on what lies around.
    if path.suffix or "/" in spec:
        return path
    # A file beside the user goes ahead of a shipped name; a folder of that name is no spec.
    if spec in shipped_names() and not path.is_file():
        return shipped_folder() / f"{spec}.yaml"
    with suppress(OSError):  # a name too long for a file
        if path.exists():
            return path
    # as papers write it: X3D_M, Efficient-X3D
    written = spec.lower().replace("-", "_")
    if written in shipped_names():
        return shipped_folder() / f"{written}.yaml"
    raise SpecError(f"{spec[:80]}: neither a file nor a shipped spec{nearest(spec, shipped_names())}")


def document(spec: str | Path) -> Document:
    """The document of a spec, by path or shipped name.

    Raises:
        SpecError: a file is missing or wrong, or specs extend each other in a circle.
    """
    path = find(str(spec))
    # the spec first, then what it extends, base last
    chain = [_mapping(read(path))]
    while "extends" in chain[-1].value:
        if len(chain) > LONGEST_CHAIN:
            raise chain[0].error(
                f"extends more than {LONGEST_CHAIN} specs, one after the other; is it a circle?"
            )
        chain.append(_mapping(_base(chain[-1], path.parent)))
    return _merge(chain)


def from_text(text: str, name: str = "spec", *, is_resolved: bool = False) -> Document:
    """The document of a spec given as text; it may extend shipped specs alone, a resolved one nothing.

    Raises:
        SpecError: it is wrong, or extends what it may not.
    """
    root = _mapping(read_text(text, name))
    if is_resolved and "extends" in root.value:
        raise root.value["extends"].error("expected a resolved spec, one that extends nothing")
    # A text has no folder of its own to extend from.
    chain = [root]
    while "extends" in chain[-1].value and len(chain) <= LONGEST_CHAIN:
        chain.append(_mapping(_base(chain[-1], shipped_folder())))
    return _merge(chain)


def _mapping(root: Item) -> Item:
    if not isinstance(root.value, dict):
        raise root.error(f"{root.kind}, expected a mapping with `network`")
    wrong = [
        str(item.error(f"unknown key{nearest(key, KEYS)}"))
        for key, item in root.value.items()
        if key not in KEYS
    ]
    for key, item in root.value.items():
        if key in SECTIONS and not isinstance(item.value, dict):
            wrong.append(str(item.error(f"{item.kind}, expected a mapping")))
        elif key in SECTIONS and len(item.value) > MOST_NAMES:
            wrong.append(str(item.error(f"{len(item.value)} names, at most {MOST_NAMES}")))
        elif key in TEXTS and not isinstance(item.value, str):
            wrong.append(str(item.error(f"{item.kind}, expected text")))
    if wrong:
        raise SpecError(*wrong[:MOST_MISTAKES])
    return root


def _base(root: Item, folder: Path) -> Item:
    item = root.value["extends"]
    if not isinstance(item.value, str) or not _NAME.fullmatch(item.value):
        raise item.error(f"{item.kind}, expected the name of a spec in the same folder, or of a shipped one")
    stem = item.value.removesuffix(".yaml").removesuffix(".yml")
    for place in (folder, shipped_folder()):
        for suffix in (".yaml", ".yml"):
            if (place / f"{stem}{suffix}").exists():
                return read(place / f"{stem}{suffix}")
    raise item.error(f"there is no spec {item.value!r} beside it{nearest(stem, shipped_names())}")


def _merge(chain: list[Item]) -> Document:
    root = chain[0]
    merged: dict[str, Any] = {}
    # From the base on, so that the spec itself has the last word.
    for item in reversed(chain):
        for key, value in item.value.items():
            # Sections are joined name by name; all else, the network too, is replaced whole.
            both = key in SECTIONS and key in merged
            merged[key] = merged[key] | value.value if both else value.value if key in SECTIONS else value
    if "network" not in merged:
        raise root.error("there is no `network`, the list of layers")
    sections = {section: merged.get(section, {}) for section in SECTIONS}
    blocks = sections["blocks"]
    own = {word: block_in_our_names(block, blocks) for word, block in blocks.items()}
    sections["blocks"] = builtin_blocks() | own
    name, variant = merged.get("name"), merged.get("variant")
    return Document(
        root,
        str(name.value) if name is not None else Path(root.file).stem,
        sections,
        in_our_names(merged["network"], blocks),
        None if variant is None else str(variant.value),
    )


@lru_cache(maxsize=1)
def builtin_blocks() -> dict[str, Item]:
    """Blocks that every spec may use."""
    return dict(read_text(BUILTIN_BLOCKS, "built in").value)
