"""The text of a class: its arguments, its submodules, and how they run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from costmodel.emit.source.body import Body, inputs_of
from costmodel.emit.source.classes import Class
from costmodel.emit.source.expression import Argument, Call, Expression, Raw, call, mapped
from costmodel.emit.source.layout import INDENT, WIDEST, indented, lines
from costmodel.emit.source.plan import Options
from costmodel.escape import python
from costmodel.graph import Graph
from costmodel.names import identifier

MOST_ABOUT = 90  # characters of what a docstring says, where it can be shorter


def class_text(made: Class, graph: Graph) -> str:
    """The text of a class of an emitted file."""
    plan = made.plans[0]
    # One iterator for members and options: the texts stand in the order in which the values were collected.
    texts = iter(made.texts)
    members = {name: _plain(_filled(each, texts)) for name, each in made.members.items()}
    arguments = {parameter.name for parameter in made.parameters}
    options, kept = {}, []
    for at, each in plan.options.items():
        options[at], read = _as_read(each, texts, arguments)
        kept += read
    is_network = not plan.group.path
    base = plan.sequence or ("StreamNetwork" if is_network and graph.is_stream else "nn.Module")
    parts = [[f'"""{python(_about(made, graph))}"""']]
    # A container of torch runs itself; its class is a constructor alone.
    if plan.sequence:
        parts.append(_sequence(made, members))
    elif members or kept or made.parameters:
        parts.append(_constructor(made, members, list(dict.fromkeys(kept))))
    if not plan.sequence:
        parts.append(_forward(made, members, options, graph))
    text = "\n\n".join("\n".join(indented(part)) for part in parts)
    return f"class {made.name}({base}):\n{text}"


def _about(made: Class, graph: Graph) -> str:
    """What the class stands for: the spec's block, and where it is."""
    paths = [".".join(plan.group.path) for plan in made.plans]
    if paths == [""]:
        return f"{graph.name}."
    block = made.plans[0].group.block
    what = "" if block is None or not graph.blocks else f"Block {block.word}: "
    whole = f"{what}{paths[0]} to {paths[-1]}, {len(paths)} in all."
    if len(paths) > 2:
        return whole if len(whole) <= MOST_ABOUT else f"{what}{paths[0]} and {len(paths) - 1} more."
    return f"{what}{' and '.join(paths)}."


def _filled(expression: Expression, texts: Iterator[str]) -> Expression:
    """An expression with the texts of its values."""
    return mapped(expression, lambda _: Raw(next(texts)))


def _as_read(
    expression: Expression, texts: Iterator[str], arguments: set[str]
) -> tuple[Expression, list[str]]:
    """An option of a function as a method reads it, and which arguments must be kept for that."""
    kept: list[str] = []

    def read(text: str) -> Raw:
        if text not in arguments:
            return Raw(text)
        kept.append(text)
        return Raw(f"self.{text}")

    return mapped(expression, lambda _: read(next(texts))), kept


def _plain(expression: Expression) -> Expression:
    """An expression in which a convolution over time that turned out to see single frames is a plain one."""
    if not isinstance(expression, Call):
        return mapped(expression, lambda each: each)
    arguments = tuple(Argument(each.name, _plain(each.value), each.default) for each in expression.arguments)
    named = {each.name: each.value for each in arguments if each.name}
    # Blocks alike were levelled to convolutions over time,
    # of which this class may have only those of one frame.
    if expression.function == "StreamConv3d" and _sees_one_frame(arguments[2].value, named):
        return Call("nn.Conv3d", tuple(each for each in arguments if each.name != "before"))
    return Call(expression.function, arguments)


def _sees_one_frame(kernel: Expression, options: Mapping[str, Expression]) -> bool:
    times = [kernel, *(options[name] for name in ("stride",) if name in options)]
    firsts = [each.arguments[0].value for each in times if isinstance(each, Call)]
    return firsts == [Raw("1")] * len(times) and options.get("before", Raw("0")) == Raw("0")


def _signature(name: str, arguments: Sequence[str], answer: str) -> list[str]:
    given = call(f"def {name}", Raw("self"), *map(Raw, arguments))
    return lines("", given, f" -> {answer}:", WIDEST - len(INDENT))


def _init(made: Class) -> list[str]:
    given = [
        f"{each.name}: {each.annotation}" + ("" if each.default is None else f" = {each.default!r}")
        for each in made.parameters
    ]
    return _signature("__init__", given, "None")


def _sequence(made: Class, members: Mapping[str, Expression]) -> list[str]:
    entries = made.plans[0].arguments_of(members)
    return [*_init(made), *indented(lines("", Call("super().__init__", entries)))]


def _constructor(made: Class, members: Mapping[str, Expression], kept: Sequence[str]) -> list[str]:
    statements = ["super().__init__()", *(f"self.{name} = {name}" for name in kept)]
    for name, member in members.items():
        if identifier(name) == name:
            statements += lines(f"self.{name} = ", member)
        else:
            statements += lines("", call("self.add_module", Raw(repr(name)), member))
    return [*_init(made), *indented(statements)]


def _forward(made: Class, members: Mapping[str, Expression], options: Options, graph: Graph) -> list[str]:
    plan = made.plans[0]
    kind = "Tensor | None" if graph.is_stream else "Tensor"
    count = len(plan.order.outputs)
    answer = kind if count == 1 else f"tuple[{', '.join([kind] * count)}]"
    is_network = not plan.group.path
    # The module answers (batch, channels) there; frames of a stream are flattened by their base class.
    is_flat = is_network and not graph.is_stream and graph.types[graph.output].positions == 1
    body = Body(plan.order, members, options, graph.is_stream)
    name = "run_frame" if is_network and graph.is_stream else "forward"
    given = [f"{each}: {kind}" for each in inputs_of(plan.order)]
    return [*_signature(name, given, answer), *indented(body.statements(".flatten(1)" if is_flat else ""))]
