"""The rules of one layer as closed forms: the op's own, run on symbols instead of numbers.

c are channels, m the input's and n the output's size, k the kernel, s the stride, p the padding, d the
dilation, g the groups; by axis T, H and W. A depthwise convolution has as many groups as input channels.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import METRICS
from costmodel.graph import Node
from costmodel.numbers import Size
from costmodel.ops import Op
from costmodel.types import Shape, TensorType

if TYPE_CHECKING:
    import sympy

AXES = "THW"
PREFIXES = {"kernel": "k", "stride": "s", "padding": "p", "dilation": "d"}
ORDER = "dkcnmw"  # of the letters in a product
Symbols = dict[str, Size]
Types = tuple[TensorType, ...]


@dataclass(frozen=True)
class ClosedForm:
    """One figure of a layer: its rule in symbols, the same with numbers, its value, and the rule's source."""

    figure: str
    formula: str
    numbers: str
    value: Size
    source: str


def closed_forms(figures: Figures, node: Node) -> tuple[list[ClosedForm], Symbols]:
    """The figures of one layer, for one of its outputs, and the numbers that the symbols stand for."""
    graph = figures.graph
    inputs = graph.inputs_of(node)
    symbols: Symbols = {}
    sources = _symbolic_inputs(inputs, symbols)
    op = _symbolic(node.op, inputs[0], symbols)
    out = op.out(*sources)
    # Sizes of the output get letters of their own, or every form would repeat how they follow from the input.
    named = _name_outputs(out, figures.out(node), symbols)
    found = [
        (f"n_{axis}", size, value, "Hedegaard 2022, sec. 3.1")
        for axis, size, value in zip(AXES, out[1:], figures.out(node)[1:], strict=True)
        if f"n_{axis}" in symbols
    ]
    found += _figures_of(figures, node, op, sources)
    forms = [
        # What defines n keeps its full form; all others are written with n.
        _form(figure, _with_names(form, {} if figure in symbols else named), value, source, symbols)
        for figure, form, value, source in found
    ]
    return forms, symbols


def _figures_of(
    figures: Figures, node: Node, op: Op, sources: Types
) -> list[tuple[str, sympy.Expr, Size, str]]:
    """Figures by name: each from the symbolic op, from the real one, and the source of its rule."""
    macs = METRICS["macs_per_frame" if figures.graph.is_stream else "macs_per_clip"].source
    work, kept, out = op.work(*sources), op.carry(*sources).kept, op.out(*sources)
    return [
        *(
            (kind, amount, figures.work[node.name][kind], macs if kind.startswith("mac.") else "")
            for kind, amount in work.items()
        ),
        ("params", _parameters(op.weights(*sources)), _parameters(figures.weights[node.name]), ""),
        (
            "activation_floats",
            out.values,
            figures.out(node).values,
            METRICS["largest_activation_floats"].source,
        ),
        *(
            (f"state_floats, {tensor}", kept[tensor].values, value.values, METRICS["state_floats"].source)
            for tensor, value in figures.carry[node.name].kept.items()
        ),
    ]


def _form(figure: str, form: sympy.Expr, value: Size, source: str, symbols: Symbols) -> ClosedForm:
    formula = _text(form)
    # On the text, not on the expression: sympy would work the product out, and the reader wants its factors.
    numbers = re.sub(r"[A-Za-z]\w*", lambda match: str(symbols.get(match[0], match[0])), formula)
    return ClosedForm(figure, formula, numbers, value, source)


def _text(form: sympy.Expr) -> str:
    """A formula as papers write it: kernels, then channels, then sizes, each in time, height and width."""
    # A form may be a plain number, which has no such attribute.
    if getattr(form, "is_Add", False):
        return " + ".join(_text(term) for term in form.as_ordered_terms()).replace("+ -", "- ")
    if not getattr(form, "is_Mul", False) or form.could_extract_minus_sign():
        return str(form)
    factors = [f"({factor})" if factor.is_Add else str(factor) for factor in form.as_ordered_factors()]
    return " * ".join(sorted(factors, key=_place))


def _place(factor: str) -> tuple[int, str, int]:
    letter, _, axis = factor.partition("_")
    return (0 if not letter.isalpha() else 1 + ORDER.find(letter), letter, AXES.find(axis))


def _parameters(weights: Mapping[str, Shape]) -> Size:
    return sum(prod(shape) for shape in weights.values())


def _symbol(name: str, value: Size, symbols: Symbols) -> sympy.Symbol:
    import sympy

    symbols[name] = value
    return sympy.Symbol(name, integer=True, positive=True)


def _symbolic_inputs(inputs: Types, symbols: Symbols) -> Types:
    """The input types with symbols for sizes; equal sizes share one."""
    first = inputs[0]
    shared = TensorType(
        _symbol("c_I", first.channels, symbols),
        *(_symbol(f"m_{axis}", size, symbols) for axis, size in zip(AXES, first[1:], strict=True)),
    )
    found = [shared]
    for number, x in enumerate(inputs[1:], 2):
        sizes = [
            # A gate of 1x1 maps is spread over the map: its 1 stands for itself, not for a size.
            same if size == wanted else (size if size == 1 else _symbol(f"{same}{number}", size, symbols))
            for size, wanted, same in zip(x, first, shared, strict=True)
        ]
        found.append(TensorType(*sizes))
    return tuple(found)


def _symbolic(op: Op, x: TensorType, symbols: Symbols) -> Op:
    """An op with symbols for sizes, but strides of one, paddings of none, dilations of one in space."""
    if op.unwrapped is not op:
        return op.around(_symbolic(op.unwrapped, x, symbols))
    given: dict[str, Size | tuple[Size | None, ...]] = {}
    for name, value in vars(op.spelled_out()).items():
        if name in PREFIXES and isinstance(value, tuple):
            given[name] = tuple(
                _axis(name, axis, size, symbols) for axis, size in zip(AXES, value, strict=True)
            )
        elif name == "channels":
            given[name] = _symbol("c_O", value, symbols)
        elif name == "groups" and value != 1:
            # Under one symbol sympy cancels the groups against the input channels, as the papers write it.
            depthwise = value == x.channels
            given[name] = _symbol("c_I" if depthwise else "g", value, symbols)
        elif name == "wait":
            given[name] = _symbol("wait", value, symbols)
    return dataclasses.replace(op, **given)


def _axis(name: str, axis: str, size: Size | None, symbols: Symbols) -> Size | None:
    # A padding that follows from the input, or differs at the two ends, stays as it is.
    is_plain = size is None or isinstance(size, str | tuple)
    is_plain = is_plain or (name == "padding" and size == 0) or (name == "stride" and size == 1)
    if is_plain or (name == "dilation" and size == 1 and axis != "T"):
        return size
    return _symbol(f"{PREFIXES[name]}_{axis}", size, symbols)


def _name_outputs(out: TensorType, value: TensorType, symbols: Symbols) -> dict[sympy.Expr, sympy.Symbol]:
    """Names n for output sizes that are not themselves a symbol or a number."""
    return {
        size: _symbol(f"n_{axis}", each, symbols)
        for axis, size, each in zip(AXES, out[1:], value[1:], strict=True)
        if getattr(size, "args", ())
    }


def _with_names(form: sympy.Expr, named: Mapping[sympy.Expr, sympy.Symbol]) -> sympy.Expr:
    for size, name in named.items() if hasattr(form, "subs") else ():
        form = form.subs(size, name)
    return form
