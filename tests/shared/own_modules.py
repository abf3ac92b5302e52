"""Small networks as people write them, each in a way that an importer has to follow."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

CLIP = (1, 3, 4, 8, 8)


class Gate(nn.Module):
    """Squeeze-excite over the clip."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool3d(1)
        self.block = nn.Sequential(
            nn.Conv3d(channels, 4, 1), nn.ReLU(True), nn.Conv3d(4, channels, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.block(self.pool(x)).expand_as(x)


class Residual(nn.Module):
    """3D convolutions, a gate, a residual added in place, swish by hand, dropout."""

    def __init__(self, classes: int = 4) -> None:
        super().__init__()
        self.stem = nn.Conv3d(3, 8, 3, (1, 2, 2), padding=1)
        self.norm = nn.BatchNorm3d(8)
        self.inner = nn.Conv3d(8, 8, 3, padding=1, bias=False)
        self.gate = Gate(8)
        self.outer = nn.Conv3d(8, 8, 1)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(8, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.stem(x)).relu_()
        y = self.gate(self.inner(x))
        y = self.outer(y * torch.sigmoid(y))
        y += x
        y = F.avg_pool3d(F.relu(y, inplace=True), y.shape[2:])
        return self.head(self.drop(y.flatten(1))).softmax(-1)


class Shifted(nn.Module):
    """Time in the batch, channels shifted in time by slices that are written into zeros (TSM)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8, 5)

    def shift(self, x: Tensor) -> Tensor:
        out = torch.zeros_like(x)
        out[:, :-1, :2] = x[:, 1:, :2]
        out[:, 1:, 2:4] = x[:, :-1, 2:4]
        out[:, :, 4:] = x[:, :, 4:]
        return out

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, frames, height, width = x.shape
        x = F.relu(self.first(x.transpose(1, 2).reshape(-1, channels, height, width)), inplace=True)
        x = self.shift(x.view(batch, frames, 8, height, width)).view(-1, 8, height, width)
        x = F.adaptive_avg_pool2d(self.second(x), 1).flatten(1)
        return self.head(x).view(batch, frames, 5).mean(1)


class ShiftedByCat(Shifted):
    """The same by parts that are cut, padded and joined again."""

    def shift(self, x: Tensor) -> Tensor:
        future = torch.cat([x[:, 1:, :2], torch.zeros_like(x[:, :1, :2])], 1)
        past = F.pad(x[:, :-1, 2:4], (0, 0, 0, 0, 0, 0, 1, 0))
        return torch.cat([future, past, x[:, :, 4:]], 2)


class FrameByFrame(nn.Module):
    """A loop over frames, then a 1D convolution over time at every position (P3D)."""

    def __init__(self) -> None:
        super().__init__()
        self.space, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.time, self.head = nn.Conv1d(8, 6, 3, padding=1), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        frames = [F.relu(self.norm(self.space(x[:, :, i]))) for i in range(x.shape[2])]
        x = torch.stack(frames, 2)
        batch, channels, time, height, width = x.shape
        x = self.time(x.permute(0, 3, 4, 1, 2).reshape(-1, channels, time))
        return self.head(x.view(batch, height, width, 6, time).permute(0, 3, 4, 1, 2).mean((2, 3, 4)))


class Remembering(nn.Module):
    """A 2D network on frames, LSTMs, a head on the last frame."""

    def __init__(self) -> None:
        super().__init__()
        self.frame, self.memory = nn.Conv2d(3, 8, 3, 2, 1), nn.LSTM(8, 6, 2, batch_first=True)
        self.head = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        features = self.frame(x.transpose(1, 2).flatten(0, 1)).mean((2, 3))
        answers, _ = self.memory(features.unflatten(0, (len(x), -1)))
        return self.head(answers[:, -1])


class TwoPathways(nn.Module):
    """A slow and a fast pathway of one clip, joined on the way and at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.slow, self.fast = nn.Conv3d(3, 8, 1), nn.Conv3d(3, 4, 3, padding=1)
        self.lateral, self.head = nn.Conv3d(4, 4, (5, 1, 1), (4, 1, 1), (2, 0, 0)), nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        slow, fast = self.slow(x[:, :, ::4]), self.fast(x)
        slow = torch.cat([slow, self.lateral(fast)], 1)
        return self.head(torch.cat([slow.mean((2, 3, 4)), fast.amax((2, 3, 4))], 1))


class Shuffled(nn.Module):
    """Channels in groups, dealt out, halved and exchanged."""

    def __init__(self) -> None:
        super().__init__()
        self.point, self.groups = nn.Conv3d(3, 12, 1), nn.Conv3d(12, 12, 3, padding=1, groups=3)
        self.head = nn.Conv3d(12, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.point(x)
        x = x.view(len(x), 3, 4, *x.shape[2:]).transpose(1, 2).contiguous().view(x.shape)
        one, other = self.groups(x).chunk(2, 1)
        return self.head(F.adaptive_avg_pool3d(torch.cat([other, F.silu(one)], 1), 1)).flatten(1)


class Causal(nn.Module):
    """Windows that look at the past alone: zeros joined ahead of the clip, and `F.pad`."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv3d(3, 6, 3, padding=(0, 1, 1)), nn.Conv3d(6, 6, (3, 1, 1))
        self.head = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        ahead = torch.zeros(len(x), 3, 2, *x.shape[3:])
        x = self.first(torch.cat([ahead, x], 2))
        return self.head(self.second(F.pad(x, (0, 0, 0, 0, 2, 0))).mean((2, 3, 4)))


class Strided(nn.Module):
    """A stride in time, and a shortcut of another phase."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv3d(3, 6, 3, padding=1), nn.BatchNorm3d(6)
        self.second, self.short = nn.Conv3d(6, 8, 3, 2, 1), nn.Conv3d(6, 8, 1, 2)
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.first(x)))
        return self.head((self.second(x) + self.short(x)).mean((2, 3, 4)))


class Flattened(nn.Module):
    """A clip that is flattened ahead of its linear layer (C3D)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.pool = nn.Conv3d(3, 6, 3, padding=1), nn.MaxPool3d(2)
        self.head = nn.Linear(6 * 2 * 4 * 4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.pool(F.relu(self.conv(x))).flatten(1))


class Pooled(nn.Module):
    """A last pool of one size, as for one crop alone."""

    def __init__(self, kernel: tuple[int, int, int] = (4, 7, 7)) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv3d(3, 4, 1, (1, 32, 32)), nn.BatchNorm3d(4)
        self.pool = nn.AvgPool3d(tuple(kernel), 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.norm(self.conv(x))).flatten(1)


class Numbers(nn.Module):
    """Numbers, a buffer and learned values in sums and products."""

    def __init__(self) -> None:
        super().__init__()
        self.point, self.head = nn.Conv3d(3, 6, 1), nn.Linear(6, 4)
        self.register_buffer("mean", torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1, 1))
        self.scale, self.position = nn.Parameter(torch.rand(6, 1, 1, 1)), nn.Parameter(torch.rand(1, 4, 6))

    def forward(self, x: Tensor) -> Tensor:
        x = self.point((x - 0.45) / 0.225 + self.mean) * self.scale
        return self.head(F.gelu(x.mean((3, 4)).transpose(1, 2) + self.position).mean(1))


class Shared(nn.Module):
    """A layer that runs twice, and one that never does."""

    def __init__(self) -> None:
        super().__init__()
        self.twice, self.head, self.never = nn.Conv3d(3, 3, 3, padding=1), nn.Linear(3, 4), nn.Linear(5, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.twice(F.relu(self.twice(x))).mean((2, 3, 4)))


class Strange(nn.Module):
    """Three calls that have no layer here."""

    def __init__(self) -> None:
        super().__init__()
        self.point = nn.Conv3d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.sin(self.point(x))
        x = self.point(x[:, :3]).logcumsumexp(2)
        return F.celu(self.point(x[:, :3]), 2.0)


class Deciding(nn.Module):
    """A branch on a number that only running tells."""

    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x
