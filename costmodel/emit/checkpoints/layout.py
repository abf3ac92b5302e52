"""Layouts of checkpoints, shipped and of one's own: how a published network names its tensors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from costmodel.emit.checkpoints.rules import REST, Rule, rule_of
from costmodel.errors import SpecError, nearest
from costmodel.spec.document import shipped_folder
from costmodel.spec.load import Item, read

OWN = "costmodel"
MOST_RULES = 2000
KEYS = ("about", "rules", "parts")


@dataclass(frozen=True)
class Layout:
    """How a checkpoint names its tensors.

    Args:
        name: what it is called.
        rules: for whole names, in the order in which they are tried.
        parts: rules for what stands behind a whole name's rule, by the part that it names.
        about: whose checkpoints they are.
        places: where each rule of a mapping of one's own is written, for messages.
    """

    name: str
    rules: tuple[Rule, ...] = ()
    parts: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    about: str = ""
    places: tuple[Item, ...] = ()

    def rename(self, name: str, wanted: Collection[str] = ()) -> str | None:
        """The name of the same tensor in our network: of the names that rules give the first that it has.

        Returns:
            The first rule's name where the network has none of them; empty where the tensor is dropped; None
            where no rule fits.
        """
        first: str | None = None
        # Publishers name layers alike that differ between their
        # networks: the names that this network has decide.
        for renamed in self.candidates(name):
            if renamed in wanted or not renamed:
                return renamed
            first = renamed if first is None else first
        return first

    def candidates(self, name: str) -> Iterator[str]:
        """The names that the rules which fit give, in their order."""
        for rule in self.rules:
            found = rule.match(name)
            if found is None:
                continue
            for rest in self._rests(rule, found[REST]):
                renamed = rule.renamed(found, rest)
                if renamed is not None:
                    yield renamed

    def _rests(self, rule: Rule, rest: str) -> Iterator[str]:
        if not rule.part:
            yield rest
            return
        for inner in self.parts[rule.part]:
            found = inner.match(rest)
            renamed = None if found is None else inner.renamed(found, found[REST])
            if renamed is not None:
                yield renamed


OURS = Layout(OWN, about="written by this tool")


@cache
def layouts() -> tuple[Layout, ...]:
    """The published layouts, from specs/checkpoints."""
    # In a fixed order, as the first of equal layouts is the one that is told.
    files = sorted((shipped_folder() / "checkpoints").glob("*.yaml"))
    return tuple(layout for path in files for layout in layouts_of(path))


def layouts_of(path: Path) -> tuple[Layout, ...]:
    """The layouts that a file of mappings holds.

    Raises:
        SpecError: there is no such file, or a place in it is wrong.
    """
    root = read(path)
    if not isinstance(root.value, dict) or not root.value:
        raise root.error(f"{root.kind}, expected layouts by name, each with `rules`")
    return tuple(_layout(name, item) for name, item in root.value.items())


def _layout(name: str, item: Item) -> Layout:
    fields = _mapping(item, "a layout with `rules`")
    for key, value in fields.items():
        if key not in KEYS:
            raise value.error(f"unknown key{nearest(key, KEYS)}")
    if "rules" not in fields:
        raise item.error("no `rules`, expected a list of [pattern, name in our network]")
    about = fields.get("about")
    if about is not None and not isinstance(about.value, str):
        raise about.error(f"{about.kind}, expected text")
    parts: dict[str, tuple[Rule, ...]] = {}
    if "parts" in fields:
        given = _mapping(fields["parts"], "lists of rules by name")
        parts = {each: tuple(_rule(rule) for rule in _rules(rules)) for each, rules in given.items()}
    # Kept beside the rules, so that a rule that names no tensor is told by its line in the file.
    places = tuple(_rules(fields["rules"]))
    rules = tuple(_rule(each, parts) for each in places)
    return Layout(name, rules, parts, str(about.value) if about else "", places)


def _mapping(item: Item, expected: str) -> dict[str, Item]:
    if not isinstance(item.value, dict):
        raise item.error(f"{item.kind}, expected {expected}")
    return item.value


def _rules(item: Item) -> list[Item]:
    if not isinstance(item.value, list) or not item.value:
        raise item.error(f"{item.kind}, expected a list of [pattern, name in our network]")
    if len(item.value) > MOST_RULES:
        raise item.error(f"{len(item.value)} rules, at most {MOST_RULES} are read")
    return item.value


def _rule(item: Item, parts: Mapping[str, object] | None = None) -> Rule:
    """One rule; a third text, in a rule for whole names, is a part."""
    most = 2 if parts is None else 3
    texts = [each.value for each in item.value] if isinstance(item.value, list) else []
    if not 2 <= len(texts) <= most or not all(isinstance(text, str) for text in texts):
        third = ", and perhaps a part" if most == 3 else ""
        raise item.error(f"{item.kind}, expected [pattern, name in our network{third}], all text")
    if len(texts) == 3 and texts[2] not in (parts or {}):
        raise item.error(f"unknown part {texts[2]!r}{nearest(texts[2], tuple(parts or ()))}")
    try:
        return rule_of(*texts)
    except SpecError as error:
        raise item.error(str(error)) from error
