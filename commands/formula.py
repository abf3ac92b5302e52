"""`formula`: the figures of a network as closed forms in its own sizes."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from commands.command import Command
from commands.options import FORMAT
from commands.printing import show
from commands.source import Source
from costmodel.analysis.formula import Formulas, formulas, is_whole
from costmodel.analysis.metrics import METRICS
from costmodel.analysis.sensitivity import Sensitivity, sensitivities
from costmodel.errors import OptionError, nearest
from costmodel.escape import Markup
from costmodel.numbers import Exact, Number, exact
from costmodel.options import Option
from reports.table import Page, Table, Text, whole
from reports.times import Clock

if TYPE_CHECKING:
    from search.sweep.evaluator import Evaluator

SENSITIVE = ("params", "macs_per_frame", "state_floats", "receptive_field", "delay")
SENSITIVITY_COLUMNS = ("size", "at", "total", "value", "percent_per_percent", "next", "change_percent")
EXAMPLES = """The figures of a network as formulas in the sizes that you name.

Widths, depths and map sizes that follow from others get names, listed above the formulas that use them.
A `let` name of the spec may be left free as well. Every total but the peak over orders of execution has a
formula; `entropy`, a long one, is given by name alone.

Examples:

    formula x3d_m --free frames

    formula x3d --continual --free d2,d3,d4,d5,frames --metrics receptive_field,delay

    formula x3d --free all --format latex

    formula x3d_m --continual --free gamma_w,gamma_b,gamma_d,frames,crop --sensitivity
"""


def formula(source: Source, free: str, metrics: str | None, sensitivity: bool, format: str) -> None:
    """Prints the formulas of a network."""
    from search.sweep.evaluator import Evaluator

    if not source.takes_symbols:
        flags = " ".join(each.flags for each in source.transforms if not each.takes_symbols)
        raise OptionError(f"--free: {flags} takes sizes that are numbers; leave it out")
    # the sweep's way to build a graph with some sizes left open: symbols go where its arrays go
    evaluator = Evaluator(source.with_input_sizes(), _metrics(metrics))
    names = _free(evaluator, free)
    point = _point(evaluator)
    # a symbol for whole numbers lets sympy drop floors that change nothing
    whole = {name: is_whole(evaluator.build, name, point[name]) for name in names}
    # None: those that are worth reading, without the entropy, a long one
    wanted = evaluator.metrics if metrics else None
    found = formulas(evaluator.build, whole, wanted, taken=evaluator.names)
    rows = sensitivities(found, point, None if metrics else SENSITIVE) if sensitivity else []
    show(page(evaluator, found, rows), format)


def _metrics(text: str | None) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()] if text else []
    for name in names:
        if name not in METRICS:
            raise OptionError(f"--metrics: unknown metric {name!r}{nearest(name, METRICS)}")
    return tuple(names)


def _free(evaluator: Evaluator, text: str) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if names == ["all"]:
        # a size that decides which layers exist has no closed form: with `all` it keeps its number
        deciding = evaluator.structure(tuple(evaluator.settings))
        return [name for name in evaluator.settings if name not in deciding]
    if not names:
        raise OptionError("--free: no name, expected some such as frames,crop")
    for name in names:
        if name not in evaluator.names:
            title = evaluator.network.document.name
            raise OptionError(f"--free: {title} has no size {name!r}{nearest(name, evaluator.names)}")
        if name in evaluator.network.size_names and name not in evaluator.settings:
            flag = name.replace("_", "-")
            raise OptionError(f"--free: {name} is not given here; add --{flag} with a value")
    deciding = evaluator.structure(tuple(names))
    if deciding:
        name = min(deciding)
        reason = evaluator.reasons.get(name)
        why = f"{name} must be a number: {reason}" if reason else f"{name} decides which layers exist"
        raise OptionError(f"--free: {why}; set it with --set")
    return names


def _point(evaluator: Evaluator) -> dict[str, Exact]:
    """The spec's own values of all its names."""
    lets: dict[str, Number] = {}
    evaluator.build({}, lambda name, value: lets.setdefault(name, value))
    return {name: exact(value) for name, value in (evaluator.settings | lets).items()}


