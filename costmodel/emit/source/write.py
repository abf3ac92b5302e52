"""A graph as a Python file that needs only torch, written as a person would."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any

from torch import nn

from costmodel.analysis.cost import analyze
from costmodel.emit.description import as_lines, description
from costmodel.emit.modules.texts import streams
from costmodel.emit.modules.written import TEXTS, Written, carried_text, literal
from costmodel.emit.source.blocks import Block, Line, Part, parts_of
from costmodel.errors import EmitError
from costmodel.escape import python
from costmodel.graph import INPUT, Graph
from costmodel.names import class_name, identifier
from costmodel.weights import About

INDENT = "    "
WIDEST = 110
Tree = dict[str, Any]
_IMPORTED = ("Any", "F", "Tensor")  # what an emitted file imports; torch and nn begin small, as no class does
# What a module of torch, or the base of an emitted network, has of its own
_TAKEN = frozenset({*dir(nn.ModuleDict()), *dir(streams.StreamNetwork)})
# What the body of a network reads: no variable of it may have that name
_READ = frozenset({"self", "torch", "nn", "block", "range", "float", *_IMPORTED, *TEXTS})


def source_text(graph: Graph, about: About | None = None) -> str:
    """The network as standalone source; its state_dict has the names of the emitted module.

    Args:
        graph: the network.
        about: what the file of its weights says, for the docstring.

    Raises:
        EmitError: an op cannot be written as a file of its own, or a size is not a number.
    """
    if not all(isinstance(node.count, int) and node.count == 1 for node in graph.nodes):
        raise EmitError(f"{graph.name}: has free repeats; give the depth a value")
    _must_be_attributes(graph)
    parts = parts_of(graph)
    classes = _Classes.of([part for part in parts if isinstance(part, Block)])
    body = "\n\n\n".join([*classes.texts(graph.is_stream), _network(graph, parts, classes)])
    lines = [line for part in parts for line in (part.lines if isinstance(part, Block) else (part,))]
    helpers = carried_text([line.written for line in lines], graph.is_stream).replace(": Any, ", ", ")
    return (
        "\n\n\n".join(
            part for part in (_header(graph, f"{helpers}\n{body}", about), helpers.strip(), body) if part
        )
        + "\n"
    )


def _must_be_attributes(graph: Graph) -> None:
    """Raises EmitError where the part of a layer's name cannot be an attribute, alone, of its module."""
    parents: dict[tuple[str, str], str] = {}
    for node in graph.nodes:
        parent = ""
        for part in node.name.split("."):
            attribute = identifier(part)
            if attribute in _TAKEN:
                raise EmitError(
                    f"{node.name}: {part!r} is a name that torch's modules have; choose another name"
                )
            other = parents.setdefault((parent, attribute), part)
            if other != part:
                raise EmitError(
                    f"{node.name}: {part!r} and {other!r} would be one attribute; choose another name"
                )
            parent = f"{parent}.{part}"


def _header(graph: Graph, text: str, about: About | None) -> str:
    totals = analyze(graph).totals
    kind = "frame by frame on a stream" if graph.is_stream else "on whole clips"
    facts = [f"{totals['params']:,} parameters"]
    if graph.is_stream:
        source = graph.source
        shape = f"(batch, {source.channels}, {source.height}, {source.width})"
        facts += [
            f"{totals['macs_per_frame']:,} multiply-adds a frame",
            f"{totals['state_floats']:,} numbers of state",
        ]
        facts += [f"first answer after {totals['delay']} frames, settled after {totals['warmup']}"]
    else:
        shape = f"(batch, {', '.join(map(str, graph.source))})"
        facts += [f"{totals['macs_per_clip']:,} multiply-adds a clip"]
    imports = ["import torch", "import torch.nn.functional as F", "from torch import Tensor, nn"]
    used = [
        line
        for line, name in zip(imports, (r"torch\.", r"F\.", ""), strict=True)
        if re.search(rf"\b{name}", text)
    ]
    typing = ["from typing import Any", ""] if re.search(r"\bAny\b", text) else []
    told = [python(line) for line in as_lines(description(graph, about))]
    lines = [f'"""{python(graph.name)}, {kind}: input {shape}.', "", f"{'; '.join(facts)}."]
    lines += ["", *told, '"""', ""]
    return "\n".join([*lines, "from __future__ import annotations", "", *typing, *used])


