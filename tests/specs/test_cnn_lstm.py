"""A CNN with LSTM equals one written by hand: a ResNet as torchvision has it, and torch's LSTM behind it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from costmodel import analyze, load
from costmodel.emit import emit

BLOCKS = {"R18-LSTM": (2, 2, 2, 2), "R50-LSTM": (3, 4, 6, 3)}


class Block(nn.Module):
    """A residual block of two 3 x 3 convolutions, or of one between two of 1 x 1."""

    def __init__(self, channels: int, inner: int, stride: int, is_wide: bool) -> None:
        super().__init__()
        out = 4 * inner if is_wide else inner
        kernels = ((1, 1), (3, stride), (1, 1)) if is_wide else ((3, stride), (3, 1))
        sizes = (channels, inner, inner, out) if is_wide else (channels, inner, out)
        self.depth = len(kernels)
        for number, (kernel, step) in enumerate(kernels, start=1):
            conv = nn.Conv2d(sizes[number - 1], sizes[number], kernel, step, kernel // 2, bias=False)
            self.add_module(f"conv{number}", conv)
            self.add_module(f"bn{number}", nn.BatchNorm2d(sizes[number]))
        self.downsample: nn.Sequential | None = None
        if stride > 1 or channels != out:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x: Tensor) -> Tensor:
        skip = x if self.downsample is None else self.downsample(x)
        for number in range(1, self.depth + 1):
            x = self.get_submodule(f"bn{number}")(self.get_submodule(f"conv{number}")(x))
            x = x.relu() if number < self.depth else x
        return (x + skip).relu()


class CnnLstm(nn.Module):
    """A ResNet on every frame, an LSTM on its pooled features, an answer for every frame."""

    def __init__(self, variant: str, classes: int, hidden: int) -> None:
        super().__init__()
        is_wide = variant == "R50-LSTM"
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels = 64
        for stage, count in enumerate(BLOCKS[variant]):
            blocks, inner = [], 64 * 2**stage
            for number in range(count):
                blocks.append(Block(channels, inner, 2 if stage and not number else 1, is_wide))
                channels = 4 * inner if is_wide else inner
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.lstm = nn.LSTM(channels, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def features(self, clip: Tensor) -> Tensor:
        """What the ResNet makes of each frame (batch, time, channels)."""
        x = self.maxpool(self.bn1(self.conv1(clip.transpose(1, 2).flatten(0, 1))).relu())
        for stage in range(1, 5):
            x = self.get_submodule(f"layer{stage}")(x)
        return x.mean((2, 3)).unflatten(0, (len(clip), clip.shape[2]))

    def forward(self, clip: Tensor) -> Tensor:
        return self.fc(self.lstm(self.features(clip))[0])

    def macs(self, clip: Tensor) -> int:
        """Multiply-adds of a clip, the LSTM's as those of its cell on each frame: torch counts no others."""
        cell = nn.LSTMCell(self.lstm.input_size, self.lstm.hidden_size, device=clip.device)
        with FlopCounterMode(display=False) as counter:
            kept = None
            for frame in self.features(clip).unbind(1):
                kept = cell(frame, kept)
                self.fc(kept[0])
        return counter.get_total_flops() // 2


def renamed(name: str) -> str:
    """The module's name of a weight of the spec."""
    name = (
        name.removeprefix("layers.")
        .replace(".block_2.", ".block.")
        .replace(".block.", ".")
        .replace(".main.", ".")
    )
    name = name.replace("downsample.conv", "downsample.0").replace("downsample.bn", "downsample.1")
    return name.replace("lstm.0.lstm.", "lstm.") + ("_l0" if name.startswith("lstm.") else "")


@pytest.mark.parametrize("variant", BLOCKS)
def test_parameters_and_multiply_adds_are_the_modules(variant: str):
    totals = analyze(load("cnn_lstm", variant=variant)).totals
    with torch.device("meta"):
        module, clip = CnnLstm(variant, 400, 512).eval(), torch.empty(1, 3, 16, 224, 224)
        macs = module.macs(clip)
    assert totals["params"] == sum(each.numel() for each in module.parameters())
    assert totals["macs_per_clip"] == macs


@pytest.mark.parametrize("variant", BLOCKS)
def test_answers_are_the_modules(variant: str):
    torch.manual_seed(0)
    module = CnnLstm(variant, 5, 16).eval()
    network = emit(load("cnn_lstm", variant=variant, crop=32, frames=3, hidden=16, classes=5)).eval()
    held, clip = module.state_dict(), torch.randn(2, 3, 3, 32, 32)
    own = network.state_dict()
    network.load_state_dict({name: held[renamed(name)].view(own[name].shape) for name in own})
    with torch.no_grad():
        answers = network(clip).flatten(2).transpose(1, 2)
        torch.testing.assert_close(answers, module(clip), rtol=1e-4, atol=1e-5)
