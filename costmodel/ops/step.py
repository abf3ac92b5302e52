"""Frame-by-frame forms: `Step` runs any windowed op on a stream, `Delay` holds a branch back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from costmodel.numbers import Size, ceil_div
from costmodel.ops.base import Demand, Op, Triple
from costmodel.types import Carry, Form, Shape, TensorType, Window, Work


@dataclass(frozen=True)
class Step(Op):
    """An op that looks through time, run frame by frame  (Hedegaard 2022, sec. 3.2 and 3.4).

    Its facts are those of `inner` on just the frames of one window: the work of one output frame, without the
    redundancy of eq. 1. Between frames it keeps either the open partial results at output size, ceil(d(k-1) /
    s) of them (eq. 5: d * [k - 1] * c_O * n_H * n_W), or the d(k-1) input frames of its window; of an
    unbounded window what its op keeps for ever, and of an op that says what it keeps just that.

    `before` counts the frames that stood ahead of the window in the clip network; it sets the delay (eq. 7).
    """

    inner: Op
    before: Size = 0
    form: Form = "partial"

    is_step_form: ClassVar[bool] = True

    @property
    def arity(self) -> int | None:
        return self.inner.arity

    @property
    def written(self) -> str:
        return self.inner.written

    @property
    def unwrapped(self) -> Op:
        return self.inner

    def around(self, inner: Op) -> Op:
        return replace(self, inner=inner)

    def with_bias(self) -> Op | None:
        inner = self.inner.with_bias()
        return None if inner is None else replace(self, inner=inner)

    def kernel_on(self, *inputs: TensorType) -> Triple:
        return self.inner.kernel_on(*self.unwrapped_inputs(*inputs))

    @property
    def described(self) -> str:
        return f"{self.inner.described}; before {self.before}, keeps {self.form}"

    @property
    def forms(self) -> tuple[Op, ...]:
        return replace(self, form="partial"), replace(self, form="window")

    def unwrapped_inputs(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """The frames that one output frame sees, as clips."""
        frames = self.inner.window(*inputs).span + 1
        return tuple(x.with_time(frames) for x in inputs)

    def demands(self, *inputs: TensorType) -> Iterator[Demand]:
        yield from self.inner.demands(*self.unwrapped_inputs(*inputs))

    def out(self, *inputs: TensorType) -> TensorType:
        # On the frames of one window an op without padding in time answers exactly one frame.
        return self.inner.out(*self.unwrapped_inputs(*inputs))

    def weights(self, *inputs: TensorType) -> Mapping[str, Shape]:
        return self.inner.weights(*self.unwrapped_inputs(*inputs))

    def work(self, *inputs: TensorType) -> Work:
        work = dict(self.inner.work(*self.unwrapped_inputs(*inputs)))
        for kind in work:
            if kind.startswith("pool.") and kind.endswith(".inputs"):  # once, not in every window
                work[kind] = inputs[0].values * self.inner.window(*inputs).stride
        return work

    def window(self, *inputs: TensorType) -> Window:
        return replace(self.inner.window(*inputs), before=self.before)

    def carry(self, *inputs: TensorType) -> Carry:
        window, own = self.inner.window(*inputs), self.inner.carry(*inputs)
        # What an op says that it keeps is not its window's to choose.
        if window.unbounded or own.kept:
            return own
        combine = own.combine
        if self.form == "partial" and combine != "none":
            held = self.out(*inputs).with_time(ceil_div(window.span, window.stride))
            return Carry(combine, {"partial": held})
        # Without the newest, which comes with the step.
        return Carry(combine, {"frames": inputs[0].with_time(window.span)})


@dataclass(frozen=True)
class Delay(Op):
    """Holds a branch back by `wait` input frames, for the latest branch  (Hedegaard 2022, sec. 3.3).

    Deviates from eq. 8 as printed, d * [k - 1] * c_O * m_H * m_W: the wait is the delay of the other branch,
    d(k-1) - p frames, and the tensors are the branch's own (c_I where it is delayed ahead of its projection),
    as Table 4 has it.
    """

    wait: Size
    jump: int = 1

    is_step_form: ClassVar[bool] = True
    is_wait: ClassVar[bool] = True

    def window(self, x: TensorType) -> Window:
        return Window(wait=self.wait)

    def carry(self, x: TensorType) -> Carry:
        return Carry("none", {"frames": x.with_time(ceil_div(self.wait, self.jump))})
