"""PyTorch's names of layers and fields mean what ours do, and are written as ours."""

import jsonschema
import pytest
import yaml

from costmodel.errors import SpecError
from costmodel.network import Network
from costmodel.ops import OPS
from costmodel.spec.document import from_text
from costmodel.spec.schema import schema
from costmodel.spec.torch_names import FIELDS, their_fields
from costmodel.spec.write import dump
from reports.layer_examples import INPUT, examples_of

OURS = """
input: {channels: 3, time: 8, height: 16, width: 16}
network:
  - conv: {channels: 8, kernel: 3, bias: true}
  - bn
  - add:
      main: [{conv: {channels: 8, kernel: [1, 3, 3], groups: 4}}, {group_norm: {groups: 2}}]
      skip: []
  - b: {out_channels: 6}
  - interpolate: {factor: [1, 2, 2]}
  - lstm: {channels: 5}
  - dropout: {rate: 0.5}
  - linear: {channels: 4}
blocks:
  b: {args: {out_channels: ~}, layers: [{conv: {channels: out_channels}}, bn, global_pool]}
"""
THEIRS = """
input: {channels: 3, time: 8, height: 16, width: 16}
network:
  - conv: {out_channels: 8, kernel_size: 3, bias: true}
  - batch_norm
  - add:
      main: [{conv: {out_channels: 8, kernel_size: [1, 3, 3], groups: 4}}, {group_norm: {num_groups: 2}}]
      skip: []
  - b: {out_channels: 6}
  - interpolate: {scale_factor: [1, 2, 2]}
  - lstm: {hidden_size: 5}
  - dropout: {p: 0.5}
  - linear: {out_features: 4}
blocks:
  b: {args: {out_channels: ~}, layers: [{conv: {out_channels: out_channels}}, batch_norm, global_pool]}
"""


def read(text: str) -> Network:
    return Network(from_text(text, "tiny"))


def network_of(*layers: str) -> str:
    return "input: {channels: 3, time: 8, height: 8, width: 8}\nnetwork:\n" + "".join(
        f"  - {each}\n" for each in layers
    )


def network_of_lines(lines: list[object]) -> Network:
    return read(yaml.safe_dump({"input": yaml.safe_load(INPUT), "network": lines}))


def test_they_give_the_same_graph_and_are_written_as_ours():
    ours, theirs = read(OURS).graph(), read(THEIRS).graph()
    assert theirs == ours
    assert dump(theirs) == dump(ours)


def test_a_block_of_that_name_stays_the_users():
    text = network_of("batch_norm: {}") + "blocks: {batch_norm: {layers: [{linear: {channels: 7}}]}}\n"
    assert [type(node.op).word for node in read(text).graph().nodes] == ["linear"]


def test_the_schema_takes_them_and_still_demands_what_must_be_given():
    validator = jsonschema.Draft202012Validator(schema())
    validator.validate(yaml.safe_load(THEIRS))
    assert not validator.is_valid(yaml.safe_load(network_of("conv: {kernel_size: 3}")))


@pytest.mark.parametrize(
    ("word", "example"), [(word, each) for word in OPS if their_fields(word) for each in examples_of(word)]
)
def test_every_layer_takes_each_of_their_names(word: str, example: str):
    lines = yaml.safe_load(example if example.startswith("[") else f"[{example}]")
    given = [each[word] for each in lines if isinstance(each, dict) and word in each]
    for theirs, ours in their_fields(word).items():
        renamed = [
            {word: {theirs if key == ours else key: value for key, value in each[word].items()}}
            if isinstance(each, dict) and word in each
            else each
            for each in lines
        ]
        made = [
            read(yaml.safe_dump({"input": yaml.safe_load(INPUT), "network": each}))
            for each in (lines, renamed)
        ]
        assert (renamed != lines) == any(ours in each for each in given)
        assert made[0].graph() == made[1].graph()


def test_every_name_is_of_some_layer():
    assert {name for word in OPS for name in their_fields(word)} == set(FIELDS)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("conv: {channels: 3, out_channels: 4}", r"out_channels is what channels is, and both are given"),
        ("conv: {in_channels: 3, channels: 4}", r"conv.in_channels: follows from what arrives"),
        ("Conv3d: {channels: 4}", r"unknown layer 'Conv3d'; here it is conv, with the defaults of this"),
        ("BatchNorm3d", r"unknown layer 'BatchNorm3d'; here it is bn"),
        ("max_pool3d: {kernel: 2}", r"unknown layer 'max_pool3d'; here it is max_pool"),
        ("conv: {kernel_size: 3}", r"channels is missing"),
    ],
)
def test_what_cannot_be_meant_is_told(layer: str, message: str):
    with pytest.raises(SpecError, match=message):
        read(network_of(layer)).graph()
