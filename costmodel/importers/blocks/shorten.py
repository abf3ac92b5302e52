"""A network as blocks and rows: which modules are worth a block, and what their calls give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from costmodel.arithmetic import parse
from costmodel.graph import INPUT, Graph
from costmodel.importers.blocks.bodies import MISSING, Body, Entry, Leaf, Scalar, body_of, outermost
from costmodel.importers.blocks.modules import Module, Owners, is_inside, modules_of
from costmodel.importers.blocks.names import block_name, in_order, name_arguments
from costmodel.importers.blocks.parameters import FAMILIES, Argument, Block, Given, Literal, block_of
from costmodel.importers.blocks.rows import Row, collapsed
from costmodel.importers.blocks.style import Style
from costmodel.importers.blocks.texts import field_texts
from costmodel.importers.blocks.unify import Pattern, patterns

NETWORK = "network"
SIZES = ("frames", "crop", "crop_height", "crop_width", "classes", "width")
OVERHEAD = 3  # lines of a block beside its layers
LEAST_OPTIONAL = 3  # layers that are a block rather than each with `when`


@dataclass(frozen=True)
class Short:
    """A network as a person would write it.

    Args:
        blocks: the blocks, the inner ones first.
        rows: the rows of each block by its name, and of the network.
        defaults: the arguments of each block by its name: what they are where no call says it.
    """

    blocks: tuple[Block, ...]
    rows: Mapping[str, Sequence[Row]]
    defaults: Mapping[str, Mapping[str, str]]


def shortened(graph: Graph, owners: Owners, style: Style, *, ratios: bool = True) -> Short:
    """A network in blocks.

    Args:
        graph: the network.
        owners: the modules that each layer stands in.
        style: how numbers are written.
        ratios: whether channels may follow from others in a block.
    """
    modules = modules_of(graph, owners)
    while True:
        style.used.clear()
        found = _Blocks(graph, modules, style, ratios=ratios)
        short = found.short()
        # What is called once, and what is no shorter, stands where it is called.
        idle = {block.name for block in short.blocks if not _is_worth(block, short)}
        # What stands in another of them may be worth a block once that one is gone.
        called = {row.word for name in idle for row in short.rows[name]}
        paths = {path for block in short.blocks if block.name in idle - called for path in block.places}
        if not paths:
            return _hoisted(short)
        modules = tuple(each for each in modules if each.path not in paths)


def _is_worth(block: Block, short: Short) -> bool:
    calls = _calls(short, block.name)
    size = len(short.rows[block.name])
    times = sum(row.repeat for row in calls)
    if times == 1:
        return bool(calls[0].when) and size >= LEAST_OPTIONAL
    return times * size > size + OVERHEAD + len(calls)


def _calls(short: Short, name: str) -> list[Row]:
    return [row for rows in short.rows.values() for row in rows if row.word == name and row.is_block]


def _hoisted(short: Short) -> Short:
    """The same, arithmetic in `i` that all calls of a block give being its default."""
    rows, defaults = dict(short.rows), {name: dict(given) for name, given in short.defaults.items()}
    for block in short.blocks:
        calls = _calls(short, block.name)
        for name in short.defaults[block.name]:
            texts = {row.fields.get(name) for row in calls}
            text = next(iter(texts))
            if len(texts) == 1 and text is not None and "i" in parse(text).names:
                defaults[block.name][name] = text
                rows = {key: [_without(row, block.name, name) for row in each] for key, each in rows.items()}
    return Short(short.blocks, rows, defaults)


def _without(row: Row, word: str, name: str) -> Row:
    if row.word != word or not row.is_block:
        return row
    return replace(row, fields={key: text for key, text in row.fields.items() if key != name})


class _Blocks:
    def __init__(self, graph: Graph, modules: Sequence[Module], style: Style, *, ratios: bool) -> None:
        self.graph, self.modules, self.style, self.ratios = graph, modules, style, ratios
        self.blocks: dict[str, Block] = {}
        self.of: dict[str, Block] = {}
        self.defaults: dict[str, Mapping[str, str]] = {}

    def short(self) -> Short:
        for kind, modules in groupby(self.modules, key=lambda each: each.kind):
            for pattern in patterns([self._body(each) for each in modules]):
                self._add(block_name(kind, self.blocks), pattern)
        whole = Module("", "", 0, len(self.graph.nodes), INPUT)
        body = self._body(whole)
        network = block_of(NETWORK, Pattern(body.entries, (body,)), self._family)
        rows = {name: self._rows(block) for name, block in self.blocks.items()}
        return Short(tuple(self.blocks.values()), rows | {NETWORK: self._rows(network)}, self.defaults)

    def _add(self, name: str, pattern: Pattern) -> None:
        block = block_of(name, pattern, self._family, ratios=self.ratios)
        name_arguments(block.slots, block.arguments, [body.out_channels for body in pattern.bodies], SIZES)
        block = replace(block, arguments=in_order(block.arguments))
        self.blocks[name] = block
        self.of |= dict.fromkeys(block.places, block)
        self.defaults[name] = {each.name: self._default(each) for each in block.arguments}

    def _default(self, argument: Argument) -> str:
        if argument.base is not None:
            base = argument.base if isinstance(argument.base, str) else argument.base.name
            return argument.rule.format(base)
        default = argument.default
        return "~" if default is MISSING else self.style.text(Literal(argument.family, default))

    def _body(self, module: Module) -> Body:
        inside = [each for each in self.modules if not module.path or is_inside(each, module)]
        return body_of(self.graph, module, outermost(inside, module.start, module.stop), self._called)

    def _called(self, module: Module) -> tuple[str, Mapping[Leaf, Scalar]]:
        block = self.of[module.path]
        return block.name, block.values(module.path)

    def _family(self, slot: Entry, leaf: Leaf) -> str:
        if not slot.is_block:
            return FAMILIES.get(str(leaf[0]), str(leaf[0]))
        return next(each.family for each in self.blocks[slot.word].arguments if each.name == leaf[0])

    def _rows(self, block: Block) -> Sequence[Row]:
        rows = [self._row(block, slot) for slot in block.slots]
        return collapsed(rows, self.defaults, self._is_shape)

    def _is_shape(self, word: str, name: str) -> bool:
        return any(each.name == name and each.family == "kernel" for each in self.blocks[word].arguments)

    def _row(self, block: Block, slot: Entry) -> Row:
        given = block.given[slot.key]
        texts = {leaf: self._text(slot, leaf, each) for leaf, each in given.items()}
        when = block.when[slot.key].name if slot.key in block.when else ""
        if not slot.is_block:
            known = {leaf: text for leaf, text in texts.items() if text is not None}
            return Row(slot.key, slot.word, False, field_texts(slot.word, known), slot.sources, when)
        defaults = self.defaults[slot.word]
        called = {str(leaf[0]): text for leaf, text in texts.items()}
        fields = {name: text for name, text in called.items() if text != defaults[name]}
        return Row(slot.key, slot.word, True, fields, slot.sources, when)

    def _text(self, slot: Entry, leaf: Leaf, given: Given) -> str | None:
        if isinstance(given, Argument):
            return given.name
        return None if given.value is MISSING else self.style.text(given, slot.node, leaf)
