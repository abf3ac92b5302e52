"""Pools over all frames so far, as streams have them in squeeze-excite and in their heads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

from costmodel.ops.base import Op, must_remember_ahead_of_pools
from costmodel.ops.step import Step
from costmodel.types import FRAMEWISE, UNBOUNDED, Carry, Streaming, TensorType, Window, Work


@dataclass(frozen=True, kw_only=True)
class CumulativePool(Op):
    """Mean or maximum of a frame and all frames before it  (Kondratyuk 2021, sec. 3.2).

    At every position by itself, or `over` the whole map. It answers every frame, or with `answers: last` the
    newest of a clip alone: there it is a pool over the whole clip, in a stream it answers every frame.

    A stream keeps the mean or maximum itself; how many frames there were is counted once for all layers, and
    is no state.
    """

    word: ClassVar[str] = "cumulative_pool"
    is_cumulative: ClassVar[bool] = True

    of: Literal["mean", "max"] = "mean"
    over: Literal["position", "map"] = "position"
    answers: Literal["all", "last"] = "all"

    def out(self, x: TensorType) -> TensorType:
        kept = self._kept(x)
        return kept if self.answers == "last" else kept.with_time(x.time)

    def work(self, x: TensorType) -> Work:
        taken = self._kept(x).with_time(x.time).values
        # One step of the mean or maximum for each value, however many frames there were.
        work = {f"cumulative.{self.of}": taken}
        if self.over == "position":
            return work
        pool = "global" if self.of == "mean" else "max"
        amounts = {"inputs": x.values, "outputs": taken, "taps": x.values}
        return work | {f"pool.{pool}.{amount}": values for amount, values in amounts.items()}

    def window(self, x: TensorType) -> Window:
        if self.answers == "all":
            return UNBOUNDED
        # A clip of one frame, such as what a pool has left: nothing but that frame is seen.
        if isinstance(x.time, int) and x.time == 1:
            return FRAMEWISE
        return Window(kernel=x.time, before=x.time - 1, whole_clip=True)

    def carry(self, x: TensorType) -> Carry:
        return Carry("none", {self.of: self._kept(x)})

    def streamed(self, stream: Streaming, *inputs: TensorType) -> Op:
        must_remember_ahead_of_pools(self, stream)
        # A stream has no last frame: every frame is the newest once.
        return Step(replace(self, answers="all"))

    def made_causal(self, x: TensorType) -> Self:
        return self

    def _kept(self, x: TensorType) -> TensorType:
        return TensorType(x.channels, 1, *((1, 1) if self.over == "map" else (x.height, x.width)))
