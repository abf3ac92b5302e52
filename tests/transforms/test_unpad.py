"""Networks without padding in time: their answers are the stream's, at every frame that both have."""

import pytest
import torch

from costmodel import analyze, continual
from costmodel.edit import Editor
from costmodel.emit import StreamNetwork, emit
from costmodel.emit.randomise import randomise
from costmodel.errors import TransformError
from costmodel.network import Network
from costmodel.spec import elaborate, from_text
from costmodel.transforms import Transform
from costmodel.transforms.causal import Causal
from costmodel.transforms.continual import Continual
from costmodel.transforms.unpad import Unpad
from costmodel.validation.validate import validate
from search.train.forms import warm_frames

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


PAST = "conv: {name: past, channels: 4, kernel: [3, 1, 1], causal: true}"
HALVES = "max_pool: {name: halves, kernel: [%d, 1, 1], stride: [2, 1, 1], padding: [%d, 0, 0]}"
ATTENTION = "attention: {over: window, frames: 3, query: [], key: [], value: []}"


def test_what_remembers_for_ever_begins_with_the_first_frame_that_sees_no_padding():
    text = SPEC.replace("  - bn\n", "  - conv_gru: {channels: 4}\n")
    assert network(Unpad(), frames=20, spec=text).graph().types["conv_gru"].time == 16


@torch.no_grad()
@pytest.mark.parametrize(
    ("behind_bn", "skip"),
    [
        (HALVES % (2, 1), ""),  # its first window begins ahead of the clip
        (HALVES % (3, 1), PAST),
        (HALVES % (2, 0), PAST),
        ("shift: {frames: 1}", PAST),
        (ATTENTION, PAST),
        ("squeeze_excite: {reduced: 2}", ""),
    ],
)
def test_strides_unequal_branches_and_memories_answer_as_the_stream_does(behind_bn: str, skip: str):
    block = f"skip: [{{{skip}}}]" if skip else "skip: []"
    text = SPEC.replace("  - bn\n", f"  - bn\n  - {behind_bn}\n").replace("skip: []", block)
    graph = Network(from_text(text, "tiny"), {"frames": 16}, ()).graph()
    stream = emit(continual(graph)).double().eval()
    assert isinstance(stream, StreamNetwork)
    frames = warm_frames(stream.graph)
    unpadded = emit(Unpad()(Editor(graph).graph(source=graph.source.with_time(frames)))).double().eval()
    randomise(unpadded, 3)
    stream.load_state_dict(unpadded.state_dict())
    clip = torch.randn((1, 3, frames, 4, 4), dtype=torch.float64)
    answer = [stream.forward_step(frame) for frame in clip.unbind(2)][-1]
    assert answer is not None
    torch.testing.assert_close(unpadded(clip).flatten(1), answer.flatten(1), rtol=0, atol=1e-12)


PATHWAYS = """
input: {channels: 3, time: frames, height: 4, width: 4}
sizes: {frames: 16}
network:
  - concat:
      name: pathways
      slow:
        - max_pool: {kernel: 1, stride: [4, 1, 1]}
        - conv: {channels: 4, kernel: 3}
        - conv: {channels: 4, kernel: 3}
        - global_pool
      fast:
        - conv: {channels: 2, kernel: 3}
        - global_pool
  - linear: {channels: 5}
"""


@torch.no_grad()
def test_pathways_pool_the_same_span_of_time():
    """Of 32 frames the slow one has 4 of its 8 left, the fast one 30 of its 32."""
    graph = network(frames=32, spec=PATHWAYS).graph()
    stream = emit(continual(network(frames=16, spec=PATHWAYS).graph())).double().eval()
    assert isinstance(stream, StreamNetwork)
    unpadded = emit(Unpad()(graph)).double().eval()
    pools = [node for node in unpadded.graph.nodes if "global_pool" in node.name and "crop" not in node.name]
    read = [int(unpadded.graph.inputs_of(node)[0].time) for node in pools]
    assert read == [4, 16]
    randomise(unpadded, 3)
    stream.load_state_dict(unpadded.state_dict())
    clip = torch.randn((2, 3, 32, 4, 4), dtype=torch.float64)
    answers = [stream.forward_step(frame) for frame in clip.unbind(2)]
    last = [answer for answer in answers if answer is not None][-1]
    torch.testing.assert_close(unpadded(clip).flatten(1), last.flatten(1), rtol=0, atol=1e-12)


def test_an_unpadded_whole_shift_hands_its_frames_on():
    text = "input: {channels: 2, time: 4, height: 1, width: 1}\nnetwork:\n- shift: {frames: 1}\n"
    unpadded = Unpad()(elaborate(from_text(text, "x")))
    for graph in (unpadded, continual(unpadded)):
        assert [each.what for each in validate(graph) if each.holds is False] == []
