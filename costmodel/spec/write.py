"""Writes a graph back as a spec: flat layers, exact numbers, branches by `as` and `from`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from costmodel.errors import GraphError
from costmodel.escape import yaml
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import is_array
from costmodel.ops import OPS
from costmodel.spec.fields import WHOLE_AXIS
from costmodel.types import SINGLE_NUMBER_KERNEL, TRAINED_FPS, WAYS

_PLAIN = re.compile(r"[A-Za-z_][\w.-]*")
_READ_AS_VALUES = ("true", "false", "null", WHOLE_AXIS)


def dump(graph: Graph) -> str:
    """A clip network as a spec: elaborated again, it has the same names, ops and types.

    Raises:
        GraphError: the graph is a stream, or its sizes are symbols or arrays.
    """
    if graph.is_stream:
        raise GraphError(
            f"{graph.name}: is a stream, and specs hold clip networks; write the one it was made from"
        )
    source = {**graph.source._asdict(), "every": graph.every}
    source |= {} if graph.fps == TRAINED_FPS else {"fps": graph.fps}
    lines = [
        "# yaml-language-server: $schema=spec.schema.json",
        f"name: {text_of(graph.name)}",
        f"input: {_mapping(source, graph.name)}",
        "network:",
        *_layers(graph),
    ]
    return "\n".join(lines) + "\n"


def _layers(graph: Graph) -> Iterator[str]:
    last = INPUT
    read_later = _read_later(graph)
    for node in graph.nodes:
        label = "as" if node.name in read_later else "name"
        fields: dict[str, object] = {label: node.name, **_fields(node)}
        # A layer reads the one before it unless it says so.
        if node.inputs != (last,):
            fields["from"] = node.inputs
        yield f"  - {type(node.op).word}: {_mapping(fields, node.name)}"
        last = node.name


def _read_later(graph: Graph) -> frozenset[str]:
    """The layers that another than the next one reads, or that share a reader with others."""
    previous = {node.name: before.name for before, node in zip(graph.nodes, graph.nodes[1:], strict=False)}
    return frozenset(
        name for node in graph.nodes if node.inputs != (previous.get(node.name),) for name in node.inputs
    )


def _fields(node: Node) -> dict[str, object]:
    """The fields of a node's op that differ from their defaults."""
    op = node.op
    if type(op).word not in OPS:
        raise GraphError(f"{node.name}: {type(op).__name__} has no word in specs")
    if node.count != 1:
        raise GraphError(f"{node.name}: stands for {node.count} layers; only numbers can be written")
    given = {
        field.name: getattr(op, field.name)
        for field in dataclasses.fields(op)
        if field.name not in op.hidden
        and (is_array(getattr(op, field.name)) or getattr(op, field.name) != field.default)
    }
    if SINGLE_NUMBER_KERNEL in node.tags:
        # As one number again: some counting conventions tell it from three equal ones.
        given["kernel"] = vars(op)["kernel"][0]
    for way, tag in WAYS.items():
        if tag in node.tags:
            given["written"] = way
    return given


def _mapping(fields: Mapping[str, object], place: str) -> str:
    return "{" + ", ".join(f"{key}: {_value(value, place)}" for key, value in fields.items()) + "}"


def _value(value: object, place: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Fraction():
            return f"{value.numerator}/{value.denominator}"
        case str():
            return text_of(value)
        case None:
            return WHOLE_AXIS
        case tuple():
            return "[" + ", ".join(_value(each, place) for each in value) + "]"
    raise GraphError(f"{place}: {value} is not a number; only numbers can be written")


def text_of(text: str) -> str:
    """A text as YAML, quoted only where it would be read as something else."""
    # A name such as `true` or `all` would come back as a value.
    is_plain = _PLAIN.fullmatch(text) and text not in _READ_AS_VALUES
    return text if is_plain else yaml(text)
