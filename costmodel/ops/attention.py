"""Attention between positions, as non-local blocks have it, of the clip, of a frame or of the last frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from costmodel.conditions import equal
from costmodel.numbers import Size
from costmodel.ops.base import Demand, Op, must_look_ahead_of_pools
from costmodel.ops.step import Step
from costmodel.types import Carry, Streaming, TensorType, Window, Work


@dataclass(frozen=True)
class Attention(Op):
    """For every position of the query a mean of the value, weighted by the key  (Wang 2018, eq. 1 to 4).

    The weights are softmax(query . key / sqrt(c)) over the key's positions, or with `softmax` false
    query . key over their number. Those positions are the whole clip's, or the `frame`'s own, or those of a
    `window` of the newest `frames`, fewer at the start of a clip: a stream keeps their keys and values. Over
    `time` each position attends to itself in all frames. With `heads` the channels are that many parts, one
    after the other, each with weights of its own, and c is the channels of one.
    """

    word: ClassVar[str] = "attention"
    arity: ClassVar[int | None] = 3
    is_aside: ClassVar[bool] = True
    has_no_stream: ClassVar[bool] = True
    written: ClassVar[str] = "function"
    hidden: ClassVar[frozenset[str]] = frozenset({"starts"})
    repair: ClassVar[str] = (
        "leave it out, or let every frame attend to itself alone (over: frame) or to the last ones too "
        "(over: window, frames: N)"
    )

    softmax: bool = True
    over: Literal["clip", "frame", "window", "time"] = "clip"
    frames: int = 0
    heads: Size = 1
    # Whether the first frames answer too, from fewer than `frames`; in a stream they have an age instead.
    starts: bool = True

    def demands(self, query: TensorType, key: TensorType, value: TensorType) -> Iterator[Demand]:
        yield from demands_of_heads(query, key, value, self.heads)
        for one, other in zip(key[1:], value[1:], strict=True):
            yield equal(one, other), "a key of {} and a value of {} differ in their positions", (key, value)
        is_window = self.over == "window"
        yield (
            self.frames > 0 if is_window else self.frames == 0,
            "frames {} over a {}; only a window has frames, 1 or more",
            (self.frames, self.over),
        )
        if self.over == "time":
            for one, other in zip(query[2:], key[2:], strict=True):
                yield equal(one, other), "a query of {} and a key of {} differ in their map", (query, key)
        if self.sees_clip:
            return
        yield (
            equal(query.time, key.time),
            "a query of {} and a key of {} frames; only over the clip they may differ",
            (query.time, key.time),
        )
        yield (
            self.frames <= key.time,
            "attends to the last {} frames of a clip of {}; let it attend to fewer, or give it more frames",
            (self.frames, key.time),
        )

    @property
    def sees_clip(self) -> bool:
        """Whether it attends to all frames of the clip."""
        return self.over in ("clip", "time")

    @property
    def reach(self) -> int:
        """The frames that each frame attends to, over a frame or a window."""
        return self.frames if self.over == "window" else 1

    def out(self, query: TensorType, key: TensorType, value: TensorType) -> TensorType:
        time = query.time if self.starts or self.sees_clip else query.time - (self.reach - 1)
        return query._replace(channels=value.channels, time=time)

    def work(self, query: TensorType, key: TensorType, value: TensorType) -> Work:
        # Two matrix products over all pairs, of query and key and
        # of the shares and the value; the scale is the `mul`.
        pairs = self._pairs(query, key)
        rows = self.out(query, key, value).positions
        shares = self.heads * pairs
        work = {"mac.matmul": (query.channels + value.channels) * pairs, "mul": shares}
        if not self.softmax:
            return work
        return work | {"activation.softmax": shares, "softmax.rows": self.heads * rows}

    def _pairs(self, query: TensorType, key: TensorType) -> Size:
        """Pairs of a position that attends and one that it attends to."""
        if self.over == "clip":
            return query.positions * key.positions
        if self.over == "time":
            return query.positions * key.time
        # The n-th of the first frames has n to attend to.
        absent = self.reach * (self.reach - 1)
        frames = self.reach * query.time - (absent // 2 if self.starts else absent)
        return frames * (query.height * query.width) * (key.height * key.width)

    def window(self, query: TensorType, key: TensorType, value: TensorType) -> Window:
        if not self.sees_clip:
            return Window(kernel=self.reach, before=self.reach - 1)
        # Over one frame it sees nothing but that frame; a symbol may be more than one.
        return Window(kernel=key.time, whole_clip=not (isinstance(key.time, int) and key.time == 1))

    def carry(self, query: TensorType, key: TensorType, value: TensorType) -> Carry:
        earlier = self.reach - 1
        kept = {"keys": key.with_time(earlier), "values": value.with_time(earlier)}
        return Carry("none", kept if earlier else {})

    def in_place(self, query: TensorType, key: TensorType, value: TensorType) -> Mapping[str, Op]:
        if self.over == "time":
            return {}
        frame = {"let each frame attend to itself alone": replace(self, over="frame")}
        if not isinstance(key.time, int) or query.time != key.time:
            return frame
        past = replace(self, over="window", frames=key.time)
        return {f"let each frame attend to itself and the {key.time - 1} before it": past, **frame}

    def streamed(self, stream: Streaming, *inputs: TensorType) -> Op:
        if self.sees_clip or self.reach == 1:
            return super().streamed(stream, *inputs)
        must_look_ahead_of_pools(self, stream)
        return Step(replace(self, starts=False), self.reach - 1)


def demands_of_heads(query: TensorType, key: TensorType, value: TensorType, heads: Size) -> Iterator[Demand]:
    """What products of queries and keys ask of channels: as many of both, in equal parts for each head."""
    yield (
        equal(query.channels, key.channels),
        "a query of {} and a key of {} channels",
        (query[0], key[0]),
    )
    for part in (query, value):
        yield (
            equal(part.channels % heads, 0),
            "{} heads do not divide {} channels",
            (heads, part.channels),
        )
