"""Public video networks as factories: from their own packages, or from checkouts of their repositories.

`python -m costmodel.importers.table` reads them; nothing of their code stands here.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from costmodel.importers.operators import loaded

SHRINK = 32  # pixels of a crop for one of the last map, in all of these networks
LEAST_POOL = 5  # the side of a pool over the last map of a whole crop


def drawn(
    of: str, clip: Sequence[int], options: Mapping[str, Any] | None = None, crop: int | None = None
) -> nn.Module:
    """A public network, its norms settled on a random clip: as made, most answer whatever they see.

    Args:
        of: `package.module:factory`, or a name of this module.
        clip: the sizes that its norms are settled on, of a crop small enough to be quick.
        options: of the factory.
        crop: where it shall run on this crop, its last pool fits it; where not, it is as it was made.
    """
    module = _made(of, options or {})
    state = _settled(_fitted(_made(of, options or {}), clip[-1]), clip)
    module.load_state_dict(state)
    return _fitted(module, crop) if crop else module


def _made(of: str, options: Mapping[str, Any]) -> nn.Module:
    place, _, name = of.rpartition(":")
    # Some print as they are made.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        factory = getattr(loaded(lambda: import_module(place)), name) if place else globals()[name]
        torch.manual_seed(0)
        made = factory(**options)
    assert isinstance(made, nn.Module)
    return made


def _fitted(module: nn.Module, crop: int) -> nn.Module:
    """Lets pools of one fixed size, which take one crop alone, take another."""
    for each in module.modules():
        kernel = getattr(each, "kernel_size", None)
        if isinstance(each, nn.AvgPool3d) and isinstance(kernel, tuple) and kernel[-1] >= LEAST_POOL:
            each.kernel_size = (kernel[0], crop // SHRINK, crop // SHRINK)
    return module


def _settled(module: nn.Module, clip: Sequence[int]) -> dict[str, Tensor]:
    """Its tensors once each norm has seen a clip, its scales and shifts drawn."""
    norms = [each for each in module.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm)]
    momenta = [each.momentum for each in norms]
    generator = torch.Generator().manual_seed(0)
    for each in norms:
        each.momentum = 1.0
        each.weight.data = torch.rand(each.weight.shape, generator=generator) * 0.5 + 0.5
        each.bias.data = torch.rand(each.bias.shape, generator=generator) * 0.6 - 0.3
    for name, learned in module.named_parameters():
        if name.endswith("alpha"):  # MoViNet's branches begin at nothing
            learned.data.fill_(0.5)
    with torch.no_grad():
        module.train()(torch.randn(tuple(clip), generator=generator))
    for each, momentum in zip(norms, momenta, strict=True):
        each.momentum = momentum
    return module.state_dict()


class OfOneClip(nn.Module):
    """SlowFast on one clip, every fourth frame of which is the slow pathway's."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = _made("pytorchvideo.models.hub:slowfast_r50", {})

    def forward(self, x: Tensor) -> Tensor:
        """The classes of a clip."""
        answer: Tensor = self.inner([x[:, :, ::4], x])
        return answer


class ShiftedBothWays(nn.Module):
    """TSM's ResNet-50, offline: 2D convolutions on frames, the mean of their answers."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        resnet = _made("torchvision.models:resnet50", {"num_classes": 400})
        shift = _of_checkout(folder, "ops.temporal_shift")
        shift.make_temporal_shift(resnet, 8)
        self.inner = resnet

    def forward(self, x: Tensor) -> Tensor:
        """The classes of a clip of any length."""
        for each in self.modules():
            if hasattr(each, "n_segment"):
                each.n_segment = x.shape[2]  # type: ignore[assignment]
        answers: Tensor = self.inner(x.transpose(1, 2).flatten(0, 1))
        return answers.view(len(x), x.shape[2], -1).mean(1)


class ShiftedBack(nn.Module):
    """TSM's MobileNetV2, online, on a clip: each frame takes a part of its channels from the one before."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        made = _of_checkout(folder, "mobilenet_v2_tsm")
        self.inner: Any = made.MobileNetV2(27)
        self.kind = made.InvertedResidualWithShift

    def forward(self, x: Tensor) -> Tensor:
        """The classes of each frame."""
        frames = x.shape[2]
        x = x.transpose(1, 2).flatten(0, 1)
        for each in self.inner.features:
            if isinstance(each, self.kind):
                part = x[:, : x.shape[1] // 8].view(-1, frames, x.shape[1] // 8, *x.shape[2:])
                before = torch.cat([torch.zeros_like(part[:, :1]), part[:, :-1]], 1)
                x = each(x, before.flatten(0, 1))[0]
            else:
                x = each(x)
        answers: Tensor = self.inner.classifier(x.mean((2, 3)))
        return answers.view(-1, frames, answers.shape[1])


def movinet(folder: str, name: str = "A0", *, causal: bool = True, tf_like: bool = False) -> nn.Module:
    """A MoViNet, padded as torch or as TensorFlow does; with `causal` its stream, which knows its past."""
    config = _of_checkout(folder, "movinets.config")._C.MODEL
    models = _of_checkout(folder, "movinets.models")
    kind = "2plus1d" if causal else "3d"  # as the released ones are
    own = {"causal": causal, "conv_type": kind, "tf_like": tf_like}
    made = models.MoViNet(getattr(config, f"MoViNet{name}"), **own)
    assert isinstance(made, nn.Module)
    if causal:
        made.register_forward_pre_hook(lambda network, _: network.clean_activation_buffers())
    return made


def mobilenet_3d(folder: str) -> nn.Module:
    """The 3D MobileNetV2 of Efficient-3DCNNs."""
    made: nn.Module = _of_checkout(folder, "models.mobilenetv2").MobileNetV2(num_classes=600, sample_size=112)
    return made


def densenet_3d(folder: str) -> nn.Module:
    """The 3D DenseNet-121 of 3D-ResNets-PyTorch."""
    made: nn.Module = _of_checkout(folder, "models.densenet").generate_model(121, num_classes=400)
    return made


def _of_checkout(folder: str, name: str) -> Any:
    """A module of a checkout, whose packages have names that others have too."""
    first = name.split(".")[0]
    for known in [each for each in sys.modules if each.split(".")[0] == first]:
        if not str(getattr(sys.modules[known], "__file__", "")).startswith(folder):
            del sys.modules[known]
    if folder not in sys.path:
        sys.path.insert(0, folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module(name)
