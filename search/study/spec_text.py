"""A spec as one self-contained text, and the address that its content gives it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from costmodel.escape import yaml
from costmodel.spec import Document
from costmodel.spec.load import Item


def spec_facts(document: Document) -> dict[str, str]:
    """What a study keeps of its spec: the whole text, its address and its name."""
    text = document_text(document)
    return {
        "spec": text,
        "spec_address": hashlib.sha256(text.encode()).hexdigest(),
        "spec_name": document.name,
    }


def document_text(document: Document) -> str:
    """A document with all that it extends, as a spec that says the same; comments and files play no part."""
    parts: dict[str, str] = {"name": yaml(document.name)}
    if document.variant is not None:
        parts["variant"] = yaml(document.variant)
    parts |= {key: _mapping(section) for key, section in document.sections.items() if section}
    parts["network"] = _text(document.network)
    return "".join(f"{key}: {text}\n" for key, text in parts.items())


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
        case bool():
            return str(item.value).lower()
    return decimal(item.value)


def _mapping(items: Mapping[str, Item]) -> str:
    return f"{{{', '.join(f'{yaml(key)}: {_text(item)}' for key, item in items.items())}}}"


def decimal(value: Any) -> str:
    """An exact decimal; one that does not end is given to 12 digits."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    exact = Fraction(value)
    digits = 0
    while digits < 12 and (exact * 10**digits).denominator != 1:
        digits += 1
    return f"{float(exact):.{digits}f}" if digits else str(exact.numerator)
