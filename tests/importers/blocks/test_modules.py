"""A module is a block where it is fed at one place, read at one, and its layers stand together."""

from __future__ import annotations

from modules_of_specs import INPUT

from costmodel.importers.blocks.modules import modules_of
from costmodel.spec import elaborate, from_text

NET = """network:
  - conv: {as: a.one, channels: 4}
  - relu: {as: a.two}
  - conv: {as: b.c.one, channels: 4}
  - bn: {as: b.c.two}
  - relu: {as: b.three}
  - add: {name: last, from: [%s, b.three]}
"""


def paths(read: str, kinds: dict[str, str]) -> list[str]:
    graph = elaborate(from_text(INPUT + NET % read))
    owners = {
        node.name: [
            (path, kind) for path, kind in kinds.items() if node.name.startswith(f"{path.split('@')[0]}.")
        ]
        for node in graph.nodes
    }
    return [each.path for each in modules_of(graph, owners)]


def test_inner_modules_come_ahead_of_those_that_hold_them():
    assert paths("a.two", {"b": "B", "b.c": "C", "a": "A"}) == ["a", "b.c", "b"]


def test_a_module_that_is_read_inside_is_none():
    assert paths("a.one", {"a": "A", "b": "B"}) == ["b"]
    assert paths("b.c.one", {"b": "B", "b.c": "C"}) == []


def test_a_container_and_a_second_call_are_none():
    assert paths("a.two", {"a": "torch.nn.modules.container.Sequential", "b@1": "B"}) == []


def test_a_class_that_stands_in_itself_is_none():
    assert paths("a.two", {"b": "B", "b.c": "B", "a": "A"}) == ["a"]


def test_layers_of_one_module_that_stand_apart_are_none():
    graph = elaborate(from_text(INPUT + "network: [{relu: {name: a.x}}, bn, {relu: {name: a.y}}]"))
    assert modules_of(graph, {"a.x": [("a", "A")], "a.y": [("a", "A")]}) == ()
