"""Similarity guided sampling: frames grouped by what they show, each group handed on as one frame."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar, Literal

from costmodel.conditions import equal
from costmodel.errors import TransformError
from costmodel.numbers import Size
from costmodel.ops.base import Demand, Op
from costmodel.types import Shape, Streaming, TensorType, Window, Work


@dataclass(frozen=True, kw_only=True)
class Sgs(Op):
    """Frames summed in bins of equal width by their distance in a learned space  (Fayyaz 2021, eq. 1 to 6).

    A similarity network embeds each frame in `dimension` numbers: the mean of its map, two layers C -> C -> L
    and a ReLU between them, which the code has and the paper does not print; without it they would be one.
    Bins that no frame falls into are dropped, so that each clip has a number of frames of its own behind it,
    at most `bins`, which is what figures count. With `active` it is that many of every clip: the first bins
    that are not empty, zeros behind.

    A frame weighs less towards the edges of its bin (`linear`, eq. 6), or everywhere alike (`kronecker`);
    `normalised`, a bin is divided by the number of its frames, which is eq. 5. The distance is the length of
    an embedding, its angles, or both (eq. 9). With `block` so many frames at a time are sampled, each of the
    blocks in bins of its own.
    """

    word: ClassVar[str] = "sgs"
    has_no_stream: ClassVar[bool] = True
    hidden: ClassVar[frozenset[str]] = frozenset({"least", "kept"})
    repair: ClassVar[str] = "leave it out, or run its clip network on a clip now and then"

    bins: Size | None = None
    active: Size | None = None
    kernel: Literal["linear", "kronecker"] = "linear"
    normalised: bool = False
    measure: Literal["magnitude", "angular", "spherical"] = "magnitude"
    dimension: Size = 8
    block: int = 0
    # Frames that the layers behind need at least; empty bins stand in for what a clip lacks.
    least: int = 1
    # Frames that one clip in particular hands on, of all its blocks: what that clip costs.
    kept: Size | None = None

    def demands(self, x: TensorType) -> Iterator[Demand]:
        yield x.time > 1, "samples a clip of one frame; put it where there are more", ()
        yield (
            self.block >= 0,
            "blocks of {} frames, expected 2 or more, or 0 for the whole clip",
            (self.block,),
        )
        yield (
            self.block != 1,
            "blocks of one frame, which are sampled already; give them 2 or more, or 0 for the whole clip",
            (),
        )
        if self.block > 1:
            yield (
                equal(x.time % self.block, 0),
                "a clip of {} frames is no whole number of blocks of {}; give blocks that fit",
                (x.time, self.block),
            )
        yield (
            self.dimension >= (1 if self.measure == "magnitude" else 2),
            "a space of {} dimensions has no {} distance; give it 2 or more",
            (self.dimension, self.measure),
        )
        yield (
            self.active_of(x) <= self.bins_of(x),
            "{} active of {} bins; expected as many as there are bins at most",
            (self.active_of(x), self.bins_of(x)),
        )

    @property
    def is_adaptive(self) -> bool:
        return self.active is None and self.kept is None

    def of_all_bins(self, x: TensorType) -> Op:
        return replace(self, active=self.bins_of(x))

    def span(self, x: TensorType) -> Size:
        """The frames that are binned together: of a block, or of the clip."""
        return self.block or x.time

    def bins_of(self, x: TensorType) -> Size:
        """Bins of a block, or of the clip."""
        return self.span(x) if self.bins is None else self.bins

    def active_of(self, x: TensorType) -> Size:
        """Bins of a block, or of the clip, that are handed on."""
        return self.bins_of(x) if self.active is None else self.active

    def out(self, x: TensorType) -> TensorType:
        if self.kept is not None:
            return x.with_time(self.kept)
        blocks = x.time // self.block if self.block else 1
        return x.with_time(blocks * self.active_of(x))

    def frames_read(self, answer: int, x: TensorType) -> Collection[int] | None:
        active = self.active_of(x)
        # Of one clip in particular, and of means over clips, it is not known which block an answer is of.
        if not self.block or self.kept is not None or not isinstance(active, int):
            return None
        first = answer // active * self.block
        return range(first, first + self.block)

    def weights(self, x: TensorType) -> Mapping[str, Shape]:
        return {
            "weight_hidden": (x.channels, x.channels),
            "bias_hidden": (x.channels,),
            "weight_embedding": (self.dimension, x.channels),
            "bias_embedding": (self.dimension,),
        }

    def work(self, x: TensorType) -> Work:
        frames, wide = self.out(x).time, x.channels + self.dimension
        return {
            "mac.sampling.similarity": x.time * (x.channels * wide),
            "mac.sampling.bins": frames * self.span(x) * (x.channels * (x.height * x.width)),
            "sampling.pooled": x.values,
            "sampling.embedded": x.time * wide,
            "sampling.weighed": x.time * self.bins_of(x),
        }

    def window(self, x: TensorType) -> Window:
        return Window(kernel=x.time, whole_clip=True)

    def streamed(self, stream: Streaming, x: TensorType) -> Op:
        raise TransformError(
            f"{self.word} forms its bins over all {x.time} frames of a clip and cannot run frame by frame; "
            f"{self.repair}"
        )


def bins_of_axes(bins: int, axes: int) -> tuple[int, ...]:
    """Bins along each coordinate whose product is `bins`, as alike as its factors allow, the fewest first.

    32 angular bins are 4 x 8, 32 spherical ones 2 x 4 x 4  (Fayyaz 2021, sec. 5.2.1).
    """
    found = [1] * axes
    for factor in sorted(_prime_factors(bins), reverse=True):
        found[found.index(min(found))] *= factor
    assert prod(found) == bins
    return tuple(sorted(found))


def _prime_factors(number: int) -> Iterator[int]:
    factor = 2
    while number > 1:
        if number % factor:
            factor += 1
            continue
        number //= factor
        yield factor
