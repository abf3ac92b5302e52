"""Learned factors and learned addends: ReZero's scalar, layer scale, position embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, Literal

from costmodel.errors import TransformError
from costmodel.ops.base import Op
from costmodel.types import Shape, Streaming, TensorType, Work


@dataclass(frozen=True, kw_only=True)
class _Learned(Op):
    """One value, one for each channel, for each value of a map, for each channel of a frame, or for each."""

    written: ClassVar[str] = "operator"
    name: ClassVar[str]

    per: Literal["one", "channel", "map", "frame", "value"] = "channel"

    def _shape(self, x: TensorType) -> Shape:
        return {
            "one": (),
            "channel": (x.channels,),
            "map": (x.channels, x.height, x.width),
            "frame": (x.channels, x.time),
            "value": tuple(x),
        }[self.per]

    def weights(self, x: TensorType) -> Mapping[str, Shape]:
        return {self.name: self._shape(x)}

    def in_place(self, x: TensorType) -> Mapping[str, Op]:
        shared: Literal["map", "channel"] = "map" if self.per == "value" else "channel"
        return {"give all frames the same values": replace(self, per=shared)}

    def streamed(self, stream: Streaming, x: TensorType) -> Op:
        # Behind a pool over the clip there is one frame, in a clip as in every step of a stream.
        if self.per in ("frame", "value") and not (isinstance(x.time, int) and x.time == 1):
            raise TransformError(
                f"{self.word} has values of its own for each of the {x.time} frames of a clip, and a stream "
                "has no first frame; give it `per: map` or `per: channel`"
            )
        return self


@dataclass(frozen=True, kw_only=True)
class Scale(_Learned):
    """Its input times learned values: ReZero's scalar, layer scale  (Bachlechner 2020; Touvron 2021)."""

    word: ClassVar[str] = "scale"
    name: ClassVar[str] = "weight"

    init: Fraction = Fraction(1)

    def work(self, x: TensorType) -> Work:
        return {"mul": x.values}


@dataclass(frozen=True, kw_only=True)
class Bias(_Learned):
    """Its input and learned values: position embeddings in space (`map`) and time (`frame`)."""

    word: ClassVar[str] = "bias"
    name: ClassVar[str] = "bias"
    hands_on_gradient: ClassVar[bool] = True

    def work(self, x: TensorType) -> Work:
        return {"add": x.values}