def page(evaluator: Evaluator, found: Formulas, rows: list[Sensitivity]) -> Page:
    """The formulas, with what a percent more of each size costs."""
    costs = whole([Table(_rows(rows), SENSITIVITY_COLUMNS, _TITLE)])
    formulas_only = Text({"latex": lambda: _latex(found)})
    return Page(
        lambda: _json(evaluator, found, rows),
        lambda: [Text({"table": lambda: _text(found)}), *costs],
        lambda: _sheet(found),
        lambda: [formulas_only, _named(found), *costs],
    )


def _text(found: Formulas) -> str:
    graph = found.graph
    lines = [f"{graph.name}, {'continual' if graph.is_stream else 'clip'}, in {', '.join(found.free)}"]
    if isinstance(graph.every, int) and isinstance(graph.fps, int):
        lines += [f"times in model frames, {Clock(graph.every, Fraction(graph.fps)).label}"]
    definitions = found.used()
    if definitions:
        lines += ["", "where", *(f"  {symbol} = {each}" for symbol, each in definitions.items())]
    lines += ["", *(f"{name} = {_shown(total)}" for name, total in found.totals.items())]
    notes = [f"note: {note}" for note in (*found.graph.notes, *found.notes)]
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


_TITLE = "what one percent more costs, floors taken as smooth; and exactly, at the next value that changes it"


def _shown(total: object) -> str:
    return "-" if total is None else str(total)


def _latex(found: Formulas) -> str:
    import sympy

    lines = [rf"{sympy.latex(symbol)} &= {sympy.latex(each)} \\" for symbol, each in found.used().items()]
    for name, total in found.totals.items():
        if total is not None:
            title = name.replace("_", r"\_")
            lines.append(rf"\mathrm{{{title}}} &= {sympy.latex(total)} \\")
    # A reader's document knows the environment only with this package.
    return "\n".join([r"% \usepackage{amsmath}", r"\begin{align*}", *lines, r"\end{align*}"]) + "\n"


def _json(evaluator: Evaluator, found: Formulas, rows: list[Sensitivity]) -> Mapping[str, object]:
    import sympy

    def both(each: object) -> dict[str, str] | None:
        return None if each is None else {"text": str(each), "latex": sympy.latex(each)}

    return {
        "model": found.graph.name,
        "mode": "continual" if found.graph.is_stream else "clip",
        "free": {name: "integer" if symbol.is_integer else "real" for name, symbol in found.free.items()},
        "values": {
            name: tables_value(value) for name, value in _point(evaluator).items() if name in found.free
        },
        "definitions": {str(symbol): both(each) for symbol, each in found.used().items()},
        "totals": {name: both(total) for name, total in found.totals.items()},
        "notes": [*found.graph.notes, *found.notes],
        "sensitivities": _rows(rows),
    }


def tables_value(value: Exact | float) -> float:
    """A value as JSON has it."""
    return value if isinstance(value, int) else float(value)


def _sheet(found: Formulas) -> Table:
    lines = [
        {"name": str(symbol), "kind": "size", "formula": str(each)} for symbol, each in found.used().items()
    ]
    lines += [
        {"name": name, "kind": "total", "formula": _shown(total)} for name, total in found.totals.items()
    ]
    return Table(lines, ("name", "kind", "formula"))


def _named(found: Formulas) -> Text:
    """The formulas as a table of Markdown; LaTeX has them as equations."""

    def table() -> str:
        import sympy

        pairs = [(str(symbol), each) for symbol, each in found.used().items()] + list(found.totals.items())
        lines = [
            {"name": name, "formula": "-" if each is None else Markup(f"${sympy.latex(each)}$")}
            for name, each in pairs
        ]
        return Table(lines, ("name", "formula")).render("md")

    return Text({"md": table})


def _rows(rows: list[Sensitivity]) -> list[dict[str, object]]:
    return [
        {
            "size": row.symbol,
            "at": tables_value(row.at),
            "total": row.total,
            "value": tables_value(row.value),
            "percent_per_percent": row.elasticity,
            "next": None if row.next_at is None else tables_value(row.next_at),
            "change_percent": row.change,
        }
        for row in rows
    ]


COMMAND = Command(
    formula,
    EXAMPLES,
    (
        Option(
            "free",
            "Sizes to leave free, with commas; `all` for all that can be.",
            default="all",
            metavar="NAMES",
        ),
        Option("metrics", "Totals wanted, with commas."),
        Option("sensitivity", "What a percent more of each size costs, at the spec's values.", bool, False),
        FORMAT,
    ),
    takes="spec",
)
