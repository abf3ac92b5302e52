"""The JSON Schema of specs, for editors: made from the tables that the checker itself reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costmodel.ops import OPS
from costmodel.ops.merge import CROPS
from costmodel.spec.check import CALL_KEYS
from costmodel.spec.document import KEYS, builtin_blocks
from costmodel.spec.fields import COMMON, LARGEST_SIZE, SAME, WHOLE_AXIS, choices_of, fields_of, is_merge
from costmodel.spec.torch_names import WORDS, their_fields
from costmodel.types import WAYS

Schema = dict[str, Any]

_ARITHMETIC: Schema = {"type": "string", "description": "arithmetic over the names in scope"}
_NUMBER: Schema = {"type": ["number", "boolean"]}
_VALUE: Schema = {"anyOf": [_NUMBER, _ARITHMETIC]}
_NAME: Schema = {"type": ["string", "integer"]}
_NAMES: Schema = {"anyOf": [_NAME, {"type": "array", "items": _NAME, "minItems": 1}]}
_LAYERS: Schema = {"$ref": "#/$defs/layers"}


def _whole(least: int) -> Schema:
    return {"anyOf": [{"type": "integer", "minimum": least, "maximum": LARGEST_SIZE}, _ARITHMETIC]}


def _triple(entry: Schema) -> Schema:
    """One value for all axes, or time, height and width."""
    return {"anyOf": [*entry["anyOf"], {"type": "array", "items": entry, "minItems": 3, "maxItems": 3}]}


_POOLED = _triple({"anyOf": [{"const": WHOLE_AXIS}, *_whole(1)["anyOf"]]})
_SHARE: Schema = {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, _ARITHMETIC]}
FIELDS: Mapping[str, Schema] = {
    "Size": _whole(1),
    "Size | None": _whole(1),
    "Amount": {"anyOf": [{"type": "integer", "minimum": 0}, _ARITHMETIC]},
    "int": _whole(-LARGEST_SIZE),
    "bool": {"anyOf": [{"type": "boolean"}, _ARITHMETIC]},
    "Crop": {"anyOf": [{"type": "boolean"}, {"enum": list(CROPS)}, _ARITHMETIC]},
    "Fraction": _SHARE,
    "Sizes | None": {"type": "array", "items": _whole(1), "minItems": 1},
    "Shares | None": {"type": "array", "items": _SHARE, "minItems": 1},
    "Triple": _triple(_whole(1)),
    "PadTriple": _triple(_whole(0)),
    "PoolTriple": _POOLED,
    "SizeTriple | None": _POOLED,
    "FactorTriple | None": _triple({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, _ARITHMETIC]}),
    "Padding | None": _triple(
        {
            "anyOf": [
                {"const": SAME},
                {"type": "array", "items": _whole(0), "minItems": 2, "maxItems": 2},
                *_whole(0)["anyOf"],
            ]
        }
    ),
}
SHARED: Mapping[str, Schema] = {
    "name": {**_NAME, "description": "what the layer is called"},
    "as": {**_NAME, "description": "a name that `from` may read behind it in the same block"},
    "from": {
        **_NAMES,
        "description": "what it reads instead of the layer before it; `in`: what comes into the block",
    },
    "when": {**_VALUE, "description": "whether the layer exists"},
    "written": {
        "enum": list(WAYS),
        "description": "how PyTorch code writes the layer, for counting conventions",
    },
    "repeat": {**_whole(0), "description": "how many times, one after the other; `i` counts them"},
    "first": {
        "type": "object",
        "additionalProperties": _VALUE,
        "description": "arguments of the first repeat",
    },
}
KEY_SCHEMAS: Mapping[str, Schema] = {
    "name": {"type": "string", "description": "what the network is called"},
    "description": {"type": "string", "description": "a line that tells the network from others"},
    "extends": {
        "type": "string",
        "description": "a spec in the same folder, or a shipped one, that this one adds to",
    },
    "variant": {"type": "string", "description": "the variant taken where none is asked for"},
    "network": {**_LAYERS, "description": "the layers, one after the other"},
    "input": {
        "type": "object",
        "description": "the clip that it is fed, and how many camera frames there are to each of its own",
        "properties": {
            "channels": {**_whole(1), "description": "of a frame: 3 of colours"},
            "time": {**_whole(1), "description": "frames of a clip"},
            "height": {**_whole(1), "description": "rows of a frame"},
            "width": {**_whole(1), "description": "columns of a frame"},
            "every": {**_whole(1), "description": "camera frames per model frame; 1 unless given"},
            "fps": {
                "type": "number",
                "exclusiveMinimum": 0,
                "description": "camera frames a second in training; 30 unless given",
            },
        },
        "additionalProperties": False,
    },
    "structure": {
        "type": "object",
        "additionalProperties": _NUMBER,
        "description": "numbers that decide which layers exist",
    },
    "sizes": {"type": "object", "additionalProperties": _NUMBER, "description": "numbers that scale layers"},
    "let": {"type": "object", "additionalProperties": _VALUE, "description": "names for values, in order"},
    "variants": {
        "type": "object",
        "description": "values for structure and sizes by name; one may extend another",
        "additionalProperties": {
            "type": "object",
            "properties": {"extends": {"type": "string"}},
            "additionalProperties": _NUMBER,
        },
    },
    "blocks": {
        "type": "object",
        "description": "lists of layers with arguments, called like layers",
        "additionalProperties": {"$ref": "#/$defs/block"},
    },
    "axes": {"type": "object", "description": "what a search may change"},
}


def schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a spec."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A video network for costmodel",
        "type": "object",
        "properties": {key: KEY_SCHEMAS[key] for key in KEYS},
        "additionalProperties": False,
        # a spec that extends another may have no layers of its own
        "anyOf": [{"required": ["network"]}, {"required": ["extends"]}],
        "$defs": {
            "layers": _layers(),
            "block": _block(),
            "call": _call(),
            **{word: _word(word) for word in OPS},
        },
    }


def _layers() -> Schema:
    called = {
        "type": "object",
        "properties": {
            **{word: {"$ref": f"#/$defs/{word}"} for word in OPS},
            **{theirs: {"$ref": f"#/$defs/{ours}"} for theirs, ours in WORDS.items()},
        },
        "additionalProperties": {"$ref": "#/$defs/call"},
        "minProperties": 1,
        "maxProperties": 1,
    }
    # an enum for completion, any text beside it: a spec's own blocks are words too
    words = {"anyOf": [{"enum": [*OPS, *WORDS, *builtin_blocks()]}, {"type": "string"}]}
    return {"type": "array", "items": {"anyOf": [words, called]}}


def _block() -> Schema:
    arguments = {"type": ["object", "null"], "additionalProperties": {"anyOf": [{"type": "null"}, _VALUE]}}
    return {
        "type": "object",
        "properties": {"args": arguments, "layers": _LAYERS},
        "required": ["layers"],
        "additionalProperties": False,
    }


def _call() -> Schema:
    return {
        "type": ["object", "null"],
        "description": "a block with its arguments",
        "properties": {key: SHARED[key] for key in CALL_KEYS},
        "additionalProperties": _VALUE,
    }


def _field(kind: str) -> Schema:
    choices = choices_of(kind)
    return {"enum": list(choices)} if choices else FIELDS[kind]


def _word(word: str) -> Schema:
    """The fields of a word; a merge takes its branches, lists of layers, beside them."""
    fields, theirs = fields_of(word), their_fields(word)
    required = [name for name, each in fields.items() if each.required]
    either = [[name, *(key for key, ours in theirs.items() if ours == name)] for name in required]
    return {
        "type": ["object", "null"],
        "description": (OPS[word].__doc__ or "").split("\n")[0],
        "properties": {
            **{key: SHARED[key] for key in COMMON},
            **{name: _field(each.kind) for name, each in fields.items()},
            **{key: {"$ref": f"#/$defs/{word}/properties/{ours}"} for key, ours in theirs.items()},
        },
        # an editor cannot know the names of branches; whatever else a merge is given is one
        "additionalProperties": _LAYERS if is_merge(word) else False,
        "required": [names[0] for names in either if len(names) == 1],
        **({"allOf": renamed} if (renamed := [_one_of(names) for names in either if len(names) > 1]) else {}),
    }


def _one_of(names: list[str]) -> Schema:
    """A field that must be given, under one of its names."""
    return {"anyOf": [{"required": [name]} for name in names]}
