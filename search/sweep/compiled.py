"""The formulas of one structure as a program over columns of exact numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from costmodel.analysis.formula import Formulas
from costmodel.errors import OptionError
from search.sweep.array_chunk import Chunk
from search.sweep.array_program import Layout, Range
from search.sweep.columns import Column
from search.sweep.program import Poly, Program

if TYPE_CHECKING:
    import sympy

Array = np.ndarray


class Compiled:
    """The formulas of one structure over given ranges of its columns.

    Raises:
        OptionError: a metric does not apply, is unbounded, or is no sum of products.
    """

    def __init__(
        self,
        found: Formulas,
        names: Sequence[str],
        ranges: tuple[Range, ...],
        denominators: tuple[int, ...],
        designs: int,
    ) -> None:
        self.names, self.ranges, self.denominators = names, ranges, denominators
        program = Program(dict(zip(names, denominators, strict=True)), found.definitions)
        outputs: dict[str, Poly] = {}
        for name, total in found.totals.items():
            if total is None:
                raise OptionError(f"{name}: does not apply here, or is unbounded")
            try:
                outputs[name] = program.poly(total)
            except OptionError as error:
                raise OptionError(f"{name}: has no sum of products to sweep; {error}") from error
        conditions = {
            "valid": [program.condition(each) for each in found.demands],
            "assumed": [program.condition(each) for each in (*found.assumptions, *_own(found))],
        }
        self.layout = Layout(program, ranges, outputs, conditions, designs)

    def __call__(self, columns: Mapping[str, Column]) -> dict[str, Array]:
        """The figures of every design, `valid`, and `assumed`: whether what the formulas take holds."""
        values = {
            place: columns[name].over(self.denominators[place]) for place, name in enumerate(self.names)
        }
        chunk = Chunk(self.layout, values)
        # Of designs that are no networks sizes may be zero; their figures are set to 0 below.
        with np.errstate(divide="ignore"):
            flags = {name: chunk.flags(name) for name in ("valid", "assumed")}
            found = {name: self._output(chunk, name) for name in self.layout.outputs}
        if not flags["valid"].all():
            for each in found.values():
                each[~flags["valid"]] = 0
        return {**found, **flags}

    def _output(self, chunk: Chunk, name: str) -> Array:
        found = chunk.run(self.layout.outputs[name])
        scale = self.layout.scales[name]
        value: Array = np.full(chunk.shape, found, dtype=np.int64) if isinstance(found, int) else found
        # Python numbers on the way may be larger than their result.
        if value.dtype == object and all(abs(each) < 1 << 63 for each in value):
            value = value.astype(np.int64)
        if scale == 1:
            return value
        return value // scale if not (value % scale).any() else value / scale


def _own(found: Formulas) -> Iterator[sympy.Basic]:
    """What is taken of the free symbols: that they are above zero, and whole where they must be."""
    import sympy

    for symbol in found.free.values():
        yield sympy.Gt(symbol, 0, evaluate=False)
        if symbol.is_integer:
            yield sympy.Eq(symbol, sympy.floor(symbol, evaluate=False), evaluate=False)
