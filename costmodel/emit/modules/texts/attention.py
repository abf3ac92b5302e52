"""Texts of attention within frames and over a window of them.

Each text may use `torch`, `nn`, `F`, `Any`, `Triple` and what is carried along with it, nothing else.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from costmodel.emit.modules.texts.clips import attend


def attend_back(
    query: Tensor, key: Tensor, value: Tensor, softmax: bool, frames: int = 1, heads: int = 1
) -> Tensor:
    """Attention of each frame to itself and to those before it, so many `frames` in all."""
    found = []
    for number in range(query.shape[2]):
        seen = slice(max(0, number - frames + 1), number + 1)
        given = query[:, :, number : number + 1], key[:, :, seen], value[:, :, seen]
        found.append(attend(*given, softmax, heads))
    return torch.cat(found, dim=2)


def attend_in_time(query: Tensor, key: Tensor, value: Tensor, softmax: bool, heads: int = 1) -> Tensor:
    """Attention of each position to itself in all frames."""
    batch, _, _, height, width = query.shape
    query, key, value = (each.permute(0, 3, 4, 1, 2).flatten(0, 2) for each in (query, key, value))
    found = attend(query, key, value, softmax, heads)
    return found.reshape(batch, height, width, *found.shape[1:]).permute(0, 3, 4, 1, 2)


class StreamAttention(nn.Module):
    """Attention of each frame of a stream to itself and to those before it, so many `frames` in all.

    It keeps the keys and values of those before.
    """

    def __init__(self, frames: int, softmax: bool = True, heads: int = 1) -> None:
        super().__init__()
        self.frames, self.softmax, self.heads = frames, softmax, heads
        self.reset()

    def reset(self) -> None:
        """Forgets the stream."""
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """The answer to a frame."""
        keys, values = [*self.keys, key.clone()], [*self.values, value.clone()]
        earlier = self.frames - 1
        self.keys, self.values = keys[-earlier:], values[-earlier:]
        return attend(query, torch.cat(keys, 2), torch.cat(values, 2), self.softmax, self.heads)
