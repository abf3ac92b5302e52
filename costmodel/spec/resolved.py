"""A spec as one self-contained text that extends nothing, and exact numbers as text."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from costmodel.escape import yaml
from costmodel.numbers import Exact
from costmodel.spec.document import Document
from costmodel.spec.load import Item


def document_text(document: Document) -> str:
    """A document with all that it extends, as a spec that says the same; comments and files play no part."""
    parts: dict[str, str] = {"name": yaml(document.name)}
    if document.variant is not None:
        parts["variant"] = yaml(document.variant)
    parts |= {key: _mapping(section) for key, section in document.sections.items() if section}
    parts["network"] = _text(document.network)
    return "".join(f"{key}: {text}\n" for key, text in parts.items())


def exact_text(value: Exact) -> str:
    """A number, or true or false, as `--set` reads it back: a decimal, or `a/b` where that does not end."""
    if isinstance(value, bool):
        return str(value).lower()
    exact, digits = Fraction(value), 0
    while 10**digits % exact.denominator:
        digits += 1
        # A denominator of 2s and 5s alone needs at most as many digits as it has bits.
        if digits > exact.denominator.bit_length():  # 2 and 5 alone divide a power of ten
            return f"{exact.numerator}/{exact.denominator}"
    whole = abs(exact.numerator) * 10**digits // exact.denominator
    text = str(whole).rjust(digits + 1, "0")
    sign = "-" if exact < 0 else ""
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
