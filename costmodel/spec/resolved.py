"""A spec as one self-contained text that extends nothing, and exact numbers as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from costmodel.escape import yaml
from costmodel.numbers import Number, exact
from costmodel.spec.document import Document, builtin_blocks
from costmodel.spec.load import Item


def document_text(document: Document) -> str:
    """A document with all that it extends, as a spec that says the same; comments and files play no part."""
    parts: dict[str, str] = {"name": yaml(document.name)}
    if document.variant is not None:
        parts["variant"] = yaml(document.variant)
    parts |= {key: _mapping(section) for key, section in document.sections.items() if section}
    parts["network"] = _text(document.network)
    return "".join(f"{key}: {text}\n" for key, text in parts.items())


def spec_text(document: Document) -> str:
    """The same for a person: an entry a line, without the blocks that every spec has."""
    known = {name: _text(item) for name, item in builtin_blocks().items()}
    lines = [f"name: {yaml(document.name)}"]
    lines += [] if document.variant is None else [f"variant: {yaml(document.variant)}"]
    for key, section in document.sections.items():
        own = {name: _text(item) for name, item in section.items()}
        own = {name: text for name, text in own.items() if key != "blocks" or text != known.get(name)}
        lines += [f"{key}:", *(f"  {yaml(name)}: {text}" for name, text in own.items())] if own else []
    lines += ["network:", *(f"  - {_text(item)}" for item in document.network.value)]
    return "\n".join(lines) + "\n"


def with_sizes(document: Document, sizes: Mapping[str, Number]) -> Document:
    """A document whose own sizes are these, no variant chosen."""

    def moved(section: str) -> Mapping[str, Item]:
        items = document.sections[section].items()
        return {name: replace(item, value=exact(sizes[name])) for name, item in items}

    sections = {**document.sections, "structure": moved("structure"), "sizes": moved("sizes")}
    return replace(document, sections=sections, variant=None)


def exact_text(value: Number) -> str:
    """A number, or true or false, as `--set` reads it back: a decimal, or `a/b` where that does not end."""
    if isinstance(value, bool):
        return str(value).lower()
    number, digits = Fraction(exact(value)), 0
    while 10**digits % number.denominator:
        digits += 1
        # 2 and 5 alone divide a power of ten; a denominator of these needs no more digits than it has bits.
        if digits > number.denominator.bit_length():
            return f"{number.numerator}/{number.denominator}"
    whole = abs(number.numerator) * 10**digits // number.denominator
    text = str(whole).rjust(digits + 1, "0")
    sign = "-" if number < 0 else ""
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}"


def _text(item: Item) -> str:
    match item.value:
        case dict():
            return _mapping(item.value)
        case list():
            return f"[{', '.join(_text(entry) for entry in item.value)}]"
        case str():
            return yaml(item.value)
        case None:
            return "~"
    return exact_text(item.value)


def _mapping(items: Mapping[str, Item]) -> str:
    return f"{{{', '.join(f'{yaml(key)}: {_text(item)}' for key, item in items.items())}}}"
