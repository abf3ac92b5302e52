"""A network as plain data that needs no file, written and read back, everything checked on the way in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import UnionType
from typing import Any

from costmodel.errors import SpecError, nearest
from costmodel.numbers import Exact
from costmodel.spec.document import Document, from_text
from costmodel.spec.load import LARGEST_FILE, exact_number
from costmodel.spec.resolved import document_text
from costmodel.transforms import Transform, transform_from

FORMAT = 1
_KINDS: Mapping[str, tuple[type | UnionType, str]] = {
    "document": (str, "the text of a spec"),
    "variant": (str | None, "its name, or null"),
    "sizes": (Mapping, "sizes by name"),
    "transforms": (list, "a list"),
}
KEYS = ("format", *_KINDS)


@dataclass(frozen=True)
class NetworkData:
    """What the plain data of a network holds."""

    document: Document
    variant: str | None
    sizes: Mapping[str, Exact]
    transforms: tuple[Transform, ...]


def plain_data(
    document: Document, variant: str | None, sizes: Mapping[str, Exact], transforms: Iterable[Transform]
) -> dict[str, object]:
    """A network as JSON holds it: the resolved spec as text, exact sizes (`a/b` where they are fractions)."""
    return {
        "format": FORMAT,
        "document": document_text(document),
        "variant": variant,
        "sizes": {name: _plain(value) for name, value in sizes.items()},
        "transforms": [each.to_dict() for each in transforms],
    }


def read_data(data: object) -> NetworkData:
    """A network from its plain data; nothing but `data` is read.

    Raises:
        CostModelError: it has another form, or a value is wrong.
    """
    given = _checked(data)
    return NetworkData(
        from_text(given["document"], "network", is_resolved=True),
        given["variant"],
        {str(name): _exact(str(name), value) for name, value in given["sizes"].items()},
        tuple(transform_from(each) for each in given["transforms"]),
    )


def _plain(value: Exact) -> int | str:
    return f"{value.numerator}/{value.denominator}" if isinstance(value, Fraction) else value


def _exact(name: str, value: object) -> Exact:
    # A bool is a switch of the spec and stays one.
    if isinstance(value, bool | int):
        return value
    found = exact_number(value) if isinstance(value, str) else None
    if found is None:
        raise SpecError(f"network: sizes: {name}: {str(value)[:40]!r}, expected a whole number or 'a/b'")
    return found


def _checked(data: object) -> Mapping[str, Any]:
    """The data, once its form is known."""
    if not isinstance(data, Mapping):
        raise SpecError(f"network: a {type(data).__name__}, expected a mapping with {', '.join(KEYS)}")
    for key in data:
        if key not in KEYS:
            raise SpecError(f"network: unknown key {str(key)[:40]!r}{nearest(str(key), KEYS)}")
    if data.get("format") != FORMAT:
        raise SpecError(f"network: format {str(data.get('format'))[:40]}, this tool reads format {FORMAT}")
    for key, (kind, words) in _KINDS.items():
        if key not in data or not isinstance(data[key], kind):
            raise SpecError(f"network: {key} is missing or of another kind, expected {words}")
    # The data may come from a stranger's file: the bound of a spec that is read from disk holds here too.
    if len(data["document"]) > LARGEST_FILE:
        raise SpecError(f"network: document: more than {LARGEST_FILE} characters; expected a spec in YAML")
    for each in data["transforms"]:
        if not isinstance(each, Mapping):
            raise SpecError(f"network: transforms: a {type(each).__name__}, expected a mapping")
    return data
