"""Causal networks: no frame looks ahead, in clips and frame by frame, by rules and by what runs."""

from fractions import Fraction

import pytest
import torch

from costmodel import Graph, analyze, load
from costmodel.emit import emit
from costmodel.emit.randomise import randomise
from costmodel.errors import TransformError
from costmodel.network import Network
from costmodel.ops import Shift
from costmodel.spec import from_text
from costmodel.transforms import TRANSFORMS, Transform, transform_from
from costmodel.transforms.causal import Causal
from costmodel.transforms.continual import Continual
from costmodel.types import TensorType
from costmodel.validation.validate import validate

SPEC = """
input: {channels: 3, time: frames, height: 6, width: 6}
sizes: {frames: 8}
network:
  - conv: {channels: 4, kernel: [5, 3, 3], stride: [2, 1, 1]}
  - bn
  - add:
      name: block
      deep:
        - conv: {channels: 4, kernel: [3, 3, 3], dilation: [2, 1, 1], padding: [2, 1, 1]}
        - squeeze_excite: {name: se, reduced: 2}
        - conv: {channels: 4, kernel: [3, 1, 1]}
      skip: []
  - max_pool: {kernel: [2, 3, 3], stride: [2, 1, 1], padding: [0, 1, 1]}
  - avg_pool: {kernel: [2, 1, 1], padding: 0}
"""
EXCITE = "        - squeeze_excite: {name: se, reduced: 2}\n"
HEAD = "  - global_pool\n  - linear: {channels: 5}\n"


def network(*transforms, spec: str = SPEC + HEAD, **sizes: int) -> Network:
    return Network(from_text(spec, "tiny"), sizes, transforms)


def figures(graph: Graph) -> tuple[int, ...]:
    totals = analyze(graph).totals
    return tuple(totals[name] for name in ("delay", "transient", "warmup", "receptive_field", "padding"))


def test_nothing_waits_and_the_newest_frame_counts():
    # d(k - 1) at jump 1, at 2 up to the strided pool, then at 4, where the head covers 2 frames.
    reach = 4 + 4 * 2 + 2 * 2 + 1 * 2 + 1 * 4 + 1 * 4
    assert figures(network(Causal(), Continual()).graph()) == (0, 0, reach, reach + 1, reach)


def test_the_answer_of_a_clip_is_aligned_with_the_newest_frame_that_its_pool_sees():
    assert figures(network(Causal(), spec=SPEC.replace(EXCITE, "") + HEAD).graph())[0] == 0
    assert figures(network(Causal()).graph())[0] == 2  # squeeze-excite of a clip sees its frame 6, the pool 4


def test_a_longer_pool_reaches_back_alone():
    short, long = (figures(network(Causal(), Continual(pool=pool)).graph()) for pool in (8, 32))
    assert long == (0, 0, *(each + 24 for each in short[2:]))


def test_with_excite_clip_nothing_waits_either():
    assert figures(network(Causal(), Continual(excite="clip")).graph())[:2] == (0, 0)


