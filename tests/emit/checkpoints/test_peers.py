"""Checkpoints of real networks, random in weights and statistics, give the answers of those networks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from without_compiled_ops import torchvision_stubs, without_torchvision

from costmodel import load
from costmodel.emit import emit
from costmodel.emit.checkpoints.fit import fit


@torch.no_grad()
def randomised(theirs: nn.Module) -> nn.Module:
    """The network in float64, every parameter and statistic drawn, values of a bounded size."""
    generator = torch.Generator().manual_seed(3)
    for name, value in theirs.double().eval().state_dict().items():
        if value.is_floating_point():
            drawn = torch.rand(value.shape, generator=generator, dtype=value.dtype)
            bound = (6 / value[0].numel()) ** 0.5 if value.dim() > 1 else 0.2
            is_scale = value.dim() == 1 and name.endswith(("weight", "running_var"))
            value.copy_(drawn + 0.5 if is_scale else (2 * drawn - 1) * bound)
    return theirs


@torch.no_grad()
def must_agree(theirs: nn.Module, spec: str, layout: str, **sizes: int) -> None:
    """Raises AssertionError where the emitted network with the checkpoint answers otherwise."""
    ours = emit(load(spec, **sizes)).double().eval()
    found = {f"module.{name}": value for name, value in randomised(theirs).state_dict().items()}
    fitted = fit(found, ours.state_dict())
    assert (fitted.layout, fitted.outside, fitted.unexpected) == (layout, (), ())
    ours.load_state_dict(dict(fitted.tensors), strict=False)
    clip = torch.rand((1, *map(int, ours.graph.source)), dtype=torch.float64)
    expected = theirs(clip)
    assert float(expected.std()) > 0.1
    assert torch.allclose(ours(clip), expected, rtol=1e-10, atol=1e-12 * float(expected.abs().max()))


@pytest.mark.peers("torchvision")
def test_torchvision_s_r2plus1d_18():
    with torchvision_stubs():
        from torchvision.models.video import r2plus1d_18
    must_agree(r2plus1d_18(), "r2plus1d", "torchvision", frames=4, crop=32)


@pytest.mark.peers("torchvision")
def test_torchvision_s_resnet_on_single_frames():
    with torchvision_stubs():
        from torchvision.models import resnet18

    class OnFrames(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = resnet18()

        def forward(self, clip: Tensor) -> Tensor:
            return self.net(clip[:, :, 0])

    must_agree(OnFrames(), "resnet_2d", "resnet", crop=32)


@pytest.mark.peers("pytorchvideo")
@pytest.mark.parametrize(("name", "layout"), [("slow_r50", "pytorchvideo"), ("i3d_r50", "pytorchvideo-pool")])
def test_pytorchvideo_s_resnets(name: str, layout: str):
    with without_torchvision():
        from pytorchvideo.models import hub
    theirs = getattr(hub, name)()
    theirs.blocks[-1].pool = nn.AdaptiveAvgPool3d(1)  # its pool has a fixed size
    must_agree(theirs, name, layout, crop=32, frames=4)