@dataclass
class _Classes:
    """One class for each pattern of blocks, its parameters being what differs between them."""

    names: dict[tuple[Any, ...], str] = field(default_factory=dict)
    parameters: dict[tuple[Any, ...], dict[tuple[Any, ...], str]] = field(default_factory=dict)
    blocks: dict[tuple[Any, ...], list[Block]] = field(default_factory=dict)

    @staticmethod
    def of(blocks: Iterable[Block]) -> _Classes:
        classes = _Classes()
        for block in blocks:
            classes.blocks.setdefault(block.pattern, []).append(block)
        for number, (pattern, alike) in enumerate(classes.blocks.items()):
            classes.names[pattern] = "Block" if number == 0 else f"Block{number + 1}"
            classes.parameters[pattern] = _parameters(alike)
        return classes

    def texts(self, is_stream: bool) -> list[str]:
        return [self._text(pattern, is_stream) for pattern in self.blocks]

    def call(self, block: Block) -> str:
        """The text that makes a block."""
        parameters = self.parameters[block.pattern]
        values = {
            name: values[self.blocks[block.pattern].index(block)] for values, name in parameters.items()
        }
        given = ", ".join(f"{name}={literal(value)}" for name, value in values.items())
        return f"{self.names[block.pattern]}({given})"

    def _text(self, pattern: tuple[Any, ...], is_stream: bool) -> str:
        alike = self.blocks[pattern]
        block, parameters = alike[0], self.parameters[pattern]
        names = {
            _vector(alike, line, key): parameters.get(_vector(alike, line, key))
            for line in range(len(block.lines))
            for key in block.lines[line].values
        }
        shown = {
            (number, key): names[_vector(alike, number, key)] or literal(value)
            for number, line in enumerate(block.lines)
            for key, value in line.values.items()
        }
        members = _members(block.lines, shown)
        title = f"{alike[0].name} to {alike[-1].name}" if len(alike) > 1 else block.name
        heading = [
            f"class {self.names[pattern]}(nn.Module):",
            f'{INDENT}"""{title}, {len(alike)} in all."""',
            "",
        ]
        signature = ", ".join(["self", *(f"{name}: {_type(values)}" for values, name in parameters.items())])
        method = "forward(self, x: Tensor) -> Tensor"
        if is_stream:
            method = "forward(self, x: Tensor | None) -> Tensor | None"
        body = _statements(block.lines, {"": "x"}, is_stream)
        return "\n".join(
            [
                *heading,
                *_method(f"__init__({signature}) -> None", ["super().__init__()", *members]),
                "",
                *_method(method, [*body[0], f"return {body[1]}"]),
            ]
        )


def _vector(alike: Sequence[Block], line: int, key: str) -> tuple[Any, ...]:
    return tuple(block.lines[line].values[key] for block in alike)


def _parameters(alike: Sequence[Block]) -> dict[tuple[Any, ...], str]:
    """Names for what differs between blocks of one class, by the values it takes in each of them."""
    found: dict[tuple[Any, ...], str] = {}
    for number, line in enumerate(alike[0].lines):
        for key in line.values:
            values = _vector(alike, number, key)
            if len(set(map(repr, values))) == 1 or values in found:
                continue
            base = key if key == "in_channels" else f"{identifier(line.name.rpartition('.')[2])}_{key}"
            taken, name, again = set(found.values()), base, 2
            while name in taken:
                name, again = f"{base}_{again}", again + 1
            found[values] = name
    return found


def _type(values: tuple[Any, ...]) -> str:
    return "tuple[int, int, int]" if isinstance(values[0], tuple) else type(values[0]).__name__


def _network(graph: Graph, parts: Sequence[Part], classes: _Classes) -> str:
    base = "StreamNetwork" if graph.is_stream else "nn.Module"
    lines = [part for part in parts if isinstance(part, Line)]
    shown = {
        (number, key): literal(value)
        for number, line in enumerate(lines)
        for key, value in line.values.items()
    }
    members = _in_order(parts, lines, shown, classes)
    name = class_name(graph.name, {*_IMPORTED, *TEXTS, *classes.names.values()})
    method = (
        "run_frame(self, x: Tensor) -> Tensor | None"
        if graph.is_stream
        else "forward(self, x: Tensor) -> Tensor"
    )
    statements, answer = _network_statements(graph, parts)
    end = graph.types[graph.output]
    flat = not graph.is_stream and end.positions == 1
    body = [*statements, f"return {answer}.flatten(1)" if flat else f"return {answer}"]
    heading = [f"class {name}({base}):", f'{INDENT}"""{python(graph.name)}."""', ""]
    init = _method("__init__(self) -> None", ["super().__init__()", *members])
    return "\n".join([*heading, *init, "", *_method(method, body)])


