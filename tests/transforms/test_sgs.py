"""Similarity guided sampling behind a stage: where it stands, what it costs, what it refuses."""

from fractions import Fraction

import pytest
import sympy
import torch

from costmodel.analysis.active_bins import samplers, with_active_bins
from costmodel.analysis.cost import analyze
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.analysis.quantities import Quantity
from costmodel.diagnosis import diagnose
from costmodel.emit import emit
from costmodel.emit.modules.texts.clips import fill
from costmodel.emit.randomise import randomise
from costmodel.errors import CostModelError, TransformError
from costmodel.network import Network
from costmodel.ops import Sgs as Sampler
from costmodel.spec import elaborate, from_text
from costmodel.transforms.sgs import Sgs
from search.problem.designs import Family


def sampled(stage: str, spec: str = "x3d", variant: str | None = "S", **options: object) -> Network:
    sizes = options.pop("sizes", {})
    return Network.of(spec, variant, sizes, (Sgs(stage, **options),))  # type: ignore[arg-type]


@pytest.mark.parametrize(("stage", "gigamacs"), [("conv1", "0.941"), ("res2", "1.127"), ("res3", "1.331")])
def test_x3d_s_costs_what_its_static_and_its_sampled_frames_cost(stage: str, gigamacs: str):
    found = analyze(sampled(stage, active_bins=6).graph())
    own = sum(amount for kind, amount in found.operations.items() if kind.startswith("mac.sampling"))
    assert f"{(found.totals['macs_per_clip'] - own) / 1e9:.3f}" == gigamacs
    assert own > 0


def test_it_stands_ahead_of_the_last_activation_of_the_stage():
    graph = sampled("res2").graph()
    assert graph.by_name["res2.2.relu"].inputs == ("res2.2.sgs",)
    assert graph.by_name["res2.2.sgs"].inputs == ("res2.2.add",)
    assert sampled("conv1").graph().by_name["conv1_relu"].inputs == ("conv1_sgs",)


def test_behind_a_layer_that_is_no_activation_it_stands_behind_it():
    graph = sampled("pool1", "atfr_resnet", None).graph()
    assert graph.by_name["pool1_sgs"].inputs == ("pool1",)


def test_every_tensor_of_the_network_keeps_its_name():
    plain = set(emit(Network.of("x3d", "S", {"crop": 32}).graph()).state_dict())
    made = set(emit(sampled("res2", sizes={"crop": 32}).graph()).state_dict())
    assert plain < made
    assert {name.rpartition(".")[0] for name in made - plain} == {"res2.2.sgs"}
    assert sampled("res2").weights_note == "weights trained without --sgs are a first value to train from"


def test_too_few_bins_for_what_follows_say_so():
    with pytest.raises(TransformError, match="with 2 active bins; give more --active-bins"):
        sampled("features5", "s3d", None, active_bins=2).graph()


def test_active_bins_are_a_size():
    active = sympy.Symbol("active_bins", integer=True, positive=True)
    macs = evaluate(Figures(sampled("res2", sizes={"active_bins": active}).graph()), "macs_per_clip")
    at = [
        evaluate(Figures(sampled("res2", active_bins=number).graph()), "macs_per_clip") for number in (6, 7)
    ]
    assert [macs.subs(active, number) for number in (6, 7)] == at


def test_layers_that_pool_frames_get_as_many_as_they_need():
    graph = sampled("res2", "i3d_r50", None).graph()
    (sampler,) = (node.op for node in graph.nodes if isinstance(node.op, Sampler))
    assert isinstance(sampler, Sampler)
    assert sampler.least == 2
    network = emit(sampled("res2", "i3d_r50", None, sizes={"frames": 8, "crop": 32}).graph()).eval()
    assert network(torch.zeros(1, 3, 8, 32, 32)).isfinite().all()