@pytest.mark.parametrize("frames", [7, 8, 9, 10])
def test_every_layer_gives_a_frame_for_each_stride_begun(frames: int):
    graph = network(Causal(), frames=frames).graph()
    half = -(-frames // 2)
    assert [graph.types[name].time for name in ("conv", "block", "max_pool", "avg_pool")] == [
        half,
        half,
        -(-half // 2),
        -(-half // 2),
    ]


@torch.no_grad()
def test_no_output_moves_before_the_frame_that_moved():
    """Every frame is changed in turn: outputs for earlier frames stay, the next one does not."""
    graph = network(Causal(), spec=SPEC.replace(EXCITE, "")).graph()
    running = emit(graph).double().eval()
    randomise(running, 1)
    clip = torch.randn((1, 3, 8, 6, 6), dtype=torch.float64)
    before = running(clip)
    for frame in range(8):
        changed = clip.clone()
        changed[:, :, frame] += 1
        moved = (running(changed) - before).abs().amax((0, 1, 3, 4)) > 1e-12
        aligned = -(-frame // 4)  # the first output for this frame or a later one
        assert not moved[:aligned].any()
        assert aligned >= len(moved) or moved[aligned]


@torch.no_grad()
def test_the_same_weights_fit_and_another_network_answers():
    plain, causal = emit(network().graph()).double().eval(), emit(network(Causal()).graph()).double().eval()
    randomise(plain, 2)
    causal.load_state_dict(network(Causal()).carried(plain.state_dict()))
    clip = torch.randn((1, 3, 8, 6, 6), dtype=torch.float64)
    assert not torch.allclose(plain(clip), causal(clip))
    assert (
        network(Causal()).weights_note == "weights trained without --causal are a first value to train from"
    )


@pytest.mark.parametrize(
    "options", [{}, {"state": "window"}, {"state": "smallest", "pool": 11}, {"excite": "clip"}]
)
def test_the_stream_is_the_clip_network_frame_by_frame(options: dict[str, object]):
    differ = [check for check in validate(network(Causal(), Continual(**options)).graph()) if not check.holds]
    assert differ == []


def test_the_clip_network_looks_as_far_as_it_says():
    assert [check for check in validate(network(Causal()).graph()) if not check.holds] == []


def test_what_recurs_looks_back_already():
    spec = SPEC + "  - lstm: {channels: 4}\n" + HEAD
    assert figures(network(Causal(), Continual(), spec=spec).graph())[:2] == (0, 0)


def test_a_shift_into_the_past_looks_back_already():
    spec = SPEC + "  - shift: {frames: 1}\n" + HEAD
    graph = network(Causal(), Continual(), spec=spec, frames=16).graph()
    assert figures(graph)[:2] == (-4, 0)  # one frame back at jump 4
    assert [check for check in validate(graph) if not check.holds] == []


def test_what_takes_frames_to_come_is_refused_with_how_far_ahead_they_are():
    expected = "shift takes frames from 2 ahead; let it look at the past instead"
    with pytest.raises(TransformError, match=f"^{expected}$"):
        Shift(frames=-2).made_causal(TensorType(4, 8, 6, 6))


def test_attention_is_refused_with_its_repair():
    with pytest.raises(
        TransformError, match="attention sees all frames of the clip, those to come as well; leave it out"
    ):
        Causal()(load("slowfast", variant="16x8-R101-NL"))


def test_a_stream_is_made_causal_before_it_is_one():
    with pytest.raises(TransformError, match="--causal: changes a clip network; give it ahead"):
        network(Continual(), Causal())


@pytest.mark.parametrize(
    ("spec", "variant"),
    [("x3d", "S"), ("resnet_3d", None), ("mobilenet_v2_3d", None), ("slowfast", "4x16-R50")],
)
def test_shipped_families_answer_at_once(spec: str, variant: str | None):
    plain = Network.of(spec, variant)
    causal = Network.of(spec, variant, transforms=[Causal(), Continual()])
    delay, transient, warmup, field, padding = figures(causal.graph())
    assert (delay, transient, warmup, padding) == (0, 0, field - 1, field - 1)
    assert causal.clip().types == plain.clip().types
    totals = [analyze(each.continual().graph()).totals for each in (plain, causal)]
    for name in ("params", "macs_per_clip", "macs_per_frame"):
        assert totals[0][name] == totals[1][name]


def test_its_text_form():
    assert TRANSFORMS["causal"] is Causal
    assert transform_from({"transform": "causal", "head_pool": "window"}) == Causal()


SMALL = {
    "x3d": ("XS", {"crop": 32, "classes": 5}),
    "resnet_3d": ("18-A", {"crop": 32, "frames": 8, "classes": 5}),
    "mobilenet_v2_3d": (None, {"crop": 32, "frames": 8, "width": Fraction(1, 4), "classes": 5}),
    "slowfast": ("4x16-R50", {"crop": 32, "channels": 16, "classes": 5}),
}


@pytest.mark.slow
@pytest.mark.parametrize("transforms", [(Causal(),), (Causal(), Continual())], ids=["clip", "stream"])
@pytest.mark.parametrize("spec", SMALL)
def test_shipped_families_run_as_predicted(spec: str, transforms: tuple[Transform, ...]):
    variant, sizes = SMALL[spec]
    checks = validate(Network.of(spec, variant, sizes, transforms).graph())
    assert [check for check in checks if not check.holds] == []
