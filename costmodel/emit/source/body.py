"""The statements that run a class: its layers and groups in order, each result in a variable."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from torch import nn

from costmodel.emit.modules.written import TEXTS
from costmodel.emit.source.expression import Argument, Call, Expression, Raw
from costmodel.emit.source.layout import line, lines
from costmodel.emit.source.order import Access, Item, Order
from costmodel.emit.source.parameters import RESERVED
from costmodel.emit.source.plan import Options
from costmodel.emit.source.tree import Line
from costmodel.names import identifier

# A person writes `x + y`.
OPERATORS = {"torch.add": "+", "torch.mul": "*"}
MAIN = "x"


def inputs_of(order: Order) -> list[str]:
    """The variables that a class is given: `x`, or where there are several the names of what they are."""
    if len(order.inputs) == 1:
        return [MAIN]
    names: list[str] = []
    for edge in order.inputs:
        names.append(_variable(edge.split(".")[-1], {*names, *functions_of(order)}))
    return names


def functions_of(order: Order) -> set[str]:
    """The names of functions that a class calls, which none of its variables may have."""
    return {item.part.form.call.split(".")[0] for item in order.items if isinstance(item.part, Line)}


class Body:
    """The statements of one class.

    Args:
        order: what runs.
        members: the submodules.
        options: what functions are called with, by the number of the item and the name.
        is_stream: whether a frame may be missing.
    """

    def __init__(
        self, order: Order, members: Mapping[str, Expression], options: Options, is_stream: bool
    ) -> None:
        self._order = order
        self._members = members
        self._functions = functions_of(order)
        self._options = options
        self._is_stream = is_stream
        self._last_read = {
            name: number for number, item in enumerate(order.items) for name in item.inputs
        } | {name: len(order.items) for name in order.outputs}
        self._variables = dict(zip(order.inputs, inputs_of(order), strict=True))

    def statements(self, ending: str = "") -> list[str]:
        """All statements; the last returns the result, with an ending such as `.flatten(1)`."""
        found: list[tuple[str, Expression]] = []
        for number, item in enumerate(self._order.items):
            found += self._run(number, item)
        results = [self._variables[name] for name in self._order.outputs]
        written = [text for variable, made in found[:-1] for text in lines(f"{variable} = ", made)]
        variable, made = found[-1]
        if results == [variable] and (isinstance(made, Call) or not ending):
            return [*written, *lines("return ", made, ending)]
        return [*written, *lines(f"{variable} = ", made), f"return {', '.join(results)}{ending}"]

    def _run(self, number: int, item: Item) -> list[tuple[str, Expression]]:
        names = item.part.inputs if isinstance(item.part, Line) else item.inputs
        inputs = [self._variables[name] for name in names]
        # A variable that nothing reads behind this item may be used again: `x` where a chain goes on.
        alive = {self._variables[name] for name in self._variables if self._last_read.get(name, -1) > number}
        outputs = self._outputs(item, inputs, alive)
        found: list[tuple[str, Expression]] = []
        if not isinstance(item.part, Line):
            found.append((", ".join(outputs), self._called(self._member(item.access), inputs, {})))
        else:
            found += self._layer(number, item, item.part, inputs, outputs[0])
        self._variables = {name: each for name, each in self._variables.items() if each not in outputs}
        self._variables |= zip(item.outputs, outputs, strict=True)
        return found

    def _layer(
        self, number: int, item: Item, part: Line, inputs: list[str], output: str
    ) -> list[tuple[str, Expression]]:
        form, before = part.form, []
        options = {key: each for (at, key), each in self._options.items() if at == number}
        # Frames of a stream are aligned already, one at a time.
        if form.crops is not None and not self._is_stream:
            inputs = [f"*crop({', '.join((*inputs, *form.crops))})"]
        if form.fills:
            inputs = [f"*fill({', '.join(inputs)})"]
        if "frames_ahead" in options:
            ahead = line(options.pop("frames_ahead")), line(options.pop("value_ahead"))
            inputs = [f"pad_ahead({', '.join((inputs[0], *ahead))})", *inputs[1:]]
        if form.frames_first:
            window = self._member((*item.access[:-1], part.beside))
            before.append((output, self._called("run", [window, *inputs], {})))
            inputs = [output]
        # On a stream a branch may be None, which an operator does not take.
        if form.call in OPERATORS and not self._is_stream and len(inputs) == 2:
            return [*before, (output, Raw(f" {OPERATORS[form.call]} ".join(inputs)))]
        function = self._member(item.access) if form.module else form.call
        if self._is_stream and not form.takes_nothing:
            return [*before, (output, self._called("run", [function, *inputs], options))]
        return [*before, (output, self._called(function, inputs, options))]

    def _called(self, function: str, inputs: Sequence[str], options: Mapping[str, Expression]) -> Call:
        given = [Argument("", Raw(each)) for each in inputs]
        return Call(function, (*given, *(Argument(name, each) for name, each in options.items())))

    def _outputs(self, item: Item, inputs: Sequence[str], alive: set[str]) -> list[str]:
        """`x` as long as nothing else is needed later, else the name of the branch."""
        if len(item.outputs) == 1:
            if not alive:
                return [MAIN]
            if isinstance(item.part, Line) and inputs[0] not in alive:
                return [inputs[0]]
        found: list[str] = []
        name = item.access[-1] if not item.access[-1].isdigit() else "_".join(item.access[-2:])
        for each in (name, *(edge.split(".")[-1] for edge in item.outputs[1:])):
            # A variable of a function's name would hide the function for the rest of the method.
            found.append(_variable(each, {*alive, *found, *self._functions}))
        return found

    def _member(self, access: Access) -> str:
        """The text that reads a submodule, in a container where its group is one."""
        first, *others = access
        # A number is the name of a submodule, but not of an attribute that can be written.
        text = f"self.{first}" if identifier(first) == first else f"self.get_submodule({first!r})"
        above = self._members[first]
        for name in others:
            assert isinstance(above, Call)
            (content,) = (each.value for each in above.arguments)
            assert isinstance(content, Call)
            inside = {each.name or str(at): each.value for at, each in enumerate(content.arguments)}
            # A dictionary of modules has attributes of its own, such as `keys`, which would be found first.
            is_plain = identifier(name) == name and not hasattr(nn.ModuleDict, name)
            index = f"[{name}]" if above.function == "nn.ModuleList" else f"[{name!r}]"
            text += f".{name}" if is_plain else index
            above = inside[name]
        return text


def _variable(name: str, taken: Collection[str] = ()) -> str:
    """A variable of this name, or with underscores behind it."""
    variable = identifier(name)
    while variable in taken or variable in RESERVED | TEXTS:
        variable += "_"
    return variable
