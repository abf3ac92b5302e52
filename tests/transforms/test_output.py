"""A layer as the answer: its maps, or the mean of each frame's map, clip and stream."""

import pytest
import torch

from costmodel.emit import emit
from costmodel.emit.randomise import randomise
from costmodel.errors import TransformError
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms.continual import Continual
from costmodel.transforms.output import Output
from costmodel.validation.validate import validate

SPEC = """
input: {channels: 3, time: 6, height: 8, width: 8}
blocks:
  block:
    layers: [{conv: {name: conv, channels: 4, kernel: [3, 3, 3]}}, {relu: {name: relu}}]
network:
  - conv: {name: stem, channels: 4, stride: [1, 2, 2]}
  - add: {name: join, a: [{block: {name: first}}], b: []}
  - block: {name: late}
  - global_pool: {name: pool}
  - linear: {name: classifier, channels: 7}
"""


def network(*transforms) -> Network:
    return Network(from_text(SPEC, "tiny"), {}, transforms)


@torch.no_grad()
@pytest.mark.parametrize(
    ("output", "layer"), [("join", "join"), ("join.a.first", "join.a.first.relu"), ("late", "late.relu")]
)
def test_a_layer_answers_what_it_does_in_the_whole_network(output: str, layer: str):
    whole = emit(network().graph()).double().eval()
    randomise(whole, 2)
    clip = torch.randn((2, 3, 6, 8, 8), dtype=torch.float64)
    with whole.recording() as seen:
        whole(clip)
    for asked in (output, f"{output}@frame"):
        cut = network(Output(asked))
        part = emit(cut.graph()).double().eval()
        part.load_state_dict(cut.carried(whole.state_dict()), strict=True)
        wanted = seen[layer][0][1]
        wanted = wanted.mean((3, 4), keepdim=True) if asked.endswith("@frame") else wanted
        torch.testing.assert_close(part(clip), wanted, rtol=1e-12, atol=1e-12)


def test_what_it_does_not_need_is_gone():
    assert [node.name for node in network(Output("join")).graph().nodes] == [
        "stem",
        "join.a.first.conv",
        "join.a.first.relu",
        "join",
    ]


def test_a_layer_of_one_place_needs_no_mean():
    assert network(Output("pool@frame")).graph() == network(Output("pool")).graph()


def test_its_stream_is_as_measured():
    cut = network(Output("late@frame"), Continual()).graph()
    assert str(cut.types[cut.output]) == "4x1x1x1"
    assert [check for check in validate(cut) if not check.holds] == []


def test_a_name_that_no_layer_has_is_told_with_the_nearest():
    for output, message in (
        ("lat@frame", r"^--output: 'lat', expected a layer .did you mean 'late'\?.$"),
        ("", r"^--output: '', expected a layer .analyze lists them.$"),
    ):
        with pytest.raises(TransformError, match=message):
            network(Output(output)).graph()
