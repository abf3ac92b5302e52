"""Similarity guided sampling that runs: the paper's equations, its gradients, clips alone and together."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel.analysis.cost import analyze
from costmodel.emit import ClipNetwork, emit
from costmodel.emit.counting import executed_macs
from costmodel.emit.export import exportable
from costmodel.emit.modules.sampling import SgsLayer
from costmodel.emit.modules.texts.sampling import distances, fullest_first, weights_in_bins
from costmodel.emit.source import source_text
from costmodel.errors import EmitError
from costmodel.graph import Graph, Node
from costmodel.network import Network
from costmodel.ops import AvgPool, BatchNorm, Conv, GlobalPool, Linear, Relu, Sgs
from costmodel.spec import elaborate, from_text
from costmodel.transforms.sgs import Sgs as SgsTransform
from tests.shared.emitted import SOURCE, assert_near, chain, clip_network, frames


def network_of(op: Sgs) -> Graph:
    """A sampler, and behind it what looks through time, normalises and pools."""
    three = Conv(channels=5, kernel=(3, 1, 1))
    return chain(
        Relu(),
        op,
        three,
        BatchNorm(),
        Relu(),
        AvgPool(kernel=(None, 2, 2), padding=(0, 0, 0)),
        GlobalPool(),
        Linear(channels=3),
    )


def of_unequal_clips(graph: Graph) -> Tensor:
    """Five clips with unequal numbers of frames that differ."""
    clip = frames(graph, 12, batch=5)
    # Of noise alone all means are alike, and so are the frames.
    clip += 3 * torch.randn(5, 4, 12, 1, 1, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    clip[1] = clip[1, :, :1]
    clip[2, :, 3:] = clip[2, :, 3:4]
    clip[4, :, 7:] = clip[4, :, 7:8]
    return clip


def paper_weights(distance: Tensor) -> Tensor:
    """Eq. 2, 3 and 6, bin by bin."""
    half = distance.max() / (2 * len(distance))
    centres = [(2 * b - 1) * half for b in range(1, len(distance) + 1)]
    return torch.stack([(1 - (distance - centre).abs() / half).clamp(min=0) for centre in centres])


def test_weights_are_those_of_the_paper():
    distance = torch.rand(9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = weights_in_bins(distance.view(1, 9, 1), (9,), "linear", False)[0]
    torch.testing.assert_close(found, paper_weights(distance), rtol=0, atol=1e-12)
    alike = weights_in_bins(distance.view(1, 9, 1), (9,), "kronecker", True)[0]
    assert torch.equal(alike.sum(1) > 0, (paper_weights(distance) > 0).any(1))
    assert alike.sum(1).unique().tolist() == [0, 1]  # eq. 5: a mean, or nothing


def test_the_farthest_frame_lies_on_an_edge_and_weighs_nothing():
    distance = torch.tensor([0.3, 0.7, 0.1 + 0.2]).view(1, 3, 1)
    assert weights_in_bins(distance, (3,), "linear", False)[0, :, 1].tolist() == [0, 0, 0]


def test_frames_that_are_all_alike_are_one_bin_of_their_mean():
    found = weights_in_bins(torch.full((1, 4, 1), 0.6), (4,), "linear", False)
    assert found[0].tolist() == [[0] * 4] * 3 + [[0.25] * 4]
    assert torch.equal(weights_in_bins(torch.zeros(1, 4, 1), (4,), "linear", False), found)


def test_gradients_are_those_of_the_formula():
    distance = torch.rand(
        2, 6, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64, requires_grad=True
    )
    assert torch.autograd.gradcheck(lambda given: weights_in_bins(given, (6,), "linear", False), (distance,))


def test_gradients_are_the_closed_forms_of_the_paper():
    generator = torch.Generator().manual_seed(2)
    maps = torch.randn(7, 10, generator=generator, dtype=torch.float64, requires_grad=True)
    # In half-widths, where the paper's eq. 8 is 1 and -1: the farthest frame is at twice the bins.
    distance = torch.cat([torch.rand(6, generator=generator, dtype=torch.float64) * 14, torch.tensor([14.0])])
    distance.requires_grad_()
    weights = weights_in_bins(distance.view(1, 7, 1), (7,), "linear", False)[0]
    told = torch.randn(7, 10, generator=generator, dtype=torch.float64)
    to_maps, to_distance = torch.autograd.grad((weights @ maps * told).sum(), (maps, distance))
    centres = torch.arange(1, 14, 2, dtype=torch.float64)
    off = distance.detach() - centres.unsqueeze(1)
    sign = ((off > -1) & (off <= 0)).double() - ((off > 0) & (off < 1)).double()
    torch.testing.assert_close(to_maps, (1 - off.abs()).clamp(min=0).T @ told)  # eq. 7
    expected = (sign * (told @ maps.detach().T)).sum(0)  # eq. 8
    torch.testing.assert_close(to_distance[:-1], expected[:-1])


@pytest.mark.parametrize("measure", ["angular", "spherical"])
def test_coordinates_give_the_embedding_back(measure: str):
    given = torch.randn(20, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = distances(given, measure)
    length = found[:, 0] if measure == "spherical" else given.norm(dim=1)
    angles = found if measure == "angular" else found[:, 1:]
    made, rest = [], length
    for angle in angles.unbind(1):
        made.append(rest * angle.cos())
        rest = rest * angle.sin()
    torch.testing.assert_close(torch.stack([*made, rest], 1), given)


def test_empty_bins_go_behind_those_that_are_not():
    weights = torch.tensor([[[0.0], [2.0], [0.0], [3.0]]])
    assert fullest_first(weights, 3).flatten().tolist() == [2, 3, 0]


@pytest.mark.parametrize(
    "op",
    [
        Sgs(),
        Sgs(bins=5),
        Sgs(block=4),
        Sgs(least=6),
        Sgs(kernel="kronecker", normalised=True),
        Sgs(measure="spherical", dimension=3, bins=8),
        Sgs(active=4),
    ],
    ids=str,
)
def test_a_clip_is_answered_alone_as_among_others(op: Sgs):
    network = clip_network(network_of(op))
    clip = of_unequal_clips(network.graph)
    with torch.no_grad():
        together, alone = network(clip), torch.cat([network(each.unsqueeze(0)) for each in clip])
    torch.testing.assert_close(together, alone, rtol=1e-12, atol=1e-12)
    assert len(together.unique(dim=0)) == 5


def sampled(network: ClipNetwork, clip: Tensor) -> list[int]:
    """The frames that each clip has behind the sampler."""
    with torch.no_grad():
        layer = network.layers["layer1"]
        assert isinstance(layer, SgsLayer)
        return layer.grouped(clip.relu()).frames


@pytest.mark.parametrize("op", [Sgs(), Sgs(block=4), Sgs(bins=6)], ids=str)
def test_a_clip_costs_what_its_own_number_of_frames_costs(op: Sgs):
    network = clip_network(network_of(op))
    clip = of_unequal_clips(network.graph)
    numbers = sampled(network, clip)
    assert len(set(numbers)) > 2
    for each, number in zip(clip, numbers, strict=True):
        # Of blocks the sum counts: their bins cost alike.
        graph = network_of(replace(op, active=number, block=0))
        figure = analyze(graph).totals["macs_per_clip"]
        if op.block:
            figure -= number * (12 - op.block) * 4 * 36
        assert executed_macs(lambda one=each: network(one.unsqueeze(0))) == figure


def test_layers_are_made_for_other_frames_where_they_read_them_as_one_alone():
    network = clip_network(network_of(Sgs()))
    torch.manual_seed(0)
    drawn = torch.random.get_rng_state()
    assert network._fitted("layer2", [7]) is network.layers["layer2"]
    assert network._fitted("layer6", [7]) is not network.layers["layer6"]
    assert torch.equal(torch.random.get_rng_state(), drawn)


def masked_reference(network: ClipNetwork, clip: Tensor) -> Tensor:
    """The same network with all clips at full length, what a clip has not masked behind every layer."""
    layer, conv, norm, linear = (network.layers[f"layer{number}"] for number in (1, 2, 3, 7))
    assert isinstance(layer, SgsLayer)
    weights = fullest_first(layer.weights_of(clip.relu())[:, 0], 12)
    x = torch.einsum("nbt,ncthw->ncbhw", weights, clip.relu())
    there = (weights != 0).any(2).to(x.dtype).view(len(clip), 1, 12, 1, 1)
    x = functional.conv3d(x, conv.weight, padding=(1, 0, 0)) * there
    values = x.movedim(1, 0).flatten(1)[:, there.expand_as(x[:, :1]).flatten() > 0]
    mean, variance = (each.view(1, -1, 1, 1, 1) for each in (values.mean(1), values.var(1, correction=0)))
    scale, shift = (each.view(1, -1, 1, 1, 1) for each in (norm.weight, norm.bias))
    x = ((x - mean) / (variance + norm.eps).sqrt() * scale + shift).relu() * there
    pooled = functional.avg_pool3d(x, (1, 2, 2), 1).sum(2) / there.sum(2)
    return functional.linear(pooled.mean((2, 3)), linear.weight, linear.bias)


def test_training_equals_a_masked_network():
    network = clip_network(network_of(Sgs()))
    clip = of_unequal_clips(network.graph)
    learned = dict(network.named_parameters())
    expected = torch.autograd.grad(masked_reference(network, clip).square().sum(), list(learned.values()))
    found = torch.autograd.grad(network.train()(clip).square().sum(), list(learned.values()))
    for name, one, other in zip(learned, found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11, msg=name)
        assert other.abs().max() > 0, name


def test_running_statistics_are_those_of_all_clips_once():
    graph = network_of(Sgs())
    network, clip = clip_network(graph), of_unequal_clips(graph)
    norm = network.layers["layer3"]
    with network.recording() as record, torch.no_grad():
        network(clip)
        before, batches = norm.running_mean.clone(), int(norm.num_batches_tracked)
        network.train()(clip)
    numbers = sampled(network, clip)
    seen = torch.cat(
        [each[:, :number].flatten(1) for each, number in zip(record["layer2"][0][1], numbers, strict=True)], 1
    )
    torch.testing.assert_close(norm.running_mean, 0.9 * before + 0.1 * seen.mean(1))
    assert int(norm.num_batches_tracked) == batches + 1


def test_bins_change_without_training_anew():
    network, fewer = clip_network(network_of(Sgs())), emit(network_of(Sgs(bins=3))).double().eval()
    fewer.load_state_dict(network.state_dict())
    clip = of_unequal_clips(network.graph)
    assert isinstance(fewer, ClipNetwork)
    assert max(sampled(fewer, clip)) <= 3 < max(sampled(network, clip))
    assert fewer(clip).isfinite().all()


def test_other_numbers_of_frames_draw_no_random_numbers():
    network = clip_network(network_of(Sgs()))
    state = torch.random.get_rng_state()
    network(of_unequal_clips(network.graph))
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    "op", [Sgs(active=4), Sgs(active=2, block=4, measure="angular", dimension=3)], ids=str
)
def test_a_written_network_answers_alike(op: Sgs):
    network = clip_network(network_of(op))
    scope: dict[str, type[nn.Module]] = {}
    exec(source_text(network.graph), scope)
    written = scope["Chain"]().double().eval()
    written.load_state_dict(network.state_dict())
    clip = of_unequal_clips(network.graph)
    assert_near(written(clip), network(clip))


def test_written_pathways_of_unequal_frames_are_filled_up():
    sizes = {"crop": 32, "frames": 16, "channels": 8, "blocks2": 1, "blocks3": 1, "blocks4": 1, "blocks5": 1}
    graph = Network.of("slowfast", None, sizes, (SgsTransform("res2", sgs_block=8, active_bins=5),)).graph()
    assert [graph.types[name].time for name in graph.by_name["fuse2"].inputs] == [4, 3]
    network = clip_network(graph)
    scope: dict[str, type[nn.Module]] = {}
    exec(source_text(graph), scope)
    written = scope["Slowfast8x8R50"]().double().eval()
    written.load_state_dict(network.state_dict())
    clip = torch.randn(2, 3, 16, 32, 32, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert_near(written(clip), network(clip))


def test_a_clips_own_number_of_frames_cannot_be_written():
    graph = Graph("sampled", SOURCE, (Node("sgs", Sgs(), ("input",)),))
    with pytest.raises(EmitError, match=r"sgs hands on as many frames as a clip has bins that are not empty"):
        source_text(graph)
    with pytest.raises(EmitError, match=r"sgs: sgs hands on as many frames .* give it with --active-bins"):
        exportable(clip_network(graph))


def test_an_exported_program_answers_alike():
    network = clip_network(network_of(Sgs(active=4)))
    clip = of_unequal_clips(network.graph)
    with torch.no_grad():
        program = torch.export.export(exportable(network), (clip,)).module()
        assert_near(program(clip), network(clip))


def test_an_average_that_leaves_padding_out_takes_a_clip_of_fewer_frames():
    layers = "- avg_pool: {kernel: [3, 1, 1], count_include_pad: false}"
    text = f"input: {{channels: 2, time: 6, height: 1, width: 1}}\nnetwork:\n- sgs: {{bins: 6}}\n{layers}\n"
    network = emit(elaborate(from_text(text, "x"))).eval()
    clip = torch.randn(1, 2, 1, 1, 1).expand(1, 2, 6, 1, 1).clone()  # alike: all fall into one bin
    with torch.no_grad(), network.active_bins() as numbers:
        answer = network(clip)
        sampled = network.layers["sgs"].grouped(clip).clips[0]
    assert numbers == {"sgs": [1]}
    torch.testing.assert_close(answer[:, :, :1], sampled)  # one frame, and nothing of its padding
