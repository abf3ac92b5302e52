"""One step of a stream on bare tensors, without checks: what compilers trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from costmodel.emit.modules.keeper import Kept
from costmodel.emit.network import Network
from costmodel.emit.program import Program, program_of
from costmodel.emit.stream_start import Ages, Start, run_action
from costmodel.emit.together import Together, run_together, together
from costmodel.errors import EmitError
from costmodel.graph import Graph


class SteppingNetwork(Network):
    """A network whose steps take and give the tensors that are kept between frames.

    Args:
        graph: a stream, as `continual` makes it.
        init: what stands ahead of a stream's first frame in every layer: `zeros`, as the clip's padding, or
            `replicate`, the features of the first frame (Hedegaard 2022, sec. 3.6).
    """

    def __init__(self, graph: Graph, init: str = "zeros") -> None:
        super().__init__(graph)
        if init not in ("zeros", "replicate"):
            raise EmitError(f"init: {init!r}, expected 'zeros' or 'replicate'")
        self.init = init
        self._program: Program | None = None
        self._step_number = 0
        self._together: dict[int, tuple[Together, ...]] = {}

    @property
    def program(self) -> Program:
        """The schedule: what runs at each step of a cycle, and what is kept between steps."""
        if self._program is None:
            self._program = program_of(self.graph, self.layers)
        return self._program

    @property
    def cycle(self) -> int:
        """Frames after which the phases of all layers repeat."""
        return self.program.cycle

    def begun(self, batch: int, like: Tensor) -> tuple[Tensor, ...]:
        """The tensors of streams that have seen no frame.

        Behind a shift that looks at the past alone, layers see its zeros before a stream's first frame comes;
        those steps have been taken here.
        """
        if not self.program.early:
            return self.program.empty(batch, like)
        source, tensors = self.graph.source, self.program.empty(1, like)
        frame = like.new_zeros((1, int(source.channels), int(source.height), int(source.width)))
        # These steps are ahead of the stream: a recording has none of them.
        record, self._record = self._record, None
        for age in range(-self.program.early, 0):
            given = self._with_ages(tensors, (age,), frame)
            # Ages are negative here; Python's modulo gives the phase that counts on to 0.
            _, tensors = self.advance(frame, given, age % self.cycle, Ages((age,)))
        self._record = record
        # All streams begin alike, so one was run for all.
        return tuple(tensor.expand(batch, *tensor.shape[1:]).clone() for tensor in tensors)

    def advance(
        self, frame: Tensor, tensors: Sequence[Tensor], phase: int, ages: Ages | None = None
    ) -> tuple[Tensor | None, tuple[Tensor, ...]]:
        """One step on bare tensors at a phase of the cycle, without checks; what compilers trace.

        Args:
            frame: (batch, channels, height, width).
            tensors: the state's, in order; behind them, where a layer counts frames, the age of each stream.
            phase: the step modulo the cycle.
            ages: of the streams, where some are not settled yet.
        """
        values: list[Any] = [None] * self.program.places
        # One place for each edge: actions name places, so that no dictionary is searched in a step.
        values[0] = self._laid_out(frame)
        kept, age = list(tensors), None
        if self.program.counts:
            age = kept.pop()
        inplace = not torch.is_grad_enabled() and self._record is None
        start = Start(ages, self.init, frame)
        for action in self.program.actions[phase]:
            # No frame has come here yet. Once the oldest stream's has, younger ones run along, not yet valid.
            if ages is not None and ages.oldest < action.since:
                continue
            output = self._run(action, values, kept, inplace, start, age)
            if output is not None and (ages is None or ages.oldest >= action.answers):
                values[action.writes] = output
                self._keep(action.node, self._step_number, output)
            for place in action.drops:
                values[place] = None
        return values[self.program.output], tuple(kept)

    def advance_together(
        self, frames: Tensor, tensors: Sequence[Tensor], age: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Whole cycles of steps at once on bare tensors, from a cycle's first, without checks.

        Args:
            frames: (batch, channels, time, height, width).
            tensors: as `advance` takes them.
            age: (batch,), the frames that each stream has seen, where some may not be settled yet; as an
                exported program has it, which starts at age 0. Then `tensors` holds the state's alone.

        Returns:
            The answers to these frames (batch, channels, answers, height, width), the tensors behind them.
        """
        count = frames.shape[2]
        if count not in self._together:
            self._together[count] = together(self.graph, self.program, count)
        values: list[Any] = [None] * self.program.places
        laid_out = frames.contiguous(memory_format=torch.channels_last_3d)
        is_callers = laid_out is frames and self.program.keeps_input and count == 1
        values[0] = laid_out.clone() if is_callers else laid_out
        kept, masks = list(tensors), age is not None
        if self.program.counts and age is None:
            age = kept.pop()
        inplace = not torch.is_grad_enabled() and self._record is None
        for each in self._together[count]:
            output = self._run_together(each, values, kept, inplace, age, masks)
            values[each.action.writes] = output
            self._keep(each.node, self._step_number, output)
            for place in each.drops:
                values[place] = None
        answers: Tensor = values[self.program.output]
        return answers, tuple(kept)

    # Names of their own, for whoever watches what each action reads and makes.
    _run = staticmethod(run_action)
    _run_together = staticmethod(run_together)

    def _with_ages(self, tensors: Kept, ages: tuple[int, ...], like: Tensor) -> Kept:
        """The tensors that `advance` takes."""
        if not self.program.counts:
            return tensors
        return (*tensors, torch.tensor(ages, device=like.device))

    def _laid_out(self, frame: Tensor) -> Tensor:
        """The frame in the memory format that frames run in; a copy where a layer keeps it."""
        laid_out = frame.contiguous(memory_format=torch.channels_last)
        return laid_out.clone() if laid_out is frame and self.program.keeps_input else laid_out

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_program": None, "_record": None, "_together": {}}
