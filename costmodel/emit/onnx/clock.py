"""What a program knows of a stream's age: from the host as a number, or from what it kept."""

from __future__ import annotations

from costmodel.emit.onnx.layout import Slot
from costmodel.emit.onnx.tape import Tape
from costmodel.numbers import ceil_div


class Clock:
    """Asks whether a stream is of an age; the age is that of its first step in this run, plus the phase.

    Without an `age` from the host the answer comes from slots that the program sets to 1 and the host to 0
    as long as their run has not come: the same fill that starts all layers.
    """

    def __init__(self, tape: Tape, cycle: int, age: str | None) -> None:
        self.tape = tape
        self.cycle = cycle
        self.age = age
        self.slots: dict[str, Slot] = {}
        self._asked: dict[int, str] = {}

    def is_from(self, age: int, phase: int) -> str | None:
        """Whether each stream (batch, 1, 1, 1) is of this age or older; None where all always are."""
        least = age - phase
        if least <= 0:
            return None
        # Runs begin at whole cycles, so ages between two of them ask the same.
        run = ceil_div(least, self.cycle)
        if run not in self._asked:
            self._asked[run] = self._of_host(run) if self.age is not None else self._of_slot(run)
        return self._asked[run]

    def _of_host(self, run: int) -> str:
        assert self.age is not None
        reached = self.tape.op("GreaterOrEqual", self.age, self.tape.integers(run * self.cycle))
        return self.tape.reshape(reached, self.tape.batch, 1, 1, 1)

    def _of_slot(self, run: int) -> str:
        # Filled after each run ahead of `run - 1`, so that it is 0 in that run still and 1 from `run` on.
        name = f"begun.{run}"
        self.slots[name] = Slot(name, (1, 1, 1), 0.0, run - 1, name)
        return self.tape.op("Greater", f"{name}.before", self.tape.number(0.5))
