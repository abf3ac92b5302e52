"""Running similarity guided sampling: a clip's own number of frames, or a fixed one."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel.emit.groups import Groups
from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.texts import sampling
from costmodel.emit.modules.written import Written, differing, writes
from costmodel.errors import EmitError
from costmodel.ops import Sgs
from costmodel.ops.sampling import bins_of_axes
from costmodel.types import TensorType

OWN_NUMBER = (
    "hands on as many frames as a clip has bins that are not empty, and what is exported or compiled has one "
    "number for all clips; give it with --active-bins"
)


@mirrors(Sgs)
class SgsLayer(Layer[Sgs]):
    """Frames summed in bins of equal width by their distance in a learned space."""

    def __init__(self, op: Sgs, x: TensorType) -> None:
        super().__init__(op, x)
        self.bins = None if op.bins is None else int(op.bins)
        for name, shape in op.weights(x).items():
            self.register_parameter(name, nn.Parameter(torch.empty(tuple(map(int, shape)))))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weights that keep the size of values (LeCun et al. 1998, sec. 4.6); biases are zero."""
        for name, value in self.named_parameters():
            if name.startswith("bias"):
                nn.init.zeros_(value)
            else:
                nn.init.normal_(value, std=1 / sqrt(value.shape[1]))

    def forward(self, *clips: Tensor) -> Tensor:
        (clip,) = clips
        return self._fixed(clip, self.weights_of(clip))

    def _fixed(self, clip: Tensor, weights: Tensor) -> Tensor:
        active = weights.shape[2] if self.op.active is None else int(self.op.active)
        fixed = sampling.fullest_first(weights.flatten(0, 1), active)
        return sampling.summed(clip, fixed.reshape(*weights.shape[:2], *fixed.shape[1:]))

    def frame(self, *frames: Tensor) -> Tensor:
        raise NotImplementedError

    def embedded(self, clip: Tensor) -> Tensor:
        """Where the frames of clips lie in the learned space, (batch, frames, dimension)."""
        mean = clip.mean((3, 4)).transpose(1, 2)
        hidden = functional.linear(
            mean, self.get_parameter("weight_hidden"), self.get_parameter("bias_hidden")
        )
        embedding = self.get_parameter("weight_embedding"), self.get_parameter("bias_embedding")
        return functional.linear(hidden.relu(), *embedding)

    def weights_of(self, clip: Tensor) -> Tensor:
        """The weight of each frame in each bin, (batch, blocks, bins, frames of a block)."""
        span = self._span(clip)
        bins = self._bins(clip)
        embedded = self.embedded(clip)
        distance = sampling.distances(embedded.reshape(-1, span, embedded.shape[2]), self.op.measure)
        axes = bins_of_axes(bins, distance.shape[-1])
        found = sampling.weights_in_bins(distance, axes, self.op.kernel, self.op.normalised)
        return found.reshape(len(clip), -1, *found.shape[1:])

    def grouped(self, clip: Tensor) -> Groups:
        """Clips with their own numbers of frames, those of equal numbers together.

        Raises:
            EmitError: it is compiled, for which shapes must be known.
        """
        if torch.compiler.is_compiling():
            raise EmitError(f"{self.op.word} {OWN_NUMBER}")
        weights = self.weights_of(clip)
        if clip.is_meta:  # a clip without values may fill all bins
            return Groups.of([list(range(len(clip)))], [self._fixed(clip, weights)])
        active = (weights != 0).any(3).sum(2).tolist()
        first = sampling.fullest_first(weights.flatten(0, 1), weights.shape[2]).reshape(weights.shape)
        kept = [self._filled(each, weights.shape[2]) for each in active]
        # Those of equal numbers in each block run together, so that no multiply-add is made for an empty bin.
        alike = Groups.by(kept)
        sampled = [self._summed(clip[rows], first[rows], kept[rows[0]]) for rows in alike]
        return Groups.of(alike, sampled).merged()

    def _filled(self, active: Sequence[int], most: int) -> tuple[int, ...]:
        """The bins of each block that are handed on, as many in all as the layers behind need at least."""
        kept = list(active)
        for place in reversed(range(len(kept))):
            kept[place] = min(most, kept[place] + max(0, self.op.least - sum(kept)))
        return tuple(kept)

    def _summed(self, clip: Tensor, weights: Tensor, kept: Sequence[int]) -> Tensor:
        blocks = clip.chunk(len(kept), 2)
        found = [
            sampling.summed(block, weights[:, number : number + 1, :each])
            for number, (block, each) in enumerate(zip(blocks, kept, strict=True))
        ]
        return found[0] if len(found) == 1 else torch.cat(found, 2)

    def _span(self, clip: Tensor) -> int:
        return self.op.block or clip.shape[2]

    def _bins(self, clip: Tensor) -> int:
        return self._span(clip) if self.bins is None else self.bins


@writes(Sgs)
def _written(op: Sgs, x: TensorType) -> Written:
    if op.active is None:
        raise EmitError(f"{op.word} {OWN_NUMBER}")
    bins = int(op.bins_of(x))
    axes = {"magnitude": 1, "angular": int(op.dimension) - 1, "spherical": int(op.dimension)}[op.measure]
    arguments = {
        "channels": x.channels,
        "dimension": op.dimension,
        "frames": op.span(x),
        "bins": bins_of_axes(bins, axes),
        "active": op.active,
    }
    options = differing(
        kernel=(op.kernel, "linear"),
        normalised=(op.normalised, False),
        measure=(op.measure, "magnitude"),
    )
    carried = (
        sampling.distances,
        sampling.weights_in_bins,
        sampling.fullest_first,
        sampling.summed,
        sampling.SimilarityGuidedSampling,
    )
    return Written("SimilarityGuidedSampling", arguments, options, carried=carried)
