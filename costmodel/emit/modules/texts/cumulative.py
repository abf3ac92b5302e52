"""Texts of pools over all frames so far.

Each text may use `torch`, `nn`, `F`, `Any`, `Triple` and what is carried along with it, nothing else.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CumulativePool(nn.Module):
    """The mean or maximum of each frame and all frames before it, at every position or over the map.

    Every clip starts anew; one that `remembers` goes on from the last, its mean kept in 32 bits at least.
    """

    def __init__(
        self, of: str = "mean", over_map: bool = False, last: bool = False, remembers: bool = False
    ) -> None:
        super().__init__()
        self.of, self.over_map, self.last, self.remembers = of, over_map, last, remembers
        self.reset()

    def reset(self) -> None:
        """Forgets the stream."""
        self.seen = 0
        self.kept: Tensor | None = None

    def forward(self, clip: Tensor) -> Tensor:
        """The answer to every frame, or the last one's."""
        if self.over_map:
            clip = clip.mean((3, 4), keepdim=True) if self.of == "mean" else clip.amax((3, 4), keepdim=True)
        kept, seen, answers = self.kept, self.seen, []
        for frame in clip.unbind(2):
            seen += 1
            kept = frame if kept is None else self.joined(kept, frame, seen)
            answers.append(kept.to(clip.dtype))
        if self.remembers:
            self.kept, self.seen = kept, seen
        return torch.stack(answers[-1:] if self.last else answers, dim=2)

    def joined(self, kept: Tensor, frame: Tensor, seen: int) -> Tensor:
        """What is kept behind the frame of this number."""
        if self.of == "max":
            return kept.maximum(frame)
        kept = kept.to(torch.promote_types(kept.dtype, torch.float32))
        return kept + (frame - kept) / seen
