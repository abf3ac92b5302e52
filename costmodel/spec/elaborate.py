"""Builds the graph of a checked document: evaluates `let`, and has its layers added one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import Number, Size
from costmodel.spec.builder import Builder, Place
from costmodel.spec.check import check
from costmodel.spec.document import IMPLIED, INPUT_AXES, Document, document
from costmodel.spec.fields import evaluate, rate, size
from costmodel.spec.load import Item
from costmodel.types import TRAINED_FPS, TensorType

NameValue = Callable[[str, Number], Number]


def load(spec: str, *, variant: str | None = None, **sets: Number) -> Graph:
    """The graph of a spec: a path, or the name of a shipped one.

    Args:
        spec: such as `specs/x3d_m.yaml` or `x3d`.
        variant: one of the spec's variants, such as `M`.
        sets: values for the spec's structure and sizes, such as `crop=160`.

    Raises:
        SpecError: the spec is wrong; one message for each mistake, with file, line and place.
    """
    exact = {
        # Of a float what a user typed: 1.1 is 11/10, not the nearest binary number.
        name: Fraction(str(value)) if isinstance(value, float) else value
        for name, value in sets.items()
    }
    return elaborate(document(spec), variant, exact)


def elaborate(
    source: Document,
    variant: str | None = None,
    sets: Mapping[str, Number] | None = None,
    *,
    name_value: NameValue | None = None,
) -> Graph:
    """The graph of a document.

    Args:
        source: the spec.
        variant: the variant to take, or the spec's own default.
        sets: structure and sizes by name, over the variant's; ints, fractions, sympy symbols or numpy arrays.
        name_value: called with each `let` name and its value; what it returns is used instead.

    Raises:
        SpecError: the spec is wrong, or its layers do not fit together.
    """
    # All mistakes of the whole spec first; building stops at the first one that it meets.
    check(source)
    scope = source.settings(variant, sets or {})
    for name, item in source.sections["let"].items():
        value = evaluate(item, scope)
        scope[name] = value if name_value is None else name_value(name, value)
    given = {key: _input_size(_given(source, key, scope), scope) for key in INPUT_AXES}
    every, fps = (source.sections["input"].get(key) for key in ("every", "fps"))
    builder = Builder(source, TensorType(**given))
    builder.layers(source.network, Place(scope, "", INPUT, {INPUT: INPUT}))
    if not builder.nodes:
        raise source.network.error("a network needs at least one layer")
    title = source.name if (variant or source.variant) is None else _title(source, variant)
    return Graph(
        title,
        builder.source,
        tuple(builder.nodes),
        every=1 if every is None else _input_size(every, scope),
        fps=TRAINED_FPS if fps is None else rate(fps),
        notes=_partial(builder.nodes),
        blocks=builder.blocks,
        inferred=builder.kinds,
    )


def _partial(nodes: Iterable[Node]) -> tuple[str, ...]:
    """What a reader must know of a network of which a part is not known."""
    missing = [node.name for node in nodes if node.op.is_hole]
    if not missing:
        return ()
    named = ", ".join(missing[:6]) + ", ..." * (len(missing) > 6)
    return (f"partial: nothing is known of {named} but its shape, and all totals leave it out",)


def _title(source: Document, variant: str | None) -> str:
    chosen = variant or source.variant or ""
    return (
        source.name
        # A spec called X3D-M whose own variant is M is no "X3D-M M".
        if variant is None and source.name.lower().endswith(chosen.lower())
        else f"{source.name} {chosen}"
    )


def _given(source: Document, key: str, scope: Mapping[str, Number]) -> Item:
    """A size of the input as the spec gives it, or its name where it is set to something else."""
    item, name = source.sections["input"][key], IMPLIED.get(key)
    return replace(item, value=name) if name in source.implied and name in scope else item


def _input_size(item: Item, scope: Mapping[str, Number]) -> Size:
    return size(item, scope)
