"""Dissected networks: against D3D's own by hand, against figures of the paper, and as streams."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from costmodel import Graph, analyze
from costmodel.emit import emit
from costmodel.emit.carried import load_carried
from costmodel.emit.randomise import randomise
from costmodel.errors import TransformError
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms.continual import Continual
from costmodel.transforms.dissect import Dissect, Skips
from costmodel.transforms.head import Head
from costmodel.transforms.output import Output
from costmodel.validation.validate import validate

SPEC = """
input: {channels: 3, time: frames, height: 8, width: 8}
sizes: {frames: 8}
network:
  - conv: {name: stem, channels: 4, kernel: [7, 3, 3], stride: [2, 2, 2]}
  - max_pool: {name: pool, kernel: 3, stride: 2}
  - add:
      name: block
      main:
        - conv: {name: one, channels: 4, kernel: 3, stride: [2, 1, 1]}
        - bn: {name: norm}
        - relu
        - squeeze_excite: {name: se, reduced: 2}
        - conv: {name: two, channels: 4, kernel: 3}
      skip:
        - avg_pool: {name: halves, kernel: 1, stride: [2, 1, 1]}
  - global_pool
  - linear: {name: classes, channels: 5}
"""


def network(*transforms, spec: str = SPEC, **sizes: int) -> Network:
    return Network(from_text(spec, "tiny"), sizes, transforms)


def totals(graph: Graph, *names: str) -> tuple[object, ...]:
    found = analyze(graph).totals
    return tuple(found[name] for name in names)


def test_every_frame_is_answered_for_and_none_to_come_is_seen():
    graph = network(Dissect()).graph()
    clip = graph.clip
    assert clip is not None
    assert {clip.types[name].time for name in clip.by_name} == {8}
    # three frames of the stem, and the one before in the block
    assert totals(graph, "delay", "lookahead", "transient", "warmup", "receptive_field") == (0, 0, 0, 3, 4)


@pytest.mark.parametrize("skips", ["concat", "sum", "none"])
def test_pools_that_nothing_is_left_of_go(skips: Skips):
    pooled = "        - max_pool: {name: gone, kernel: [3, 1, 1]}\n        - conv: {name: one,"
    text = SPEC.replace("        - conv: {name: one,", pooled)
    names = network(Dissect(skips=skips), spec=text).graph().by_name
    assert "block.skip.halves" not in names
    assert "block.main.gone" not in names
    assert "pool" in names


@torch.no_grad()
def test_it_is_the_network_that_one_would_write_by_hand():
    """Each step by plain torch on frames at hand, the ones before as they were, zeros ahead of the first."""
    graph = network(Dissect()).graph()
    stream = emit(graph).double().eval()
    randomise(stream, 3)
    weights = stream.state_dict()
    clip = torch.randn((2, 3, 6, 8, 8), dtype=torch.float64)
    frames = [torch.zeros_like(clip[:, :, 0])] * 2 + [*clip.unbind(2)]
    before = torch.zeros((2, 4, 2, 2), dtype=torch.float64)
    for step in range(6):
        stem = weights["stem.weight"]
        seen = (
            functional.conv2d(frames[step + tap], stem[:, :, tap], stride=2, padding=1) for tap in range(3)
        )
        now = functional.max_pool2d(sum(seen), 3, 2, 1)
        one, two = weights["block.main.one.weight"], weights["block.main.two.weight"]
        assert (one.shape[2], two.shape[2]) == (2, 1)
        x = functional.conv2d(before, one[:, :, 0], padding=1) + functional.conv2d(
            now, one[:, :, 1], padding=1
        )
        x = torch.relu(stream.layers["block.main.norm"].frames(x.unsqueeze(2)).squeeze(2))
        gate = x.mean((2, 3))
        for name, apply in (("fc1", torch.relu), ("fc2", torch.sigmoid)):
            weight = weights[f"block.main.se.squeeze.{name}.weight"].flatten(1)
            gate = apply(functional.linear(gate, weight, weights[f"block.main.se.squeeze.{name}.bias"]))
        x = functional.conv2d(x * gate[:, :, None, None], two[:, :, 0], padding=1) + now
        wanted = functional.linear(x.mean((2, 3)), weights["classes.weight"], weights["classes.bias"])
        answer = stream.forward_step(clip[:, :, step])
        assert answer is not None
        torch.testing.assert_close(answer.flatten(1), wanted, rtol=0, atol=1e-12)
        before = now


@pytest.mark.parametrize(
    ("spec", "variant", "cached", "macs"),
    # Kopuklu 2022, table 4: the numbers that its cached volumes hold, and its convolutions
    [("resnet_3d", "18-A", 233_984, 739_676_160), ("resnet_3d", "50-B", 480_512, None)],
)
def test_3d_resnets_become_the_paper_s(spec: str, variant: str, cached: int, macs: int | None):
    graph = Network.of(spec, variant, {}, [Dissect(state="window")]).graph()
    raw_frames = 2 * 3 * 112 * 112  # that the stem sees beside the newest, which the paper does not count
    per_frame, state = totals(graph, "macs_per_frame", "state_floats")
    assert state == cached + raw_frames
    if macs is not None:
        assert per_frame == macs + 512 * 600


@pytest.mark.parametrize(("head", "macs"), [([], 146_323_968), ([Head("fc:16")], 163_603_968)])
def test_a_dissected_shufflenet_takes_more_than_the_paper_says(head: list[Head], macs: int):
    """Kopuklu 2022, sec. 4.1, has less than 100 MFLOPs for its ShuffleNetV1 2.0x."""
    graph = Network.of("shufflenet_v1_3d", None, {"width": 2}, [*head, Dissect()]).graph()
    assert totals(graph, "macs_per_frame") == (macs,)


@torch.no_grad()
def test_a_dissected_resnet_answers_as_d_resnet_does():
    """Features of both on one clip, the one dissected and the other written out as a spec."""
    sizes = {"crop": 32, "frames": 4}
    ours = Network.of("resnet_3d", "18-A", sizes, [Output("avgpool"), Dissect()])
    theirs = Network.of("d_resnet", "R18", sizes, [Output("avgpool"), Continual()])
    mine, other = (emit(each.graph()).double().eval() for each in (ours, theirs))
    randomise(other, 5)
    tensors = dict(zip(mine.state_dict(), other.state_dict().values(), strict=True))
    mine.load_state_dict(tensors)
    for frame in torch.randn((4, 1, 3, 32, 32), dtype=torch.float64):
        answers = [each.forward_step(frame) for each in (mine, other)]
        assert answers[0] is not None
        assert answers[1] is not None
        torch.testing.assert_close(answers[0], answers[1], rtol=0, atol=1e-12)


@torch.no_grad()
def test_a_still_clip_is_answered_as_before():
    """The weights of frames that are seen no more go to the newest: away from the ends nothing changes."""
    plain, dissected, middle = (network(*each, frames=64) for each in ([], [Dissect()], [Output("block")]))
    trained, running, features = (emit(each.graph()).double().eval() for each in (plain, dissected, middle))
    randomise(trained, 7)
    tensors = trained.state_dict()
    # squeeze-excite pools the frames at the ends of a clip too: here it weighs all channels the same
    tensors["block.main.se.squeeze.fc2.weight"].zero_()
    running.load_state_dict(dissected.carried(tensors))
    features.load_state_dict(middle.carried(tensors))
    still = torch.randn((1, 3, 1, 8, 8), dtype=torch.float64).expand(-1, -1, 64, -1, -1)
    seen = features(still)[:, :, 4].mean((2, 3))
    wanted = functional.linear(seen, tensors["classes.weight"], tensors["classes.bias"])
    answers = [running.forward_step(still[:, :, step]) for step in range(8)]
    assert answers[-1] is not None
    torch.testing.assert_close(answers[-1].flatten(1), wanted, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "options", [{}, {"stem_frames": 1}, {"skips": "sum"}, {"skips": "none", "state": "window"}]
)
def test_the_stream_is_its_own_clip_network_frame_by_frame(options: dict[str, object]):
    assert [check for check in validate(network(Dissect(**options)).graph()) if not check.holds] == []


def test_blocks_may_add_the_frame_before_or_leave_it_out():
    figures = ("params", "macs_per_frame", "receptive_field")
    params, macs, _ = totals(network(Dissect(skips="none")).graph(), *figures)
    assert totals(network(Dissect(skips="none")).graph(), "receptive_field") == (3,)
    assert totals(network(Dissect(skips="sum")).graph(), *figures) == (params, macs, 4)


def test_a_flattened_clip_is_classified_frame_by_frame():
    text = SPEC.replace("global_pool", "flatten")
    whole, dissected = network(spec=text), network(Dissect(), spec=text)
    before = emit(whole.graph()).double().eval()
    running = emit(dissected.graph()).double().eval()
    running.load_state_dict(dissected.carried(before.state_dict()))
    assert running.state_dict()["classes.weight"].shape == (5, 4, 1, 2, 2)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("  - conv: {name: stem, channels: 4, kernel: [1, 3, 3]}\n", "no convolution over several frames"),
        (
            "  - conv: {name: stem, channels: 4, kernel: 3}\n  - shift: {name: moved, frames: -1}\n",
            "moved: shift takes frames from 1 ahead",
        ),
        (
            "  - conv: {name: stem, channels: 4, kernel: 3}\n  - flatten: {name: flat}\n  - relu\n",
            "flat: flatten joins all frames into channels, and no linear layer reads it",
        ),
    ],
)
def test_what_cannot_be_dissected_says_why(layers: str, message: str):
    text = "input: {channels: 3, time: 8, height: 8, width: 8}\nsizes: {}\nnetwork:\n" + layers
    with pytest.raises(TransformError, match=message):
        network(Dissect(), spec=text).graph()


def test_a_dissected_network_is_a_stream_already():
    with pytest.raises(
        TransformError, match="--continual: changes a clip network; give it ahead of --dissect"
    ):
        network(Dissect(), Continual())


def test_weights_of_the_clip_network_are_read_through_it(tmp_path: Path):
    """Both have the same names: the shapes say that the kernels are others."""
    trained = emit(network().graph())
    path = tmp_path / "clip.pt"
    torch.save({"weights": trained.state_dict()}, path)
    dissected = network(Dissect())
    running = emit(dissected.graph())
    load_carried(dissected, running, path)
    wanted = dissected.carried(trained.state_dict())
    assert all(torch.equal(value, wanted[name]) for name, value in running.state_dict().items())
