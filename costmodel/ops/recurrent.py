"""Recurrent layers: what they answer to a frame depends on all frames before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from costmodel.numbers import Size
from costmodel.ops.base import Op, must_remember_ahead_of_pools
from costmodel.ops.step import Step
from costmodel.types import UNBOUNDED, Carry, Shape, Streaming, TensorType, Window, Work


@dataclass(frozen=True)
class Recurrent(Op):
    """A recurrent layer on the channels, at every position by itself, from zeros at the clip's first frame.

    Two matrix products a frame, of its input and of what it answered last, each with a bias as in torch.
    """

    gates: ClassVar[int]
    kept: ClassVar[tuple[str, ...]]

    channels: Size

    def out(self, x: TensorType) -> TensorType:
        return x._replace(channels=self.channels)

    def weights(self, x: TensorType) -> Mapping[str, Shape]:
        # The gates' weights stand one below the other, as torch has them.
        rows = self.gates * self.channels
        return {
            "weight_ih": (rows, x.channels),
            "weight_hh": (rows, self.channels),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
        }

    def work(self, x: TensorType) -> Work:
        out = self.out(x).values
        return {
            "mac.recurrent": self.gates * (x.channels + self.channels) * out,
            "bias.recurrent": 2 * self.gates * out,
        }

    def window(self, x: TensorType) -> Window:
        return UNBOUNDED

    def carry(self, x: TensorType) -> Carry:
        return Carry("none", dict.fromkeys(self.kept, self.out(x).with_time(1)))

    def streamed(self, stream: Streaming, x: TensorType) -> Op:
        must_remember_ahead_of_pools(self, stream)
        return Step(self)


class Lstm(Recurrent):
    """A long short-term memory: c = f c + i g; h = o tanh(c)  (Hochreiter 1997).

    Its gates are i, f, o = sigmoid(W x + U h) and g = tanh(W x + U h).
    """

    word: ClassVar[str] = "lstm"
    gates: ClassVar[int] = 4
    kept: ClassVar[tuple[str, ...]] = ("hidden", "cell")

    def work(self, x: TensorType) -> Work:
        out = self.out(x).values
        gates = {
            "cells": out,
            "activation.sigmoid": 3 * out,
            "activation.tanh": 2 * out,
            "gates.add": 5 * out,
            "gates.mul": 3 * out,
            "gates.kept": 2 * out,  # h and c
        }
        return {**super().work(x), **gates}


class Gru(Recurrent):
    """A gated recurrent unit: n = tanh(W x + r (U h)); h = n + z (h - n)  (Cho 2014).

    Its gates are r, z = sigmoid(W x + U h).
    """

    word: ClassVar[str] = "gru"
    # The reset acts on U h, as in cuDNN and torch; in Cho 2014 it acts on h ahead of the product.
    gates: ClassVar[int] = 3
    kept: ClassVar[tuple[str, ...]] = ("hidden",)

    def work(self, x: TensorType) -> Work:
        out = self.out(x).values
        gates = {
            "activation.sigmoid": 2 * out,
            "activation.tanh": out,
            "gates.add": 5 * out,
            "gates.mul": 2 * out,
            "gates.kept": 6 * out,  # h, n, h - n and all of U h, whose share n's reset takes
        }
        return {**super().work(x), **gates}
