"""Texts of similarity guided sampling.

Each text may use `torch`, `nn`, `F`, `Any`, `Triple` and what is carried along with it, nothing else.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


def distances(embedding: Tensor, measure: str) -> Tensor:
    """Of embeddings along the last axis the length, the angles, or both."""
    length: Tensor = torch.linalg.vector_norm(embedding, dim=-1, keepdim=True)
    if measure == "magnitude":
        return length
    last = embedding.shape[-1] - 1
    rest = [torch.linalg.vector_norm(embedding[..., axis + 1 :], dim=-1) for axis in range(last - 1)]
    angles = [torch.atan2(each, embedding[..., axis]) for axis, each in enumerate(rest)]
    turned = torch.atan2(embedding[..., last], embedding[..., last - 1]).remainder(2 * torch.pi)
    found = torch.stack([*angles, turned], dim=-1)
    return found if measure == "angular" else torch.cat([length, found], dim=-1)


def weights_in_bins(distance: Tensor, bins: tuple[int, ...], kernel: str, normalised: bool) -> Tensor:
    """The weight of each frame in each bin, (batch, bins, frames), of distances (batch, frames, axes).

    Distances are measured in half-widths of bins, up to twice the bins, so that the centres are at 1, 3, 5.
    Where all frames lie on the outer edge no bin has any: the last bin has the mean of them then.
    """
    frames = distance.shape[1]
    weights = distance.new_ones(len(distance), 1, frames)
    for axis, number in enumerate(bins):
        each = distance[..., axis]
        largest = each.amax(1, keepdim=True)
        # Divided first: the largest is then the outer edge exactly, and its weight exactly nothing.
        places = each / torch.where(largest > 0, largest, 1.0) * (2 * number)
        centres = 2 * torch.arange(number, device=distance.device, dtype=distance.dtype) + 1
        off = (places.unsqueeze(1) - centres.unsqueeze(1)).abs()
        own = F.relu(1 - off) if kernel == "linear" else (off < 1).to(distance.dtype)
        weights = (weights.unsqueeze(2) * own.unsqueeze(1)).flatten(1, 2)
    if normalised:
        weights = weights / (weights != 0).sum(2, keepdim=True).clamp(min=1)
    is_still = (weights == 0).flatten(1).all(1)
    is_last = torch.arange(weights.shape[1], device=distance.device) == weights.shape[1] - 1
    return torch.where((is_still.unsqueeze(1) & is_last).unsqueeze(2), 1 / frames, weights)


def fullest_first(weights: Tensor, active: int) -> Tensor:
    """The weights of the first bins that are not empty, in their order; empty ones behind."""
    bins = torch.arange(weights.shape[1], device=weights.device)
    places = torch.where((weights != 0).any(2), bins, bins + weights.shape[1])
    order = torch.topk(places, active, dim=1, largest=False, sorted=True).indices
    return weights.gather(1, order.unsqueeze(2).expand(-1, -1, weights.shape[2]))


def summed(clip: Tensor, weights: Tensor) -> Tensor:
    """The frames of a clip summed in bins, by weights (batch, blocks, bins, frames of a block)."""
    blocks = clip.reshape(*clip.shape[:2], weights.shape[1], weights.shape[3], -1)
    found = torch.matmul(weights.unsqueeze(1), blocks)
    return found.reshape(*clip.shape[:2], -1, *clip.shape[3:])


class SimilarityGuidedSampling(nn.Module):
    """Frames summed in bins of equal width by their distance in a learned space (Fayyaz 2021, sec. 4).

    Of each clip, or of each block of `frames`, it hands on the first `active` bins that are not empty, zeros
    behind.
    """

    def __init__(
        self,
        channels: int,
        dimension: int,
        frames: int,
        bins: tuple[int, ...],
        active: int,
        kernel: str = "linear",
        normalised: bool = False,
        measure: str = "magnitude",
    ) -> None:
        super().__init__()
        self.frames, self.bins, self.active = frames, bins, active
        self.kernel, self.normalised, self.measure = kernel, normalised, measure
        self.weight_hidden = nn.Parameter(torch.randn(channels, channels) / channels**0.5)
        self.bias_hidden = nn.Parameter(torch.zeros(channels))
        self.weight_embedding = nn.Parameter(torch.randn(dimension, channels) / channels**0.5)
        self.bias_embedding = nn.Parameter(torch.zeros(dimension))

    def forward(self, clip: Tensor) -> Tensor:
        """The bins of a clip."""
        mean = clip.mean((3, 4)).transpose(1, 2)
        hidden = F.relu(F.linear(mean, self.weight_hidden, self.bias_hidden))
        embedding = F.linear(hidden, self.weight_embedding, self.bias_embedding)
        distance = distances(embedding.reshape(-1, self.frames, embedding.shape[2]), self.measure)
        weights = weights_in_bins(distance, self.bins, self.kernel, self.normalised)
        weights = fullest_first(weights, self.active)
        return summed(clip, weights.reshape(len(clip), -1, *weights.shape[1:]))
