"""Inflated networks: the 3D network that they are known as, and a still video's answer."""

import pytest
import torch

from costmodel import analyze
from costmodel.emit import emit
from costmodel.emit.randomise import randomise
from costmodel.errors import TransformError
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms import Transform
from costmodel.transforms.continual import Continual
from costmodel.transforms.inflate import Inflate
from costmodel.validation.validate import validate

SIZES = {"frames": 16, "crop": 112, "classes": 600}


@pytest.mark.parametrize(("ours", "theirs"), [("R18", "18-B"), ("R50", "50-B")])
@pytest.mark.parametrize("transforms", [[], [Continual()]])
def test_an_inflated_2d_resnet_is_the_3d_resnet(ours: str, theirs: str, transforms: list[Continual]):
    """Every figure of the 3D-ResNet that is written out as a spec, from another spec's 2D one."""
    inflated = analyze(Network.of("resnet_2d", ours, SIZES, [Inflate(), *transforms]).graph())
    written = analyze(Network.of("resnet_3d", theirs, {}, transforms).graph())
    assert inflated.totals == written.totals


SPEC = """
input: {channels: 3, time: frames, height: 8, width: 8}
sizes: {frames: 1}
network:
  - conv: {name: one, channels: 4, kernel: [1, 3, 3], stride: [1, 2, 2], padding: [0, 1, 0]}
  - max_pool: {kernel: [1, 3, 3], stride: [1, 2, 2]}
  - conv: {name: two, channels: 4, kernel: [1, 3, 3], bias: true}
  - conv: {name: three, channels: 4, groups: 2}
  - global_pool
  - linear: {channels: 5}
"""


def network(*transforms: Transform, **sizes: int) -> Network:
    return Network(from_text(SPEC, "tiny"), sizes, transforms)


@torch.no_grad()
def test_a_still_video_is_answered_as_its_image():
    whole = emit(network().graph()).double().eval()
    randomise(whole, 3)
    deep = network(Inflate(), Continual(), frames=8)
    # A stream that starts from copies of its first frame has no zeros at its start, and no end.
    stream = emit(deep.graph(), init="replicate").double().eval()
    stream.load_state_dict(deep.carried(whole.state_dict()))
    image = torch.randn((1, 3, 8, 8), dtype=torch.float64)
    answers = [stream.forward_step(image) for _ in range(24)]
    assert answers[-1] is None
    seen = [each for each in answers if each is not None]
    torch.testing.assert_close(
        seen[-1].flatten(), whole(image.unsqueeze(2)).flatten(), rtol=1e-12, atol=1e-12
    )


def test_it_runs_frame_by_frame_as_predicted():
    graph = network(Inflate(), Continual(), frames=8).graph()
    assert [check for check in validate(graph) if not check.holds] == []


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("x3d_m", "conv1_t sees several frames already, expected a 2D network"),
        ("slow_only", "sees several frames already"),
    ],
)
def test_what_is_3d_already_is_refused(spec: str, message: str):
    with pytest.raises(TransformError, match=message):
        Network.of(spec, None, {}, [Inflate()]).graph()
