"""Strides in time as in space: the 3D-ResNet whose strides were taken out gets them back."""

import pytest

from costmodel import analyze
from costmodel.errors import TransformError
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms.continual import Continual
from costmodel.transforms.stride_time import StrideTime
from costmodel.validation.validate import validate

SPEC = """
input: {channels: 3, time: frames, height: 16, width: 16}
sizes: {frames: 8}
network:
  - conv: {name: stem, channels: 4, kernel: 3, stride: [1, 2, 2]}
  - max_pool: {name: pool, kernel: 3, stride: [TIME, 2, 2]}
  - add:
      name: block
      main: [{conv: {name: one, channels: 4, kernel: 3, stride: [TIME, 2, 2]}}]
      skip: [{avg_pool: {name: halves, kernel: 1, stride: [TIME, 2, 2]}}]
  - global_pool
  - linear: {channels: 5}
"""


def network(time: int, *transforms, **sizes: int) -> Network:
    return Network(from_text(SPEC.replace("TIME", str(time)), "tiny"), sizes, transforms)


@pytest.mark.parametrize("transforms", [[], [Continual()]])
def test_it_is_the_network_with_those_strides(transforms: list[Continual]):
    made, written = (network(1, StrideTime(), *transforms).graph(), network(2, *transforms).graph())
    assert made.nodes == written.nodes
    assert analyze(made).totals == analyze(written).totals


def test_it_runs_frame_by_frame_as_predicted():
    graph = network(1, StrideTime(), Continual()).graph()
    assert [check for check in validate(graph) if not check.holds] == []


def test_a_stream_costs_less_and_answers_more_rarely():
    plain, strided = (
        analyze(Network.of("x3d_m", None, {}, [*each, Continual()]).graph()) for each in ([], [StrideTime()])
    )
    assert strided.totals["macs_per_frame"] < plain.totals["macs_per_frame"] / 3
    assert strided.totals["params"] == plain.totals["params"]


def test_a_network_with_nothing_to_stride_is_refused():
    with pytest.raises(TransformError, match="resnet_3d 18-A has no layer behind its first convolution"):
        Network.of("resnet_3d", "18-A", {}, [StrideTime()]).graph()
