"""Norms settled on a clip: what leaves them has their own scale, however deep they stand."""

import torch
from emitted import chain
from torch import Tensor

from costmodel import load
from costmodel.emit import emit, randomise
from costmodel.emit.bench.setting import Setting
from costmodel.emit.bench.subjects import network_of
from costmodel.emit.modules.base import Layer
from costmodel.emit.modules.pointwise import BatchNormLayer
from costmodel.emit.network import ClipNetwork
from costmodel.emit.settle import settle_norms, shown_inputs
from costmodel.ops import BatchNorm, Conv, Dropout, GlobalPool, Op

DEEP = load("x3d", variant="M", frames=4, crop=128)
EXPONENT = 87  # exp(-88) is no normal number of 32 bits


@torch.no_grad()
def largest(network: ClipNetwork, clip: Tensor) -> float:
    """The largest number, whatever its sign, that a layer reads of a clip."""
    found = list[float]()
    with shown_inputs(network, lambda layer, given: found.append(float(given.abs().max()))):
        network(clip)
    return max(found)


def test_what_reaches_a_norm_has_its_running_statistics():
    network, clip = emit(DEEP).eval(), torch.randn(2, 3, 4, 128, 128)
    assert isinstance(network, ClipNetwork)
    randomise(network)
    before = {name: each.clone() for name, each in network.named_parameters()}
    settle_norms(network, clip)
    seen = list[Tensor]()

    def see(layer: Layer[Op], given: Tensor) -> None:
        if isinstance(layer, BatchNormLayer):
            values = given.movedim(1, 0).flatten(1)
            seen.append((values.mean(1) - layer.running_mean).abs().max() / values.std())

    with torch.no_grad(), shown_inputs(network, see):
        network(clip)
    assert len(seen) > 60
    assert max(map(float, seen)) < 1e-4
    assert all(torch.equal(before[name], each) for name, each in network.named_parameters())


def test_networks_are_timed_on_numbers_whose_exponentials_are_normal():
    clip = torch.randn(1, 3, 4, 128, 128, generator=torch.Generator().manual_seed(1))
    careless = emit(DEEP).eval()
    assert isinstance(careless, ClipNetwork)
    randomise(careless)
    timed = network_of(DEEP, None, Setting())
    assert isinstance(timed, ClipNetwork)
    assert largest(timed, clip) < EXPONENT < largest(careless, clip)


def test_norms_are_settled_as_networks_answer_and_not_as_they_train():
    # In training a norm refuses one value of each channel, and what is dropped is drawn anew.
    graph = chain(Conv(channels=4, kernel=(1, 1, 1)), Dropout(rate=0.5), GlobalPool(), BatchNorm())
    one, two = (network_of(graph, None, Setting()).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)
