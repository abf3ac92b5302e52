"""Chunks of frames as images, the frames of all streams one behind the other, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def each_frame(run: Callable[..., Tensor], *chunks: Tensor) -> Tensor:
    """What a layer that treats each frame alone makes of chunks (batch, channels, time, height, width).

    Channels lie last in memory, so that frames are images without a copy.
    """
    return as_chunk(run(*(as_images(each) for each in chunks)), len(chunks[0]))


def as_images(chunk: Tensor) -> Tensor:
    """The frames of chunks as images (batch x time, channels, height, width)."""
    return chunk.squeeze(2) if chunk.shape[2] == 1 else chunk.movedim(2, 1).flatten(0, 1)


def as_chunk(images: Tensor, batch: int) -> Tensor:
    """Images as the frames of so many streams."""
    if len(images) == batch:
        return images.unsqueeze(2)
    return images.reshape(batch, -1, *images.shape[1:]).movedim(1, 2)


def in_time(frames: Sequence[Tensor]) -> Tensor:
    """Frames as a chunk, channels last in memory: a stack of them would be laid out anew by each layer."""
    return torch.stack([each.movedim(1, 3) for each in frames], 1).movedim(4, 1)


def written(maps: Tensor) -> Tensor:
    """Maps (batch, channels, height, width) as they are, which a compiler puts into memory here.

    What only the next step reads it would write in a loop of its own, which reads all once more that they
    are made of. Taken by strides they have to be there, and flat, for what changes nothing is left out.
    """
    last = maps.permute(0, 2, 3, 1).contiguous()
    return last.as_strided((last.numel(),), (1,)).view(last.shape).permute(0, 3, 1, 2)
