"""(2+1)D convolutions: as many weights as before at most, and those of the public network by the rule."""

from math import prod

import pytest

from costmodel import Graph
from costmodel.errors import TransformError
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms import Transform
from costmodel.transforms.continual import Continual
from costmodel.transforms.factorise import Factorise
from costmodel.validation.validate import validate


def network(layers: str, *transforms: Transform) -> Network:
    text = f"input: {{channels: 8, time: 8, height: 8, width: 8}}\nsizes: {{}}\nnetwork:\n{layers}"
    return Network(from_text(text, "tiny"), {}, transforms)


def weights(graph: Graph, name: str) -> dict[str, tuple[int, ...]]:
    node = graph.by_name[name]
    return {each: tuple(shape) for each, shape in node.op.weights(*graph.inputs_of(node)).items()}


def test_blocks_of_r3d_become_those_of_r2plus1d():
    """Torchvision's two networks agree with the rule in every block that keeps its channels."""
    made = Network.of("r3d_18", None, {}, [Factorise()]).graph()
    written = Network.of("r2plus1d", "R2plus1D-18-16", {}).graph()
    ours, theirs = (
        [
            (each.op, weights(graph, each.name))
            for each in graph.nodes
            if "layer1" in each.name and each.op.is_convolution
        ]
        for graph in (made, written)
    )
    assert len(ours) == 8
    assert ours == theirs


@pytest.mark.parametrize(
    ("options", "middle"),
    [
        ("channels: 16, kernel: 3", 3 * 9 * 8 * 16 // (9 * 8 + 3 * 16)),
        ("channels: 16, kernel: [5, 3, 3]", 5 * 9 * 8 * 16 // (9 * 8 + 5 * 16)),
        ("channels: 8, kernel: 3, groups: 8", 16),
        ("channels: 16, kernel: 3, groups: 4", 28),
    ],
)
def test_weights_are_as_many_as_before_or_a_few_less(options: str, middle: int):
    layer = f"  - conv: {{name: conv, {options}}}\n"
    plain, made = network(layer).graph(), network(layer, Factorise()).graph()
    assert made.types["conv_space"].channels == middle
    before, space, time = (
        prod(weights(graph, name)["weight"])
        for graph, name in ((plain, "conv"), (made, "conv_space"), (made, "conv"))
    )
    assert 0.85 * before < space + time <= before


def test_strides_and_padding_stay_with_their_axes():
    fields = "channels: 8, kernel: 3, stride: [2, 2, 1], padding: [0, 1, 0], bias: true"
    layer = f"  - conv: {{name: conv, {fields}}}\n"
    plain, made = network(layer).graph(), network(layer, Factorise()).graph()
    assert made.types["conv"] == plain.types["conv"]
    assert "bias" not in weights(made, "conv_space")
    assert "bias" in weights(made, "conv")


def test_it_runs_frame_by_frame_as_predicted():
    layers = "  - conv: {name: one, channels: 8, kernel: 3, groups: 8, stride: [2, 1, 1]}\n  - global_pool\n"
    graph = network(layers, Factorise(), Continual()).graph()
    assert [check for check in validate(graph) if not check.holds] == []


def test_no_weights_are_carried_over():
    made = Network.of("r3d_18", None, {}, [Factorise()])
    with pytest.raises(TransformError, match="--factorise: carries no weights over"):
        made.carried({})


@pytest.mark.parametrize("kernel", ["1", "[1, 3, 3]", "[3, 1, 1]"])
def test_what_has_nothing_to_factorise_is_refused(kernel: str):
    with pytest.raises(TransformError, match="no convolution over both space and time, expected one"):
        network(f"  - conv: {{name: conv, channels: 4, kernel: {kernel}}}\n", Factorise()).graph()
