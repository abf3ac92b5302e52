"""Networks that run frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

import torch
from torch import Tensor
from torch.nn import functional

from costmodel.analysis.temporal import first_frames, timing
from costmodel.emit.network import AXES, last_readings
from costmodel.emit.state import StreamState, in_own_memory, where
from costmodel.emit.stream_start import Ages
from costmodel.emit.stream_steps import SteppingNetwork
from costmodel.errors import EmitError
from costmodel.graph import INPUT, Graph, Node

# Of a chunk and the tensors ahead of it: its answers, and the tensors behind it.
AdvanceTogether = Callable[[Tensor, tuple[Tensor, ...]], tuple[Tensor, tuple[Tensor, ...]]]
Advance = Callable[[Tensor, tuple[Tensor, ...], int], tuple[Tensor | None, tuple[Tensor, ...]]]
FRAME_AXES = ("batch", "channels", "height", "width")


class StreamNetwork(SteppingNetwork):
    """A network on streams of frames: a batch holds several, each of which can be reset alone.

    Args:
        graph: a stream, as `continual` makes it.
        init: what stands ahead of a stream's first frame; see `SteppingNetwork`.
    """

    def __init__(self, graph: Graph, init: str = "zeros") -> None:
        super().__init__(graph, init)
        self._state: StreamState | None = None
        self._times = timing(graph)
        self._first = first_frames(graph)
        self._drops = last_readings(graph)

    @property
    def valid(self) -> Tensor:
        """For each stream, whether the last output is one of its own; empty before the first frame."""
        return torch.tensor(self._state.valid if self._state else (), dtype=torch.bool)

    def forward(self, clip: Tensor) -> Tensor:
        """What the stream answers from warm-up on: the whole clip at once, nothing padded in time.

        Where a layer remembers for ever there is no such time: then it is what a new stream answers.

        Args:
            clip: (batch, channels, time, height, width), of any number of frames from the receptive field on.

        Returns:
            (batch, channels, time), or (batch, channels, time, height, width) where the output is a map.

        Raises:
            EmitError: the clip has another shape, dtype or device, is too short, or holds NaN.
        """
        self._check_clip(clip)
        self._check_length(clip)
        values: dict[str, Tensor] = {INPUT: clip}
        for node in self.graph.nodes:
            value = self._run_clip(node, tuple(values[name] for name in node.inputs))
            self._keep(node.name, 0, value)
            values[node.name] = value
            for name in self._drops[node.name]:
                del values[name]
        return self._answer(value, own_time=False)

    def first_output(self, name: str) -> int:
        """The number of a layer's first output in `forward`: those before depend on the initial state.

        Output n of a layer comes at step delay + n * jump of a stream.
        """
        return self._first[name]

    def forward_step(self, frame: Tensor) -> Tensor | None:
        """What the stream answers to its next frame (batch, channels, height, width).

        Returns:
            (batch, channels), or (batch, channels, height, width) where the output is a map; None before the
            first output and at frames that a temporal stride skips. `valid` tells whose output it is.

        Raises:
            EmitError: the frame does not fit; the state is as it was before.
        """
        self._check_frame(frame)
        state = self._state or self.initial_state(len(frame), frame)
        output, state = self._step(frame, state)
        # Else the graph of the gradients would grow with every
        # frame; who wants them through time takes `step`.
        self._state = state.map(Tensor.detach) if torch.is_grad_enabled() else state
        return output

    def forward_steps(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """What the stream answers to its next frames (batch, channels, time, height, width).

        Of a stream of chunks whole chunks run at once, what is left frame by frame.

        Returns:
            The outputs, stacked in time, and their validity (batch, time): all of them, or the last of each
            chunk where the stream gives that alone.

        Raises:
            EmitError: the frames do not fit; the state is as it was before.
        """
        self._check_clip(frames)
        # Ahead of the first step: a refusal halfway would leave the state somewhere in between.
        self._check_frame(frames[:, :, 0])
        found, valid = [], []
        state = self._state or self.initial_state(len(frames), frames[:, :, 0])
        for chunk in torch.split(frames, self.graph.chunk, 2):
            outputs, are_valid, state = self._chunk(chunk, state)
            # Else the graph of the gradients would grow with every frame; see `forward_step`.
            state = state.map(Tensor.detach) if torch.is_grad_enabled() else state
            if outputs is not None:
                found.append(outputs)
                valid.append(are_valid)
        self._state = state
        if found:
            return torch.cat(found, dim=2), torch.cat(valid, dim=1)
        end = self.graph.types[self.graph.output]
        nothing = frames.new_empty((len(frames), int(end.channels), 0, int(end.height), int(end.width)))
        return self._answer(nothing, own_time=False), torch.empty((len(frames), 0), dtype=torch.bool)

    def step(self, frame: Tensor, state: StreamState) -> tuple[Tensor | None, StreamState]:
        """As `forward_step`, as a pure function: neither the network nor the given state changes.

        Raises:
            EmitError: the frame or the state does not fit.
        """
        self._check_state(state)
        self._check_frame(frame, state)
        return self._step(frame, state)

    def chunk(self, frames: Tensor, state: StreamState) -> tuple[Tensor | None, Tensor, StreamState]:
        """What the stream answers to the next frames, as a pure function; see `forward_steps`.

        Returns:
            The outputs stacked in time (None if there are none), their validity (batch, time), the state.

        Raises:
            EmitError: the frames or the state do not fit.
        """
        self._check_state(state)
        self._check_clip(frames)
        self._check_frame(frames[:, :, 0], state)
        return self._chunk(frames, state)

    def initial_state(self, batch: int = 1, like: Tensor | None = None) -> StreamState:
        """The state of streams that have seen no frame; `like` gives a network without weights its dtype."""
        given = torch.empty(0) if like is None else like
        tensors = self.begun(batch, self._like(given))
        return StreamState(self.program.names, tensors, 0, (0,) * batch, (False,) * batch)

    def get_state(self) -> StreamState:
        """The state of the stream, to be given to `step` or `set_state`.

        Raises:
            EmitError: the stream has seen no frame.
        """
        if self._state is None:
            raise EmitError("get_state: the stream has seen no frame; initial_state(batch) gives a new one")
        return self._state

    def set_state(self, state: StreamState) -> None:
        """Continues the stream from a state that `get_state` or `step` gave.

        Raises:
            EmitError: it is the state of another network; the stream's own is as it was before.
        """
        self._check_state(state)
        self._state = state

    def reset(self, streams: Sequence[int] | None = None) -> None:
        """Forgets the past: of the whole batch, or of some streams, which start with the batch's next cycle.

        Raises:
            EmitError: there is no such stream.
        """
        if streams is None:
            self._state = None
            return
        state = self.get_state()
        empty = self.program.empty(
            state.batch, self._like(state.tensors[0]) if state.tensors else torch.empty(0)
        )
        self._state = state.restarted(streams, self.cycle, empty)

    def _chunk(
        self,
        frames: Tensor,
        state: StreamState,
        advance: Advance | None = None,
        advance_together: AdvanceTogether | None = None,
    ) -> tuple[Tensor | None, Tensor, StreamState]:
        """A chunk without checks; the advances run in place of the network's where no stream is young."""
        program, count = self.program, frames.shape[2]
        is_settled = min(state.ages) >= program.settled and state.step % program.cycle == 0
        if not is_settled or count != self.graph.chunk or count == 1:
            # Layers begin one after the other, and only whole cycles run at once: so these go one by one.
            outputs, valid, state = self._one_by_one(frames, state, advance)
        else:
            self._step_number = state.step
            given = self._with_ages(state.tensors, state.ages, frames)
            outputs, tensors = (advance_together or self.advance_together)(frames, given)
            tensors = tensors if advance_together else in_own_memory(tensors)
            is_last = program.answers((count - 1) % program.cycle)
            after = (is_last,) * state.batch
            state = StreamState(state.names, tensors, state.step + count, state.started, after)
            valid = torch.ones((len(frames), outputs.shape[2]), dtype=torch.bool)
            if not self.layers[self.graph.output].is_fresh:
                outputs = outputs.clone()  # it may be a tensor of the state
            outputs = self._answer(outputs, own_time=False)
        if self.graph.answers == "last" and outputs is not None:
            return outputs[:, :, -1:], valid[:, -1:], state
        return outputs, valid, state

    def _one_by_one(
        self, frames: Tensor, state: StreamState, advance: Advance | None
    ) -> tuple[Tensor | None, Tensor, StreamState]:
        found, valid = [], []
        for frame in frames.unbind(2):
            output, state = self._step(frame, state, advance)
            if output is not None:
                found.append(output)
                valid.append(torch.tensor(state.valid))
        if not found:
            return None, torch.empty((len(frames), 0), dtype=torch.bool), state
        return torch.stack(found, dim=2), torch.stack(valid, dim=1), state

    def _step(
        self, frame: Tensor, state: StreamState, settled: Advance | None = None
    ) -> tuple[Tensor | None, StreamState]:
        """A step without checks; `settled` advances in place of the network where no stream is young."""
        program, ages = self.program, state.ages
        phase = state.step % program.cycle
        self._step_number = state.step
        if min(ages) < program.settled:
            given = self._with_ages(self._from_start(frame, state), ages, frame)
            output, tensors = self.advance(frame, given, phase, Ages(ages))
        else:
            given = self._with_ages(state.tensors, ages, frame)
            output, tensors = (settled or self.advance)(frame, given, phase)
        if output is not None and not self.layers[self.graph.output].is_fresh:
            output = output.clone()  # it may be a tensor of the state
        answers = program.answers(phase)
        valid = tuple(answers and age >= max(program.delay, 0) for age in ages)
        after = StreamState(state.names, tensors, state.step + 1, state.started, valid)
        return (self._answer(output, own_time=False) if output is not None and any(valid) else None), after

    def _from_start(self, frame: Tensor, state: StreamState) -> tuple[Tensor, ...]:
        """The tensors of a state, as new for those of its streams that start now beside others."""
        if not (self.program.early and state.step and 0 in state.ages):
            return state.tensors
        chosen = torch.tensor([age == 0 for age in state.ages])
        new = self.begun(state.batch, self._like(frame))
        return tuple(where(chosen, begun, old) for begun, old in zip(new, state.tensors, strict=True))

    def _run_clip(self, node: Node, inputs: tuple[Tensor, ...]) -> Tensor:
        """A node on all frames of its inputs that do not depend on the initial state."""
        skips = map(int, self.graph.skips[node.name])
        # By the number of the answer that reads it: a branch whose frames are left out is read ahead.
        first = [self._first[name] - skip for name, skip in zip(node.inputs, skips, strict=True)]
        layer = self.layers[node.name]
        if node.op.is_step_form and len(inputs) == 1:
            window = node.op.window(*self.graph.inputs_of(node))
            # Output n sees frames from n * stride - before on; the clip at hand starts with frame `first[0]`.
            start = self._first[node.name] * window.stride - int(window.before) - first[0]
            if start >= 0:
                return layer.forward(inputs[0][:, :, start:])
            # The window begins ahead of the clip: where a layer remembers for ever nothing is left out, and
            # the answers are a new stream's, padding and all.
            value = layer.padding_value
            return layer.forward(functional.pad(inputs[0], (0, 0, 0, 0, -start, 0), value=value))
        # Branches know different frames: those that all know are from the latest first to the earliest last.
        aligned = [clip[:, :, max(first) - start :] for clip, start in zip(inputs, first, strict=True)]
        frames = min(clip.shape[2] for clip in aligned)
        answers = layer.frames(*(clip[:, :, :frames] for clip in aligned))
        if not node.op.is_step_form:
            return answers
        # A window over several branches: its first answers see less than all that a stream has by then.
        return answers[:, :, self._first[node.name] - max(first) :]

    def _check_frame(self, frame: Tensor, state: StreamState | None = None) -> None:
        source, state = self.graph.source, state or self._state
        batch = None if state is None else state.batch
        self._check(
            "frame", frame, (batch, int(source.channels), int(source.height), int(source.width)), FRAME_AXES
        )

    def _check_clip(self, clip: Tensor) -> None:
        source = self.graph.source
        self._check(
            "clip", clip, (None, int(source.channels), None, int(source.height), int(source.width)), AXES
        )

    def _check_length(self, clip: Tensor) -> None:
        end = self._times[self.graph.output]
        if end.receptive_field == inf:
            latest = max(at.delay for at in self._times.values())
            if clip.shape[2] <= latest:
                raise EmitError(f"clip: {clip.shape[2]} frames, expected more than the delay of {latest}")
        elif clip.shape[2] < end.receptive_field:
            raise EmitError(
                f"clip: {clip.shape[2]} frames, expected the receptive field of {end.receptive_field} or more"
            )

    def _check_state(self, state: StreamState) -> None:
        if state.names != self.program.names:
            raise EmitError(
                f"state: of another network, {len(state.names)} tensors; expected {len(self.program.names)}"
            )
        expected = self.program.empty(1, self._like(state.tensors[0])) if state.tensors else ()
        shapes = self.program.shapes.items()
        for (name, shape), tensor, like in zip(shapes, state.tensors, expected, strict=True):
            if tensor.shape != (state.batch, *shape):
                raise EmitError(f"state: {name} is {tuple(tensor.shape)}, expected {(state.batch, *shape)}")
            if tensor.dtype != like.dtype or tensor.device != like.device:
                raise EmitError(
                    f"state: {name} is {tensor.dtype}, {tensor.device}; expected {like.dtype}, {like.device}"
                )

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> StreamNetwork:
        # What `to`, `cuda` and `half` call. The state is no buffer, as a `state_dict` must fit clips too.
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if self._state is not None:
            self._state = self._state.map(fn)
        return self
