"""A network that fails is made smaller as long as it fails, and printed as a spec that repeats it."""

from collections.abc import Callable

import pytest
from checked import residual

from costmodel.emit.modules.conv import ConvLayer
from costmodel.errors import CostModelError
from costmodel.graph import Graph
from costmodel.ops import Conv, GlobalPool, MaxPool
from costmodel.spec import elaborate, from_text
from costmodel.spec.write import dump
from costmodel.transforms.causal import Causal
from costmodel.transforms.continual import Continual
from costmodel.validation.equality import check_equality
from costmodel.validation.random_checks import Tried
from costmodel.validation.random_networks import random_graph
from costmodel.validation.shrink import Made, shrunk
from costmodel.validation.validate import validate

SEED = 0


def has(kind: type) -> Callable[[Graph], bool]:
    return lambda graph: any(isinstance(node.op.unwrapped, kind) for node in graph.nodes)


@pytest.mark.parametrize("kind", [MaxPool, Conv])
def test_one_layer_is_left_of_a_network_in_which_one_fails(kind: type):
    start = next(
        found for found in map(random_graph, range(99)) if has(kind)(found) and len(found.nodes) > 20
    )
    small = shrunk(Made.of(start, ()), has(kind)).graph
    assert [type(node.op) for node in small.nodes] == [kind]
    pools = [MaxPool(kernel=(size, size, size)) for size in (1, None)]
    assert small.nodes[0].op in (*pools, Conv(channels=1))
    assert tuple(small.source) == (1, 1, 1, 1)


def test_transforms_that_do_not_matter_are_left_out():
    start = next(found for found in map(random_graph, range(99)) if has(GlobalPool)(found))
    made = Made.of(start, (Causal(), Continual(state="window")))
    small = shrunk(made, lambda graph: graph.is_stream)
    assert small.transforms == (Continual(),)
    assert len(small.start.nodes) == 1


def test_a_network_that_cannot_be_made_is_no_smaller_one():
    def fails(graph: Graph) -> bool:
        assert elaborate(from_text(dump(graph))).nodes == graph.nodes
        return len(graph.nodes) > 3

    small = shrunk(Made.of(random_graph(2), ()), fails)
    assert len(small.graph.nodes) == 4
    with pytest.raises(CostModelError):
        Made.of(small.start, (Continual(), Continual()))


def test_a_rule_that_is_broken_is_shown_by_its_layer_alone(monkeypatch: pytest.MonkeyPatch):
    usual = ConvLayer.taps
    monkeypatch.setattr(ConvLayer, "taps", lambda layer, frame, which: usual(layer, frame, which[::-1]))
    made = Made.of(residual(stride=1), (Continual(),))
    first = next(check for check in validate(made.graph, SEED, [check_equality]) if not check.holds)
    text = Tried(made, SEED, (first,)).smallest()
    assert text.startswith(f"# {first.what} of residual, --continual")
    assert "# validate this file --continual" in text
    (node,) = elaborate(from_text(text)).nodes
    assert isinstance(node.op, Conv)
    assert node.op.kernel[0] == 2
