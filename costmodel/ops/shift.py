"""Shifts in time that are part of the network: they change what is computed, where a `Delay` only waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, Self

from costmodel.numbers import Size, floor
from costmodel.ops.base import Demand, Op, must_look_ahead_of_pools
from costmodel.ops.step import Step
from costmodel.types import Carry, Streaming, TensorType, Window


@dataclass(frozen=True, kw_only=True)
class Shift(Op):
    """Every frame replaced by the one `frames` before it, zeros beyond the clip  (Kopuklu 2022, fig. 3).

    Below zero it is the one so many frames after. With `past` or `future` only those shares of the channels
    are: first that of the future, then that of the past, the others stay, each share rounded down  (Lin 2019,
    sec. 3.3, and its code).

    A whole shift sees one frame. On a stream that frame has come already, or is waited for, so nothing is
    kept: a stream hands frame t on as the one t + `frames`, and `pads` no zeros. A stream with a share of the
    past keeps that share of the frames before; one with a share of the future keeps the other channels until
    it comes.
    """

    word: ClassVar[str] = "shift"
    hidden: ClassVar[frozenset[str]] = frozenset({"pads"})

    frames: int = 1
    past: Fraction = Fraction(0)
    future: Fraction = Fraction(0)
    pads: bool = True

    def demands(self, x: TensorType) -> Iterator[Demand]:
        yield self.frames != 0, "a shift by no frame; leave it out", ()
        if self.pads:
            yield (
                abs(self.frames) < x.time,
                "a shift by {} frames leaves nothing of a clip of {}; shift by less, or give it more frames",
                (self.frames, x.time),
            )
        if not self.has_shares:
            return
        # Their direction is said by `past` and `future`; a sign besides could contradict it.
        yield self.frames > 0, "shares are shifted by {} frames, expected 1 or more", (self.frames,)
        yield (
            self.past + self.future <= 1,
            "shares of {} and {} are more than all channels",
            (self.past, self.future),
        )
        shifted = sum(self.shares(x)[:2])
        yield shifted >= 1, "its shares of {} channels hold none; give it a larger one", (x.channels,)

    @property
    def has_shares(self) -> bool:
        """Whether shares of the channels are shifted, not all of them."""
        return bool(self.past or self.future)

    def shares(self, x: TensorType) -> tuple[Size, Size, Size]:
        """Channels that come from the future, from the past, and from now."""
        future, past = (floor(share * x.channels) for share in (self.future, self.past))
        return future, past, x.channels - future - past

    def without_time_padding(self, covers: Size | None = None) -> Self:
        return replace(self, pads=False)

    def out(self, x: TensorType) -> TensorType:
        return x if self.pads else x.with_time(x.time - self.window(x).span)

    def window(self, x: TensorType) -> Window:
        # Without padding the first output is of the first frames there are, and none stand ahead of them.
        ahead = self.frames if self.pads else 0
        if not self.has_shares:
            return Window(before=ahead)
        before, after = bool(self.past), bool(self.future)
        if before and after and _is_none(self.shares(x)[2]):  # no channel stays, and the frame is not seen
            return Window(2, 2 * self.frames, before=ahead)
        # Taps `frames` apart: that ahead for the future, that behind for the past, and the frame itself.
        return Window(1 + before + after, self.frames, before=ahead * before)

    def carry(self, x: TensorType) -> Carry:
        _, past, now = self.shares(x)
        # With a share of the future the past waits twice: as long as the others, and as far as it looks back.
        kept: Mapping[str, TensorType] = {
            "past": TensorType(past, self.window(x).span, x.height, x.width),
            # Those that stay wait for the share of the future, which comes `frames` later.
            "now": TensorType(now, self.frames if self.future else 0, x.height, x.width),
        }
        held = {name: each for name, each in kept.items() if each.time and not _is_none(each.channels)}
        return Carry("none", held if self.has_shares else {})

    def streamed(self, stream: Streaming, x: TensorType) -> Op:
        must_look_ahead_of_pools(self, stream)
        return Step(self.without_time_padding(), self.window(x).before)

    def in_place(self, x: TensorType) -> Mapping[str, Op]:
        if self.future:
            return {
                "shift from the past alone": replace(self, past=self.past or self.future, future=Fraction(0))
            }
        return (
            {}
            if self.has_shares or self.frames > 0
            else {"shift from the past": replace(self, frames=-self.frames)}
        )

    def stays(self, *inputs: TensorType) -> bool:
        return not (self.has_shares or self.pads)

    def allocates(self, x: TensorType) -> Size:
        """Its output is cut from a copy with the zeros beyond the clip."""
        if self.has_shares:
            return x.values
        return x.with_time(x.time + abs(self.frames)).values if self.pads else 0


def _is_none(channels: Size) -> bool:
    return isinstance(channels, int) and channels == 0
