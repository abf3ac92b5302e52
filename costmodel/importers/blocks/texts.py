"""The fields of a layer as text, from the text of their numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from costmodel.importers.blocks.bodies import Leaf, Scalar, flat
from costmodel.ops import OPS
from costmodel.spec.fields import LISTS, WHOLE_AXIS, fields_of
from costmodel.spec.resolved import exact_text
from costmodel.spec.write import text_of

SINGLE = "kernel"  # one number for three is another thing to some counting conventions


def scalar_text(value: Scalar) -> str:
    """A number as specs write it."""
    if value is None:
        return WHOLE_AXIS
    if isinstance(value, str):
        return text_of(value)
    assert isinstance(value, int | Fraction)
    return exact_text(value)


def field_texts(word: str, texts: Mapping[Leaf, str]) -> dict[str, str]:
    """The fields of a layer that are not at their defaults."""
    names = dict.fromkeys(str(leaf[0]) for leaf in texts)
    found = {}
    for name in names:
        own = {leaf[1:]: text for leaf, text in texts.items() if leaf[0] == name}
        if own != dict(_defaults(word, name)):
            found[name] = _field(word, name, own)
    return found


def _defaults(word: str, name: str) -> Iterator[tuple[Leaf, str]]:
    for field in dataclasses.fields(OPS[word]):
        if field.name == name and field.default is not dataclasses.MISSING:
            yield from ((leaf, scalar_text(value)) for leaf, value in flat(field.default, ()))


def _field(word: str, name: str, texts: Mapping[Leaf, str]) -> str:
    text = _nested(texts)
    if isinstance(text, str):
        return text
    is_list = name in fields_of(word) and fields_of(word)[name].kind in LISTS
    parts = [_joined(each) for each in text]
    is_one = len(set(parts)) == 1 and not parts[0].startswith("[") and not is_list
    # `all` has no such second meaning.
    return parts[0] if is_one and (name != SINGLE or parts[0] == WHOLE_AXIS) else f"[{', '.join(parts)}]"


Nested = str | Sequence["Nested"]


def _nested(texts: Mapping[Leaf, str]) -> Nested:
    if () in texts:
        return texts[()]
    places = dict.fromkeys(leaf[0] for leaf in texts)
    return [_nested({leaf[1:]: text for leaf, text in texts.items() if leaf[0] == at}) for at in places]


def _joined(text: Nested) -> str:
    return text if isinstance(text, str) else f"[{', '.join(map(_joined, text))}]"
