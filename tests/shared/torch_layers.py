"""Layers in plain torch, written from their papers, that ops are compared with."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel.ops import ConvGru, ConvLstm
from costmodel.types import TensorType


class EachFrame(nn.Module):
    """A module on every frame by itself."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([self.inner(frame) for frame in x.unbind(2)], 2)


class Learned(nn.Module):
    """A parameter of one's own, times the input or added to it."""

    def __init__(self, name: str, shape: tuple[int, ...], view: tuple[int, ...]) -> None:
        super().__init__()
        self.name, self.view = name, view
        self.register_parameter(name, nn.Parameter(torch.ones(shape)))

    def forward(self, x: Tensor) -> Tensor:
        values = self.get_parameter(self.name).reshape(self.view)
        return x * values if self.name == "weight" else x + values


class Recurrent(nn.Module):
    """A recurrent cell of torch on every frame of a clip in turn, at every position by itself."""

    def __init__(self, cell: nn.LSTMCell | nn.GRUCell) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Tensor) -> Tensor:
        kept, answers = None, []
        for frame in x.unbind(2):
            kept = self.cell(frame.movedim(1, -1).reshape(-1, x.shape[1]), kept)
            answers.append(kept[0] if isinstance(kept, tuple) else kept)
        return torch.stack(answers, 2).reshape(len(x), *x.shape[3:], -1, x.shape[2]).permute(0, 3, 4, 1, 2)


class ConvRecurrent(nn.Module):
    """Shi 2015, eq. 3, or Ballas 2016, gate by gate on every frame of a clip in turn."""

    def __init__(self, op: ConvLstm | ConvGru, x: TensorType) -> None:
        super().__init__()
        self.is_lstm = isinstance(op, ConvLstm)
        gates, channels, kernel = 4 if self.is_lstm else 3, int(op.channels), int(op.kernel)
        for name, wide in (("weight_ih", int(x.channels)), ("weight_hh", channels)):
            self.register_parameter(name, nn.Parameter(torch.randn(gates * channels, wide, kernel, kernel)))
        self.bias = nn.Parameter(torch.randn(gates * channels)) if op.bias else None
        holes = torch.randn(3, channels, int(x.height), int(x.width)) * getattr(op, "peepholes", False)
        self.peepholes = nn.Parameter(holes) if holes.any() else None
        self.channels = channels

    def gate(self, number: int, frame: Tensor, hidden: Tensor) -> Tensor:
        rows = slice(number * self.channels, (number + 1) * self.channels)
        bias = None if self.bias is None else self.bias[rows]
        both = (frame, self.weight_ih[rows], bias), (hidden, self.weight_hh[rows], None)
        return sum(functional.conv2d(*each, padding="same") for each in both)

    def forward(self, x: Tensor) -> Tensor:
        cell = hidden = torch.zeros(len(x), self.channels, *x.shape[3:], dtype=x.dtype)
        holes, answers = (0, 0, 0) if self.peepholes is None else self.peepholes, []
        for frame in x.unbind(2):
            if self.is_lstm:
                take = torch.sigmoid(self.gate(0, frame, hidden) + holes[0] * cell)
                forget = torch.sigmoid(self.gate(1, frame, hidden) + holes[1] * cell)
                cell = forget * cell + take * torch.tanh(self.gate(2, frame, hidden))
                hidden = torch.sigmoid(self.gate(3, frame, hidden) + holes[2] * cell) * torch.tanh(cell)
            else:
                reset, update = (torch.sigmoid(self.gate(number, frame, hidden)) for number in (0, 1))
                new = torch.tanh(self.gate(2, frame, reset * hidden))
                hidden = (1 - update) * hidden + update * new
            answers.append(hidden)
        return torch.stack(answers, 2)


class Sampling(nn.Module):
    """Fayyaz 2021, eq. 1 to 6, a clip of one: bins one by one, those that are not empty first."""

    def __init__(self, active: int) -> None:
        super().__init__()
        self.active = active
        for name, shape in (("hidden", (8, 8)), ("embedding", (4, 8))):
            self.register_parameter(f"weight_{name}", nn.Parameter(torch.randn(shape)))
            self.register_parameter(f"bias_{name}", nn.Parameter(torch.randn(shape[:1])))

    def forward(self, x: Tensor) -> Tensor:
        hidden = functional.linear(x.mean((3, 4))[0].T, self.weight_hidden, self.bias_hidden).relu()
        length = functional.linear(hidden, self.weight_embedding, self.bias_embedding).norm(dim=1)
        half = length.max() / (2 * len(length))
        bins = [(1 - (length - (2 * b + 1) * half).abs() / half).clamp(min=0) for b in range(len(length))]
        kept = sorted(bins, key=lambda weights: not weights.any())[: self.active]
        return torch.einsum("bt,ctp->cbp", torch.stack(kept), x[0].flatten(2)).unflatten(2, x.shape[3:])[None]


def attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Over all positions of the clip, in one part."""
    sizes = query.shape[2:]
    query, key, value = (x.flatten(2).transpose(1, 2) for x in (query, key, value))
    shares = (query @ key.transpose(1, 2) / query.shape[2] ** 0.5).softmax(-1)
    return (shares @ value).transpose(1, 2).reshape(len(query), -1, *sizes)


def attention_in_time(heads: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """At each position over its own frames, by torch's own function."""
    flat = (
        x.permute(0, 3, 4, 2, 1).unflatten(-1, (heads, -1)).transpose(-3, -2) for x in (query, key, value)
    )
    found = functional.scaled_dot_product_attention(*flat)
    return found.transpose(-3, -2).flatten(-2).permute(0, 4, 3, 1, 2)


class AttentionInWindows(nn.Module):
    """Attention in two heads to neighbours, by the places that positions had ahead of a roll."""

    def __init__(self, windows: tuple[int, int, int], shift: tuple[int, int, int], has_bias: bool) -> None:
        super().__init__()
        self.windows, self.shift = windows, shift
        count = math.prod(2 * size - 1 for size in windows)
        self.bias = nn.Parameter(torch.zeros(count, 2)) if has_bias else None

    def forward(self, *clips: Tensor) -> Tensor:
        sizes = clips[0].shape[2:]
        places = torch.cartesian_prod(*(torch.arange(size) for size in sizes))
        window = places // torch.tensor(self.windows)
        origin = (places + torch.tensor(self.shift)) % torch.tensor(sizes)
        query, key, value = (each.flatten(2).unflatten(1, (2, -1)).transpose(2, 3) for each in clips)
        found = torch.empty_like(value)
        for each in window.unique(dim=0):
            (inside,) = (window == each).all(1).nonzero(as_tuple=True)
            apart = origin[inside][:, None] - origin[inside][None]
            mask = self.scores(apart) - 100 * (apart.abs() >= torch.tensor(self.windows)).any(-1)
            parts = (part[:, :, inside] for part in (query, key, value))
            found[:, :, inside] = functional.scaled_dot_product_attention(*parts, attn_mask=mask)
        return found.transpose(2, 3).flatten(1, 2).reshape(clips[2].shape)

    def scores(self, apart: Tensor) -> Tensor:
        """The bias of each head for two places so far apart."""
        if self.bias is None:
            return torch.zeros(2, *apart.shape[:2])
        table = self.bias.reshape(*(2 * size - 1 for size in self.windows), 2)
        at = (apart.clamp(-99, 99) + torch.tensor(self.windows) - 1) % torch.tensor(table.shape[:3])
        return table[tuple(at.unbind(-1))].movedim(-1, 0)


def attention_by_heads(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Over all positions of the clip, in two parts."""
    flat = (x.flatten(2).unflatten(1, (2, -1)).transpose(2, 3) for x in (query, key, value))
    found = functional.scaled_dot_product_attention(*flat)
    return found.transpose(2, 3).flatten(1, 2).reshape(len(query), -1, *query.shape[2:])


def attention_back(frames: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Of each frame to the last ones, as a cache of their keys and values has them."""
    found = []
    for last in range(1, query.shape[2] + 1):
        now, past = slice(last - 1, last), slice(max(0, last - frames), last)
        flat = (
            each.flatten(2).transpose(1, 2) for each in (query[:, :, now], key[:, :, past], value[:, :, past])
        )
        answer = functional.scaled_dot_product_attention(*flat)
        found.append(answer.transpose(1, 2).reshape(len(query), -1, 1, *query.shape[3:]))
    return torch.cat(found, 2)


def temporal_shift(x: Tensor) -> Tensor:
    """The shift of TSM's code, of an eighth each way."""
    out, fold = torch.zeros_like(x), x.shape[1] // 8
    out[:, :fold, :-1] = x[:, :fold, 1:]
    out[:, fold : 2 * fold, 1:] = x[:, fold : 2 * fold, :-1]
    out[:, 2 * fold :] = x[:, 2 * fold :]
    return out
