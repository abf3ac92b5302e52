"""Networks without padding in time: their answers are the stream's, at every frame that both have."""

import pytest
import torch

from costmodel import analyze
from costmodel.emit import emit
from costmodel.emit.randomise import randomise
from costmodel.errors import TransformError
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms import Transform
from costmodel.transforms.causal import Causal
from costmodel.transforms.continual import Continual
from costmodel.transforms.unpad import Unpad
from costmodel.validation.validate import validate

SPEC = """
input: {channels: 3, time: frames, height: 4, width: 4}
sizes: {frames: 8}
network:
  - conv: {name: stem, channels: 4, kernel: 5}
  - bn
  - add:
      name: block
      main:
        - conv: {name: one, channels: 4, kernel: 3}
        - relu
        - conv: {name: two, channels: 4, kernel: [3, 1, 1], dilation: [2, 1, 1], padding: [2, 0, 0]}
      skip: []
  - global_pool: {name: pool}
  - linear: {channels: 5}
"""
REACH = 4 + 2 + 4  # frames that the windows ahead of the pool see beside one


def network(*transforms: Transform, frames: int = 8, spec: str = SPEC) -> Network:
    return Network(from_text(spec, "tiny"), {"frames": frames}, transforms)


@torch.no_grad()
@pytest.mark.parametrize("transforms", [[], [Causal()]])
def test_a_clip_is_answered_as_its_stream_answers_it(transforms: list[Transform]):
    """The stream pools 8 frames, as the padded clip network does; the unpadded one needs what they see."""
    frames = 8 + REACH
    unpadded = emit(network(*transforms, Unpad(), frames=frames).graph()).double().eval()
    stream = emit(network(*transforms, Continual()).graph()).double().eval()
    randomise(unpadded, 3)
    stream.load_state_dict(unpadded.state_dict())
    clip = torch.randn((2, 3, frames, 4, 4), dtype=torch.float64)
    answers = [stream.forward_step(frame) for frame in clip.unbind(2)]
    assert answers[-1] is not None
    torch.testing.assert_close(unpadded(clip).flatten(1), answers[-1].flatten(1), rtol=0, atol=1e-12)


def test_every_window_gives_fewer_frames():
    graph = network(Unpad(), frames=20).graph()
    assert [graph.types[name].time for name in ("stem", "block.main.one", "block.main.two", "block")] == [
        16,
        14,
        10,
        10,
    ]


def test_a_stream_of_it_pads_nothing():
    totals = analyze(network(Unpad(), Continual(), frames=20).graph()).totals
    assert (totals["padding"], totals["receptive_field"]) == (0, 20)


def test_it_runs_as_predicted():
    for graph in (network(Unpad(), frames=20).graph(), network(Unpad(), Continual(), frames=12).graph()):
        assert [check for check in validate(graph) if not check.holds] == []


def test_a_clip_that_is_too_short_is_told_how_long_it_must_be():
    with pytest.raises(TransformError, match="give the clip 11 frames or more"):
        network(Unpad(), frames=10).graph()


def test_a_stride_that_would_begin_elsewhere_is_refused():
    fields = "name: halves, kernel: [2, 1, 1], stride: [2, 1, 1], padding: [1, 0, 0]"
    text = SPEC.replace("  - bn\n", f"  - max_pool: {{{fields}}}\n")
    with pytest.raises(TransformError, match="--unpad: halves strides over 2 frames"):
        network(Unpad(), frames=40, spec=text).graph()


def test_branches_that_lose_frames_unequally_are_refused():
    past = "{conv: {name: past, channels: 4, kernel: [3, 1, 1], causal: true}}"
    text = SPEC.replace("      skip: []\n", f"      skip: [{past}]\n")
    with pytest.raises(TransformError, match="--unpad: block joins branches that lose"):
        network(Unpad(), frames=40, spec=text).graph()
