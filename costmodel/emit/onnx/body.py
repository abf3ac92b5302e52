"""The steps of one cycle as ONNX operators of rank 4, from the schedule of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from costmodel.emit.export import Packing
from costmodel.emit.modules.keeper import Keeper
from costmodel.emit.onnx.clock import Clock
from costmodel.emit.onnx.entry import FRAMES, Place, refusal
from costmodel.emit.onnx.keeping import counted, slots_of, write_step
from costmodel.emit.onnx.layout import Slot
from costmodel.emit.onnx.tape import Tape
from costmodel.emit.program import Action
from costmodel.emit.stream import StreamNetwork
from costmodel.errors import EmitError
from costmodel.numbers import ceil_div

FRAMES_IN, AGE = "frames", "age"


@dataclass(frozen=True)
class Layout:
    """How a program is laid out.

    Args:
        batch: streams at once.
        packing: `map`, a tensor of the state for each size of map, `one` for all of it, or one a `layer`.
        is_masked: whether the program itself keeps layers empty that no frame has reached; else the host.
    """

    batch: int = 1
    packing: Packing = "map"
    is_masked: bool = False


class Body:
    """What a stream does in one cycle, written on a tape.

    Args:
        network: the stream.
        layout: how its program is laid out.

    Raises:
        EmitError: it is not in 32 bits, or does not start from zeros.
    """

    def __init__(self, network: StreamNetwork, layout: Layout) -> None:
        like = next(network.parameters(), torch.zeros(1))
        if like.dtype != torch.float32:
            raise EmitError(f"--as onnx: weights of {like.dtype}, expected {torch.float32}")
        if network.init != "zeros":
            raise EmitError("--as onnx: streams start from zeros there; emit the network with init='zeros'")
        self.network, self.layout, self.program = network, layout, network.program
        self.graph, self.like = network.graph, like
        # Of one run: a chunk, which is whole cycles, or a cycle.
        self.frames = max(self.program.cycle, self.graph.chunk)
        answering = [step for step in range(self.frames) if self.program.answers(step % self.program.cycle)]
        self.steps = answering[-1:] if self.graph.answers == "last" else answering
        self.tape = Tape(layout.batch)
        self.lowest = float(torch.finfo(like.dtype).min)
        self.clock = Clock(self.tape, self.frames, AGE if layout.is_masked else None)
        self.slots = {name: self._slots(name, keeper) for name, keeper in self.program.keepers.items()}
        # What each node keeps, by the names of the values that hold it now.
        self.kept = {
            name: tuple(f"{slot.name}.before" for slot in found) for name, found in self.slots.items()
        }

    @property
    def held(self) -> list[Slot]:
        """All that is kept, once the steps are written."""
        layers = [slot for found in self.slots.values() for slot in found]
        return [*layers, *self.clock.slots.values()]

    def answers(self) -> list[str]:
        """Writes all steps of a cycle; the names of its answers.

        Raises:
            EmitError: a layer has no operators of rank 4.
        """
        self._begin_early()
        found = [self._step(step) for step in range(self.frames)]
        return [found[step] for step in self.steps]

    def after(self) -> dict[str, str]:
        """What is kept after the cycle: the name of the value that each slot takes."""
        found = {
            slot.name: value
            for name, slots in self.slots.items()
            for slot, value in zip(slots, self.kept[name], strict=True)
        }
        if not self.clock.slots:
            return found
        return found | dict.fromkeys(self.clock.slots, self.tape.filled((self.tape.batch, 1, 1, 1), 1.0))

    def _slots(self, name: str, keeper: Keeper) -> list[Slot]:
        # No valid answer reads what a delay holds ahead of its first frame.
        since = 0 if keeper.waits else max(0, self._arrival(name).since)
        found = slots_of(keeper, self.lowest)
        run = since // self.frames
        return [
            Slot(f"{name}.{key}", shape, fill, run, f"{name}.{key.partition('.')[0]}")
            for key, (shape, fill) in found.items()
        ]

    def _arrival(self, name: str) -> Action:
        """What a node does where a frame comes in."""
        each = (action for actions in self.program.actions for action in actions)
        return next(action for action in each if action.node == name and not action.leaves)

    def _begin_early(self) -> None:
        """Gives new streams what layers behind a shift into the past have made of its zeros."""
        if not self.program.early:
            return
        begun = dict(zip(self.program.names, self.network.begun(1, self.like), strict=True))
        is_old = self.clock.is_from(1, 0)
        assert is_old is not None
        for name, found in self.slots.items():
            arrival = self._arrival(name)
            seen = max(0, ceil_div(-arrival.since, arrival.jump))
            begun |= counted(self.program.keepers[name], name, seen)
            values = [self._begun(slot, begun[slot.name]) for slot in found]
            pairs = zip(values, self.kept[name], strict=True)
            self.kept[name] = tuple(
                old if new is None else self.tape.op("Where", is_old, old, new) for new, old in pairs
            )

    def _begun(self, slot: Slot, values: torch.Tensor) -> str | None:
        if bool((values == slot.fill).all()):
            return None
        # Of a long average each frame's channels lie together here.
        laid_out = values.transpose(1, 2) if values.dim() == 5 else values
        return self.tape.learned(f"{slot.name}.begun", laid_out.reshape(1, *slot.shape))

    def _step(self, step: int) -> str:
        """Writes one step; the name of the network's answer, empty where it has none."""
        values = {0: self._frame(step)}
        for action in self.program.actions[step % self.program.cycle]:
            self.tape.prefix = action.node
            made = self._written(action, [values.get(place, "") for place in action.reads], step)
            if made is not None:
                values[action.writes] = made
        self.tape.prefix = ""
        return values.get(self.program.output, "")

    def _frame(self, step: int) -> str:
        source = self.graph.source
        if self.frames == 1:
            return FRAMES_IN
        channels, height, width = int(source.channels), int(source.height), int(source.width)
        # The frames of one stream side by side, so that those of a step are a range of channels.
        rows = self.tape.reshape(FRAMES_IN, self.tape.batch, self.frames * channels, height, width)
        return self.tape.channels(rows, step * channels, channels)

    def _written(self, action: Action, frames: Sequence[str], step: int) -> str | None:
        node = self.graph.by_name[action.node]
        types = self.graph.inputs_of(node)
        place = Place(node.name, action.layer, types, self.graph.types[node.name], self.tape)
        if action.blank:
            there = self.clock.is_from(action.begins, step)
            if there is None:
                return frames[0]
            return self.tape.op("Where", there, frames[0], self.tape.number(0.0))
        if action.keeper is None:
            if type(place.op) not in FRAMES:
                raise refusal(node.name, place.op.word)
            return FRAMES[type(place.op)](place, *frames)
        if action.leaves:
            return self.kept[node.name][0]
        kept = self._started(action, step)
        answer, self.kept[node.name] = write_step(place, action.keeper, tuple(frames), kept, action.phase)
        return answer

    def _started(self, action: Action, step: int) -> tuple[str, ...]:
        """What is kept, empty where the layer's first frame comes now: earlier steps ran on nobody's."""
        kept, frames = self.kept[action.node], self.frames
        assert action.keeper is not None
        is_first_of_run = action.since % frames == 0
        if action.keeper.waits or action.since <= 0 or action.since % frames != step:
            return kept
        # The host has filled what a layer keeps ahead of the run of its first frame.
        if is_first_of_run and not self.layout.is_masked:
            return kept
        is_old = self.clock.is_from(action.since + 1, step)
        assert is_old is not None
        fills = [slot.fill for slot in self.slots[action.node]]
        return tuple(
            self.tape.op("Where", is_old, each, self.tape.number(fill))
            for each, fill in zip(kept, fills, strict=True)
        )
