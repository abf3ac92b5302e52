"""Blocks, repeats, branches, conditions and names become layers."""

import pytest

from costmodel.errors import SpecError
from costmodel.graph import Graph
from costmodel.ops import Conv
from costmodel.spec import elaborate, from_text

INPUT = "input: {channels: 4, time: 6, height: 8, width: 8}\n"


def built(text: str) -> Graph:
    return elaborate(from_text(INPUT + text, "x"))


def layers(text: str) -> dict[str, tuple[str, ...]]:
    return {node.name: node.inputs for node in built(text).nodes}


def test_each_layer_reads_the_one_before():
    assert layers("network: [relu, bn, relu]") == {"relu": ("input",), "bn": ("relu",), "relu_2": ("bn",)}


def test_a_graph_knows_its_blocks_and_their_arguments():
    text = "blocks: {b: {args: {out: ~}, layers: [{conv: {channels: out}}]}}\n"
    calls = "network: [{b: {name: one, out: 3}}, {b: {name: two, out: 5, repeat: 2}}]"
    blocks = built(text + calls).blocks
    assert {name: (block.word, block.arguments) for name, block in blocks.items()} == {
        "one": ("b", {"in_channels": 4, "out": 3}),
        "two.0": ("b", {"in_channels": 3, "out": 5}),
        "two.1": ("b", {"in_channels": 5, "out": 5}),
    }


def test_an_empty_branch_is_the_identity():
    found = layers("network: [bn, {add: {main: [{conv: {channels: 4}}], skip: []}}]")
    assert found["add"] == ("main.conv", "bn")


def test_layers_are_read_by_name_where_branches_do_not_nest():
    text = """
network:
  - relu: {as: fast}
  - conv: {channels: 4, as: slow, from: input}
  - concat: {from: [fast, slow, fast]}
  - add: {from: [fast], other: [{conv: {channels: 4}}]}
"""
    found = layers(text)
    assert found["concat"] == ("fast", "slow", "fast")
    assert found["add"] == ("fast", "other.conv")
    assert found["other.conv"] == ("fast",)


RESIDUAL = """
blocks:
  residual:
    args: {out: ~, project: false}
    layers:
      - conv: {as: conv, channels: out}
      - conv: {from: in, channels: out, when: project}
      - bn: {as: shortcut, when: project}
      - add: {from: [conv, shortcut]}
"""


def test_labels_belong_to_each_repeat_of_a_block():
    found = layers(f"{RESIDUAL}network: [bn, {{residual: {{name: res, out: 4, repeat: 2}}}}]")
    assert found["res.0.conv"] == ("bn",)
    assert found["res.1.conv"] == ("res.0.add",)
    assert found["res.1.add"] == ("res.1.conv", "res.0.add")


def test_a_layer_left_out_gives_its_label_to_what_it_would_have_read():
    first = "first: {project: true}"
    found = layers(f"{RESIDUAL}network: [{{residual: {{name: res, out: 4, repeat: 2, {first}}}}}]")
    assert found["res.0.conv_2"] == ("input",)
    assert found["res.0.add"] == ("res.0.conv", "res.0.shortcut")
    assert found["res.1.add"] == ("res.1.conv", "res.0.add")


def test_a_block_reads_what_its_call_reads_and_counts_its_channels():
    text = """
blocks: {b: {args: {out: in_channels + 1}, layers: [relu, {conv: {from: in, channels: out}}]}}
network: [{conv: {as: wide, channels: 8}}, {conv: {channels: 2}}, {b: {from: wide}}]
"""
    graph = built(text)
    assert graph.nodes[-1].inputs == ("wide",)
    assert graph.types[graph.output].channels == 9


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "blocks: {b: {layers: [{relu: {from: outside}}]}}\nnetwork: [{bn: {as: outside}}, b]",
            "x:2: blocks.b.layers[0].relu.from: unknown layer 'outside' (known: in, input)",
        ),
        (
            "blocks: {b: {layers: [{relu: {as: inside}}]}}\nnetwork: [b, {relu: {from: inside}}]",
            "x:3: network[1].relu.from: unknown layer 'inside' (known: input)",
        ),
    ],
)
def test_labels_end_at_their_block(text: str, message: str):
    with pytest.raises(SpecError) as error:
        built(text)
    assert str(error.value) == message


def test_a_block_is_repeated_with_its_index_and_its_first_arguments():
    text = """
blocks:
  stage:
    args: {out: ~, kernel: 1 + 2 * (i % 2), stride: 1}
    layers: [{conv: {channels: out, kernel: [kernel, 1, 1], stride: [1, stride, 1]}}]
network: [{stage: {name: res, out: in_channels * 2, repeat: 3, first: {stride: 2}}}]
"""
    graph = built(text)
    assert [node.name for node in graph.nodes] == ["res.0.conv", "res.1.conv", "res.2.conv"]
    convs = [node.op for node in graph.nodes if isinstance(node.op, Conv)]
    assert [conv.channels for conv in convs] == [8, 16, 32]
    assert [conv.kernel[0] for conv in convs] == [1, 3, 1]
    assert [conv.stride[1] for conv in convs] == [2, 1, 1]


def test_arguments_are_read_where_the_call_stands_and_defaults_inside_the_block():
    text = """
sizes: {w: 3}
blocks:
  outer: {args: {w: 5}, layers: [{inner: {out: w}}]}
  inner: {args: {out: ~, twice: out * 2}, layers: [{linear: {channels: twice}}]}
network: [{linear: {channels: w}}, outer]
"""
    assert [node.op.channels for node in built(text).nodes] == [3, 10]  # type: ignore[attr-defined]


def test_a_layer_that_is_not_there_passes_its_input_on():
    assert layers("sizes: {on: false}\nnetwork: [bn, {relu: {when: on}}, {relu: {when: not on}}]") == {
        "bn": ("input",),
        "relu": ("bn",),
    }


def test_a_repeat_of_zero_is_no_layer():
    text = "blocks: {b: {layers: [relu]}}\nnetwork: [bn, {b: {repeat: 0}}, {linear: {channels: 2}}]"
    assert list(layers(text)) == ["bn", "linear"]


def test_two_unnamed_calls_get_names_of_their_own():
    merges = "{add: {a: [relu], c: [relu]}}, {add: {a: [relu], c: []}}"
    assert list(layers(f"blocks: {{b: {{layers: [relu]}}}}\nnetwork: [b, b, {merges}]")) == [
        "b.relu",
        "b_2.relu",
        "a.relu",
        "c.relu",
        "add",
        "a_2.relu",
        "add_2",
    ]


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("[{relu: {name: a}}, {relu: {name: a}}]", "x:2: network[1].relu.name: the name 'a' is used twice"),
        (
            "[relu, relu, {relu: {name: relu_2}}]",
            "x:2: network[2].relu.name: the name 'relu_2' is used twice",
        ),
        (
            "[{relu: {name: b, as: a}}, {relu: {name: c, as: a}}]",
            "x:2: network[1].relu.as: 'a' names another layer already",
        ),
    ],
)
def test_a_name_used_twice_is_refused(network: str, message: str):
    with pytest.raises(SpecError) as error:
        built(f"network: {network}")
    assert str(error.value) == message


def test_a_name_given_makes_way_for_no_made_up_one():
    assert list(layers("network: [{relu: {name: relu_2}}, relu, relu]")) == ["relu_2", "relu", "relu_3"]


def test_camera_frames_per_model_frame_are_the_inputs_every():
    assert built("network: [relu]").every == 1
    text = INPUT.replace("}", ", every: 2 * 3}") + "network: [relu]"
    assert elaborate(from_text(text)).every == 6