def _in_order(
    parts: Sequence[Part], lines: Sequence[Line], shown: Mapping[tuple[int, str], str], classes: _Classes
) -> list[str]:
    """The members of the network: single layers, and runs of numbered blocks as module lists."""
    members: list[str] = []
    numbered = {id(line): number for number, line in enumerate(lines)}
    for is_block, run in groupby(parts, key=lambda part: isinstance(part, Block)):
        if is_block:
            members += _block_members([part for part in run if isinstance(part, Block)], classes)
            continue
        alone = [part for part in run if isinstance(part, Line)]
        own = {
            (at, key): shown[numbered[id(line)], key] for at, line in enumerate(alone) for key in line.values
        }
        members += _members(alone, own)
    return members


def _block_members(blocks: Sequence[Block], classes: _Classes) -> list[str]:
    members: list[str] = []
    for stage, run in groupby(blocks, key=lambda block: block.name.rpartition(".")[0]):
        calls = [(classes.call(block), 1) for block in run]
        if "." in stage:
            raise EmitError(f"{stage}: numbered blocks inside others cannot be written as source")
        grouped = [(call, sum(1 for _ in same)) for call, same in groupby(call for call, _ in calls)]
        members.append(f"self.{identifier(stage)} = nn.ModuleList(")
        members.append(f"{INDENT}[")
        for call, count in grouped:
            members.append(
                f"{INDENT * 2}{call}," if count == 1 else f"{INDENT * 2}*({call} for _ in range({count})),"
            )
        members += [f"{INDENT}]", ")"]
    return members


def _network_statements(graph: Graph, parts: Sequence[Part]) -> tuple[list[str], str]:
    """The body of the network: blocks in loops where each reads the one before."""
    statements: list[str] = []
    variables = {INPUT: "x"}
    pending: list[Line] = []
    readers = {name: list(found) for name, found in graph.consumers.items()}

    def flush() -> None:
        if pending:
            body, _ = _statements(pending, variables, graph.is_stream, keep=_read_later(pending, readers))
            statements.extend(body)
            pending.clear()

    blocks = [part for part in parts if isinstance(part, Block)]
    looped: set[str] = set()
    for part in parts:
        if isinstance(part, Line):
            pending.append(part)
            continue
        flush()
        stage = part.name.rpartition(".")[0]
        if stage in looped:
            variables[part.output] = variables[part.source]
            continue
        source = variables[part.source]
        looped.add(stage)
        run = [block for block in blocks if block.name.rpartition(".")[0] == stage]
        alone = all(later.source == earlier.output for earlier, later in pairwise(run))
        only = all(len(readers[block.source]) == len(_first_readers(block, readers)) for block in run)
        if not alone or not only:
            raise EmitError(f"{stage}: its blocks are read from elsewhere and cannot be written as source")
        statements += [f"for block in self.{identifier(stage)}:", f"{INDENT}{source} = block({source})"]
        variables[part.output] = source
    flush()
    return statements, variables[graph.output]


def _first_readers(block: Block, readers: Mapping[str, list[str]]) -> list[str]:
    return [name for name in readers[block.source] if name.startswith(f"{block.name}.")]


def _read_later(lines: Sequence[Line], readers: Mapping[str, list[str]]) -> set[str]:
    inside = {line.name for line in lines}
    names = {name for line in lines for name in (line.name, *line.inputs)}
    return {name for name in names if any(reader not in inside for reader in readers.get(name, []))}


def _statements(
    lines: Sequence[Line], variables: dict[str, str], is_stream: bool, keep: set[str] | None = None
) -> tuple[list[str], str]:
    """Statements that run the lines in order, and the variable of the last; a chain keeps one variable."""
    last_read = {name: number for number, line in enumerate(lines) for name in line.inputs}
    live_on = keep or set()
    statements = []
    for number, line in enumerate(lines):
        inputs = [variables[name] for name in line.inputs]
        alive = {
            variable
            for name, variable in variables.items()
            if name in live_on or last_read.get(name, -1) > number
        }
        variable = _variable(line, inputs, alive)
        statements += _run(line, inputs, variable, is_stream)
        for name in [name for name, used in variables.items() if used == variable]:
            del variables[name]
        variables[line.name] = variable
    return statements, variables[lines[-1].name]


