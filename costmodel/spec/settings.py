"""Finds mistakes in the sections of a spec that name numbers: structure, sizes, let, variants."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from costmodel.arithmetic import FUNCTIONS
from costmodel.errors import SpecError, nearest
from costmodel.spec.document import LONGEST_CHAIN, Document
from costmodel.spec.load import Item

ALWAYS = frozenset({"i", "in_channels"})


def mistakes(document: Document) -> Iterator[SpecError]:
    """What is wrong with the names and values of the sections, without their arithmetic."""
    structure, sizes = document.sections["structure"], document.sections["sizes"]
    for name, item in (*structure.items(), *sizes.items()):
        if not isinstance(item.value, int | Fraction):
            yield item.error(f"{item.kind}, expected a number, true or false")
        yield from _wrong_name(name, item)
    for name, item in sizes.items():
        # both are read by name in arithmetic, where two would be one
        if name in structure:
            yield item.error(f"{name!r} stands in `structure` already")
    for name, item in document.sections["let"].items():
        if name in document.globals:
            yield item.error(f"{name!r} is a size already")
        yield from _wrong_name(name, item)
    for item in document.sections["variants"].values():
        yield from _wrong_variant(item, document)


def _wrong_name(name: str, item: Item) -> Iterator[SpecError]:
    if not (name.isidentifier() and name.isascii()):
        yield item.error("expected a name: letters, digits and _, no digit first")
    elif name in ALWAYS or name in FUNCTIONS:
        yield item.error(f"{name!r} has a meaning of its own in arithmetic; choose another name")


def _wrong_variant(item: Item, document: Document) -> Iterator[SpecError]:
    if not isinstance(item.value, dict):
        yield item.error(f"{item.kind}, expected the sizes that this variant sets")
        return
    for key, value in item.value.items():
        if key == "extends":
            yield from _wrong_chain(value, document)
        elif key not in document.globals:
            yield value.error(f"unknown size{nearest(key, document.globals)}")
        elif not isinstance(value.value, int | Fraction):
            yield value.error(f"{value.kind}, expected a number, true or false")


def _wrong_chain(item: Item, document: Document) -> Iterator[SpecError]:
    """Whether the variants that a variant extends are there, and come to an end."""
    variants = document.sections["variants"]
    if str(item.value) not in variants:
        yield item.error(f"unknown variant {item.value!r}{nearest(str(item.value), variants)}")
        return
    followed: Item | None = item
    # A circle never ends: what is longer than any sensible chain is taken for one.
    for _ in range(LONGEST_CHAIN):
        base = variants.get(str(followed.value)) if followed is not None else None
        followed = base.value.get("extends") if base is not None and isinstance(base.value, dict) else None
    if followed is not None:
        yield item.error(f"extends more than {LONGEST_CHAIN} variants, one after the other; is it a circle?")