def test_weights_for_each_frame_get_all_of_them():
    document = from_text(
        "input: {channels: 2, time: 6, height: 2, width: 2}\nnetwork:\n- conv: {name: first, channels: 4}\n"
        "- conv: {name: second, channels: 2, kernel: [3, 3, 3]}\n- flatten\n- linear: {channels: 3}",
        "flat",
    )
    graph = Sgs("first", bins=4, sgs_block=2)(elaborate(document))
    (sampler,) = (node.op for node in graph.nodes if isinstance(node.op, Sampler))
    assert isinstance(sampler, Sampler)
    assert sampler.least == graph.types["second"].time == 12
    clips = torch.zeros(2, 2, 6, 2, 2)
    clips[1] = torch.rand(2, 6, 2, 2)
    assert emit(graph).eval()(clips).isfinite().all()


def test_clips_of_a_batch_do_not_change_each_other():
    network = emit(sampled("res2", sizes={"crop": 32}).graph()).double().eval()
    randomise(network)
    clip = torch.randn(3, 3, 13, 32, 32, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    clip[1] = clip[1, :, :1]
    with torch.no_grad():
        together, alone = network(clip), torch.cat([network(each.unsqueeze(0)) for each in clip])
    assert (together - alone).abs().max() <= 1e-12 * alone.abs().max()


def test_the_repair_for_a_stream_leaves_it_out():
    found = diagnose(sampled("res2", active_bins=6, sizes={"crop": 32}).clip())
    assert found.kind == "X"
    assert ("leave it out (res2.2.sgs)",) in [each.repair.changes for each in found.repairs]


@pytest.mark.parametrize(
    ("stage", "options", "message"),
    [
        (
            "res2",
            {"active_bins": 14},
            "--sgs res2: res2.2.sgs: 14 active of 13 bins; expected as many as there",
        ),
        (
            "res2.1.main.b",
            {},
            "--sgs res2.1.main.b: res2.1.add would join sampled frames with all frames, as the sam",
        ),
        ("res2.1.main.b", {"active_bins": 6}, "res2.1.add would join sampled frames with all frames"),
        (
            "res5",
            {},
            "--sgs res5: stands behind the last stage, where the head alone is left and nothing to save; it",
        ),
        (
            "fc2",
            {},
            "--sgs fc2: fc2 answers, nothing is behind it to save; it would go behind an early stage, such",
        ),
        ("res9", {}, "has no stage or layer 'res9' (did you mean 'res5'?)"),
        (
            "res2",
            {"sizes": {"frames": 1}},
            "--sgs res2: res2.2.sgs: samples a clip of one frame; put it where",
        ),
        (
            "res2",
            {"sgs_block": 4},
            "a clip of 13 frames is no whole number of blocks of 4; give blocks that fit",
        ),
    ],
)
def test_what_is_refused(stage: str, options: dict[str, object], message: str):
    with pytest.raises(CostModelError) as error:
        sampled(stage, **options).graph()
    assert message in str(error.value)


def test_a_sampler_in_one_pathway_is_refused_with_the_stage_of_all():
    with pytest.raises(CostModelError, match=r"fuse2 would join .* an early stage, such as res2, res3"):
        sampled("slow_res2", "slowfast", None).graph()


def test_frames_are_not_sampled_twice():
    once = sampled("res2").graph()
    with pytest.raises(CostModelError, match=r"res2.2.sgs samples already, and bins have no order in time"):
        Sgs("res3")(once)
    blocks = sampled("res2", sgs_block=4, active_bins=2, sizes={"frames": 16}).graph()
    twice = Sgs("res3", sgs_block=4, active_bins=1)(blocks)
    assert twice.types["res3.4.sgs"].time == 2


@pytest.mark.parametrize(("slow", "fast", "gigamacs"), [(2, 1, "20.35"), (2, 16, "21.99"), (1, 32, "36.10")])
def test_pathways_have_samplers_of_their_own(slow: int, fast: int, gigamacs: str):
    graph = sampled("res2", "slowfast", "4x16-R50").graph()
    names = ("slow_res2.2.sgs", "fast_res2.2.sgs")
    assert samplers(graph) == names
    found = analyze(with_active_bins(graph, dict(zip(names, (slow, fast), strict=True))))
    own = sum(amount for kind, amount in found.operations.items() if kind.startswith("mac.sampling"))
    # 32 fast frames are 4 of the slow pathway behind the lateral convolution: the slow one is filled up to 4.
    assert f"{(found.totals['macs_per_clip'] - own) / 1e9:.2f}" == gigamacs


def test_a_pathway_of_fewer_frames_has_bins_and_blocks_in_proportion():
    graph = sampled("res2", "slowfast", None, sizes={"frames": 64}, sgs_block=8, active_bins=3).graph()
    slow, fast = (graph.by_name[f"{name}_res2.2.sgs"] for name in ("slow", "fast"))
    assert [(node.op.block, node.op.active) for node in (slow, fast)] == [(2, 1), (8, 3)]  # type: ignore[attr-defined]
    assert [graph.types[node.name].time for node in (slow, fast)] == [8, 24]
    assert graph.types["lateral2.conv"].time == 6
    assert graph.types["fuse2"].time == 8


def test_pathways_are_joined_with_zeros_at_both_ends_of_the_shorter():
    short, long = torch.ones(1, 1, 2, 1, 1), torch.ones(1, 1, 5, 1, 1)
    filled, whole = fill(short, long)
    assert filled.flatten().tolist() == [0, 1, 1, 0, 0]
    assert torch.equal(whole, long)
    graph = sampled("res2", "slowfast", None).graph()
    found = [node.name for node in graph.nodes if getattr(node.op, "filled", False)]
    assert found == ["fuse2", "fuse3", "fuse4", "features"]


def test_a_distribution_of_active_bins_is_a_mean_and_no_network():
    assert Sgs("res2", active_bins="uniform:1:4").shares == dict.fromkeys(range(1, 5), Fraction(1, 4))
    assert Sgs("res2", active_bins="uniform:1:4").flags == "--sgs res2 --active-bins uniform:1:4"
    with pytest.raises(
        CostModelError, match="uniform:1:4: is a mean over clips, which analyze gives; give a number"
    ):
        sampled("res2", active_bins="uniform:1:4").graph()
    with pytest.raises(
        CostModelError, match="'uniform:4:1', expected uniform:LEAST:MOST, such as uniform:1:13"
    ):
        sampled("res2", active_bins="uniform:4:1").graph()
    with pytest.raises(
        CostModelError, match="--active-bins: 'many', expected 1 to 10000 bins, uniform:LEAST:MOST, or the"
    ):
        sampled("res2", active_bins="many")


def test_a_stream_is_refused_with_what_a_clip_now_and_then_costs():
    network = sampled("res2", active_bins=6)
    with pytest.raises(CostModelError) as error:
        network.continual().graph()
    assert "sgs forms its bins over all 13 frames of a clip and cannot run frame by frame" in str(error.value)
    assert "(1,130,441,696 multiply-adds a clip at most; the stream without it " in str(error.value)


@pytest.mark.parametrize(
    ("spec", "stage", "size", "depths"),
    # of X3D every other block differs, so that a stage ends with one of two
    [("r3d_18", "layer2", "blocks2", (1, 2, 3, 5)), ("digits", "res2", "gamma_d", (Fraction(1, 2), 1, 2, 3))],
)
def test_networks_of_many_depths_at_once_are_what_each_is_by_itself(spec: str, stage: str, size: str, depths):
    family = Family(sampled(stage, spec, None, sizes={"frames": 8}))
    quantities = [Quantity(name) for name in ("macs_per_clip", "params", "traffic_bytes", "entropy")]
    rows = [{**family.network.sizes, size: depth, "frames": 8 + place} for place, depth in enumerate(depths)]
    for found, row in zip(family.designs(rows, quantities), rows, strict=True):
        assert found.values == family.exact(row, quantities, addresses=False).values
        assert found.network == family.at(row).identity


def test_a_depth_may_be_free_in_the_formula_of_a_sampled_network():
    depth = sympy.Symbol("blocks2", integer=True, positive=True)
    found = sampled("layer2", "r3d_18", None, active_bins=3, sizes={"blocks2": depth}).graph()
    formula = evaluate(Figures(found), "macs_per_clip")
    for blocks in (1, 2, 4):
        one = sampled("layer2", "r3d_18", None, active_bins=3, sizes={"blocks2": blocks}).graph()
        assert formula.subs(depth, blocks) == evaluate(Figures(one), "macs_per_clip")
