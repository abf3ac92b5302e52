"""The batch norm of several processes, here of one, is PyTorch's."""

import pytest
import torch
import torch.distributed as dist
from tiny_training import network

from costmodel.emit import emit
from costmodel.emit.modules.pointwise import BatchNormLayer
from search.train.shared_norm import share_norms


@pytest.fixture
def grouped():
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def norm_of(made) -> BatchNormLayer:
    return next(each for each in made.layers.values() if isinstance(each, BatchNormLayer))


def answered(layer: BatchNormLayer, clips: torch.Tensor):
    clips = clips.clone().requires_grad_()
    layer.zero_grad()
    found = layer(clips)
    (found * torch.linspace(-1, 1, found.numel()).view(found.shape)).sum().backward()
    return [found, clips.grad, layer.weight.grad, layer.bias.grad, layer.running_mean, layer.running_var]


def test_values_gradients_and_statistics_are_those_of_torch(grouped):
    torch.manual_seed(0)
    clips = torch.randn(3, 4, 2, 5, 5) * 2 + 1
    own, made = norm_of(emit(network())), emit(network())
    share_norms(made)
    shared = norm_of(made)
    for layer in (own, shared):
        torch.nn.init.constant_(layer.weight, 0.7)
    for ours, torchs in zip(answered(shared, clips), answered(own, clips), strict=True):
        torch.testing.assert_close(ours, torchs, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(shared.eval()(clips), own.eval()(clips))