def _variable(line: Line, inputs: Sequence[str], alive: set[str]) -> str:
    """The variable of its first input where that is free, else the name of its branch."""
    if inputs[0] not in alive:
        return inputs[0]
    branch = identifier(line.name.split(".")[-2] if "." in line.name else line.name)
    branch = f"{branch}_" if branch in _READ else branch
    name, again = branch, 2
    while name in alive:
        name, again = f"{branch}_{again}", again + 1
    return name


def _run(line: Line, inputs: Sequence[str], variable: str, is_stream: bool) -> list[str]:
    form = line.written
    arguments = list(inputs)
    before: list[str] = []
    if line.crops:
        before.append(f"{', '.join(arguments)} = crop({', '.join(arguments)})") if not is_stream else None
    options = dict(form.call_options)
    ahead = options.pop("pad_ahead", None)
    if ahead is not None:
        arguments[0] = f"pad_ahead({arguments[0]}, {ahead})"
    if form.frames_first:
        before.append(f"{variable} = run({_member(f'{line.name}_frames')}, {arguments[0]})")
        arguments[0] = variable
    called = _member(line.member) if form.module else form.call
    given = ", ".join([*arguments, *(f"{name}={value}" for name, value in options.items())])
    if is_stream and not form.takes_nothing:
        return [*before, f"{variable} = run({called}, {given})"]
    return [*before, f"{variable} = {called}({given})"]


def _members(lines: Sequence[Line], shown: Mapping[tuple[int, str], str]) -> list[str]:
    """Statements that make the modules of lines; dotted names nest in ModuleDicts."""
    tree: Tree = {}
    for number, line in enumerate(lines):
        form = line.written
        if form.frames_first:
            window = ", ".join(f"{name}={shown[number, f'window_{name}']}" for name, _ in form.frames_first)
            _put(tree, f"{line.name}_frames", f"FrameWindow({window})")
        if form.module:
            _put(tree, line.member, _made(form, number, shown))
    members: list[str] = []
    for name, item in tree.items():
        text = _nested(item, 0)
        members += [f"self.{identifier(name)} = {text[0]}", *text[1:]]
    return members


def _made(form: Written, number: int, shown: Mapping[tuple[int, str], str]) -> str:
    arguments = [shown[number, key] for key in form.arguments]
    options = [f"{key}={shown[number, key]}" for key in form.options]
    return f"{form.module}({', '.join(arguments + options)})"


def _put(tree: Tree, name: str, text: str) -> None:
    *path, last = name.split(".")
    for part in path:
        tree = tree.setdefault(part, {})
        if not isinstance(tree, dict):
            raise EmitError(f"{name}: stands inside another layer and cannot be written as source")
    if last in tree:
        raise EmitError(f"{name}: stands above other layers and cannot be written as source")
    tree[last] = text


def _nested(item: Tree | str, depth: int) -> list[str]:
    if isinstance(item, str):
        return [item]
    lines = ["nn.ModuleDict("]
    lines.append(f"{INDENT}{{")
    for name, inner in item.items():
        first, *rest = _nested(inner, depth + 1)
        lines += [f'{INDENT * 2}"{name}": {first}', *(f"{INDENT * 2}{line}" for line in rest)]
        lines[-1] += ","
    return [*lines, f"{INDENT}}}", ")"]


def _member(name: str) -> str:
    first, *rest = name.split(".")
    text = f"self.{identifier(first)}"
    for part in rest:
        plain = identifier(part) == part and not hasattr(nn.ModuleDict, part)
        text += f".{part}" if plain else f'["{part}"]'
    return text


def _method(signature: str, body: Iterable[str]) -> list[str]:
    lines = [f"{INDENT}def {signature}:", *(f"{INDENT * 2}{line}" for line in body)]
    return [wrapped for line in lines for wrapped in _wrapped(line)]


def _wrapped(line: str) -> list[str]:
    """A line that is too long, broken at its outermost brackets."""
    if len(line) <= WIDEST or "(" not in line or not line.rstrip(",:").endswith((")", "None")):
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    start = line.index("(")
    end = line.rindex(")")
    inner = line[start + 1 : end]
    return [line[: start + 1], f"{indent}{INDENT}{inner}", f"{indent}{line[end:]}"]
