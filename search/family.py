"""A spec as a family of networks: one network for each setting of its sizes, and figures of many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from costmodel.analysis.figures import Figures
from costmodel.graph import Graph
from costmodel.numbers import Ratios
from costmodel.spec import Document, elaborate
from costmodel.spec.axes import Axis, axes_of
from costmodel.transforms.continual import Continual
from search.budget import Quantity

Settings = Mapping[str, Any]
MOST_KEPT = 512


@dataclass(frozen=True)
class Family:
    """The networks of a spec, as clip networks or as streams.

    Args:
        document: the spec.
        stream: how networks become streams; None for clip networks.
        dtype: what sizes in bytes are counted in.
    """

    document: Document
    stream: Continual | None = None
    dtype: str = "fp32"
    _figures: dict[tuple[Any, ...], Figures] = field(default_factory=dict, repr=False, compare=False)

    def axes(self) -> tuple[Axis, ...]:
        """The axes that the spec declares."""
        return axes_of(self.document)

    def settings(self, variant: str | None, sets: Mapping[str, Any]) -> dict[str, Any]:
        """The exact value of every size of a variant, with values set over it."""
        return self.document.settings(variant, sets)

    def graph(self, settings: Settings) -> Graph:
        """The network at given sizes.

        Raises:
            CostModelError: there is no such network.
        """
        return self.figures(settings).graph

    def figures(self, settings: Settings) -> Figures:
        """The figures of the network at given sizes.

        Raises:
            CostModelError: there is no such network.
        """
        key = tuple(settings.items())
        if key not in self._figures:
            if len(self._figures) >= MOST_KEPT:
                self._figures.clear()
            self._figures[key] = Figures(self._elaborate(settings), self.dtype)
        return self._figures[key]

    def many(self, pieces: Sequence[Settings], quantities: Sequence[Quantity]) -> list[list[Any]]:
        """Each quantity of each piece, an array over the values in it.

        A piece is settings of which some are arrays of one length; all pieces are worked out together.
        """
        lengths = [_length(piece) for piece in pieces]
        joined = {name: _joined([piece[name] for piece in pieces], lengths) for name in pieces[0]}
        figures = Figures(self._elaborate(joined), self.dtype)
        ends = np.cumsum(lengths)[:-1]
        found = []
        for quantity in quantities:
            values = _floats(quantity.of({name: _array(figures, name) for name in quantity.names}))
            found.append(np.split(np.broadcast_to(values, (sum(lengths),)), ends))
        return found

    def _elaborate(self, settings: Settings) -> Graph:
        clip = elaborate(self.document, None, settings)
        return clip if self.stream is None else self.stream(clip)


def _array(figures: Figures, name: str) -> Any:
    from costmodel.analysis.metrics import evaluate

    return _floats(evaluate(figures, name))


def _floats(value: Any) -> Any:
    if isinstance(value, Ratios):
        return value.numerator / value.denominator
    return np.asarray(np.nan if value is None else value, dtype=np.float64)


def _length(piece: Settings) -> int:
    for value in piece.values():
        if isinstance(value, Ratios):
            return int(np.broadcast(value.numerator, value.denominator).size)
        if isinstance(value, np.ndarray):
            return int(value.size)
    return 1


def _joined(values: Sequence[Any], lengths: Sequence[int]) -> Any:
    """The values of one size over all pieces: itself where it is the same everywhere, else one array."""
    first = values[0]
    if all(value is first or (_is_number(value) and value == first) for value in values) and _is_number(first):
        return first
    above = np.concatenate([_filled(_parts(v)[0], n) for v, n in zip(values, lengths, strict=True)])
    below = np.concatenate([_filled(_parts(v)[1], n) for v, n in zip(values, lengths, strict=True)])
    return above if (below == 1).all() else Ratios(above, below)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Fraction)


def _parts(value: Any) -> tuple[Any, Any]:
    if isinstance(value, Ratios | Fraction):
        return value.numerator, value.denominator
    return value, 1


def _filled(value: Any, length: int) -> Any:
    return np.broadcast_to(np.asarray(value, dtype=np.int64), (length,))
