"""Layers, and functions on them, of which modules are made that are easily misread."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from costmodel.emit.modules.texts.window_attention import distances, strangers

Forward = Callable[["Parts", Tensor], Tensor]


class Parts(nn.Module):
    """Layers that a forward written as a function uses as it likes."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.run = forward
        self.plane = nn.Conv2d(4, 4, (3, 1), padding=(1, 0))
        self.cube = nn.Conv3d(4, 4, (3, 1, 3), padding=(1, 0, 1))
        self.line = nn.Conv1d(4, 4, 3, padding=1)
        self.point = nn.Conv3d(4, 4, 1)
        self.norm = nn.BatchNorm3d(4)
        self.group = nn.GroupNorm(2, 4)
        self.layer = nn.LayerNorm(4)
        self.linear = nn.Linear(4, 4)
        self.wide = nn.Linear(256, 2)
        self.slope = nn.PReLU(4)
        self.memory = nn.LSTM(4, 4, batch_first=True)
        self.learned = nn.Parameter(torch.rand(4))
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.triple = nn.Linear(4, 12)
        self.matrix = nn.Parameter(torch.rand(4, 6))
        self.table, self.turned = nn.Parameter(torch.rand(27, 2)), nn.Parameter(torch.rand(2, 27))
        self.single, self.pairs = nn.Parameter(torch.rand(27, 1)), nn.Parameter(torch.rand(1, 8, 8))
        self.cell, self.gated = nn.LSTMCell(4, 4), nn.GRUCell(4, 4, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.run(self, x)


def head(x: Tensor) -> Tensor:
    return x.flatten(2).mean(2)


def as_tokens(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)


def attended(m: Parts, tokens: Tensor, heads: int = 1, bias: float = 0.0) -> Tensor:
    def parts(x: Tensor) -> Tensor:
        return x.unflatten(-1, (heads, -1)).transpose(-3, -2)

    query, key, value = parts(m.linear(tokens)), parts(tokens), parts(m.layer(tokens))
    scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5
    shares = F.dropout((scores + bias if bias else scores).softmax(-1), 0.1, m.training)
    return (shares @ value).transpose(-3, -2).flatten(-2)


def attention_block(m: Parts, tokens: Tensor) -> Tensor:
    normed = m.layer(tokens)
    tokens = tokens + m.attention(normed, normed, normed, need_weights=False)[0]
    return tokens + F.gelu(m.linear(m.layer(tokens)))


def folded(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(0, 1)


def overwritten(x: Tensor) -> Tensor:
    flat = x.view(len(x), -1)
    x.mul_(2)
    return flat.view(x.shape) + x


def windows_of(x: Tensor, heads: int = 1) -> Tensor:
    """Positions of windows of 2 x 2 x 2, ahead of the channels of a head."""
    parts = x.unflatten(4, (2, 2)).unflatten(3, (2, 2)).unflatten(2, (2, 2)).unflatten(1, (heads, -1))
    found = parts.permute(0, 3, 5, 7, 1, 4, 6, 8, 2).flatten(5, 7).flatten(0, 3)
    return found if heads > 1 else found.squeeze(1)


def out_of_windows(found: Tensor, heads: int = 1) -> Tensor:
    parts = found.reshape(-1, 2, 2, 2, heads, 2, 2, 2, 4 // heads).permute(0, 4, 8, 1, 5, 2, 6, 3, 7)
    return parts.reshape(-1, 4, 4, 4, 4)


def in_windows(
    m: Parts,
    x: Tensor,
    shift: tuple[int, ...] = (0, 0, 0),
    heads: int = 1,
    bias: Tensor | None = None,
    masked: Tensor | None = None,
    again: Tensor | None = None,
) -> Tensor:
    """Attention in windows of 2 x 2 x 2, as Swin transformers write it."""
    x = m.point(x).roll([-each for each in shift], (2, 3, 4)) if any(shift) else m.point(x)
    windows = windows_of(x, heads).reshape(-1, heads, 8, 4 // heads)
    scores = windows @ windows.transpose(-2, -1) * windows.shape[-1] ** -0.5
    for each in filter(lambda each: each is not None, (bias, again)):
        table = each[distances((2, 2, 2))].movedim(-1, 0) if each.dim() == 2 else each
        scores = scores + table
    if any(shift):
        apart = strangers((4, 4, 4), (2, 2, 2), tuple(shift)) if masked is None else masked.expand(8, -1, -1)
        scores = scores.view(-1, 8, heads, 8, 8) + -100.0 * apart[:, None]
        scores = scores.view(-1, heads, 8, 8)
    found = scores.softmax(-1) @ windows
    return m.point(out_of_windows(found, heads).roll(shift, (2, 3, 4)))


def remembered(m: Parts, frames: Iterable[Tensor], which: int = 0) -> list[Tensor]:
    """What a long short-term memory answers to each frame, or what it keeps."""
    state, found = None, []
    for each in frames:
        state = m.cell(each.mean((2, 3)), state)
        found.append(state[which])
    return found


def gated_over(m: Parts, frames: Iterable[Tensor], times: float = 1.0) -> Tensor:
    state = None
    for each in frames:
        state = m.gated(each, state if state is None or times == 1 else times * state)
    assert state is not None
    return state


def zeroed(x: Tensor) -> Tensor:
    out = x.clone()
    out[:, :, :1] = torch.zeros_like(out[:, :, :1])
    return out


def written_by_channel(x: Tensor) -> Tensor:
    out = torch.zeros_like(x)
    for channel, frames in enumerate((-1, 0, 1, 0)):
        source = x[:, channel : channel + 1]
        if frames < 0:
            out[:, channel : channel + 1, :frames] = source[:, :, -frames:]
        else:
            out[:, channel : channel + 1, frames:] = source[:, :, : 4 - frames]
    return out


def overlapping(x: Tensor) -> Tensor:
    out = torch.zeros_like(x)
    out[:, :3] = x[:, :3]
    out[:, 2:] = x[:, 2:]
    return out
