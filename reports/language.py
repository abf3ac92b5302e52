"""The page of the spec language: prose with specs that a test reads, and tables of what reads specs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from costmodel.escape import Markup
from costmodel.ops import OPS
from costmodel.spec.schema import KEY_SCHEMAS, SHARED, Schema
from costmodel.spec.torch_names import FIELDS, WORDS, their_fields
from reports.language_text import (
    ARITHMETIC,
    AXES,
    BLOCKS,
    EVERY_LAYER,
    FORMS,
    HEAD,
    INPUT,
    LAYERS,
    NAMES,
    SIZES,
    WINDOWS,
)
from reports.layers import about, fields_and_defaults, prose
from reports.tables import markdown

AXIS_KEYS: Mapping[str, str] = {
    "moves": "the size that takes new values",
    "with": "what other sizes become, of all present ones, of value (the new one) and factor (new over old)",
    "factor": "how many times the present value the next one is; 2 unless given",
    "bounds": "the smallest and the largest value",
    "integer": "whether its values are whole numbers; true unless given",
    "grid": "the values that an exhaustive search goes through",
}


def language() -> str:
    """The page in Markdown."""
    parts = [
        HEAD,
        _table("key", {key: _about(schema) for key, schema in KEY_SCHEMAS.items()}),
        INPUT,
        _table("key", {key: _about(schema) for key, schema in KEY_SCHEMAS["input"]["properties"].items()}),
        SIZES,
        ARITHMETIC,
        LAYERS,
        _table("field", {key: _about(schema) for key, schema in SHARED.items()}),
        WINDOWS,
        BLOCKS,
        AXES,
        _table("key", AXIS_KEYS),
        FORMS,
        NAMES,
        markdown(_names(), ("PyTorch", "here", "layers")),
        EVERY_LAYER,
        markdown(map(_layer, sorted(OPS)), ("layer", "fields and defaults", "what it does")),
    ]
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _about(schema: Schema) -> str:
    return str(schema.get("description", ""))


def _table(column: str, rows: Mapping[str, str]) -> str:
    told = ({column: Markup(f"`{key}`"), "what it says": prose(text)} for key, text in rows.items())
    return markdown(told, (column, "what it says"))


def _layer(word: str) -> Mapping[str, object]:
    """A layer in a line: the page of layers says the rest."""
    brief, *_ = re.split(r"\. (?=[A-Z])", about(OPS[word]))
    return {
        "layer": Markup(f"`{word}`"),
        "fields and defaults": fields_and_defaults(word),
        "what it does": prose(f"{brief.rstrip('.')}."),
    }


def _names() -> Iterator[Mapping[str, object]]:
    for theirs, ours in WORDS.items():
        yield {"PyTorch": Markup(f"`{theirs}`"), "here": Markup(f"`{ours}`"), "layers": "the layer itself"}
    for theirs, ours in FIELDS.items():
        words = (word for word in OPS if theirs in their_fields(word))
        yield {"PyTorch": Markup(f"`{theirs}`"), "here": Markup(f"`{ours}`"), "layers": ", ".join(words)}
