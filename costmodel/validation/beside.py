"""A stream and the module of its clip network, side by side on maps of one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from costmodel.analysis.temporal import excitation_pools, timing
from costmodel.emit.build import emit
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import INPUT, Graph
from costmodel.validation.heads import heads_of
from costmodel.validation.running import frames_of
from costmodel.validation.theirs import Read, Theirs

NEVER_DUE = -1  # the number of an output that comes between two that are due
Frames = Mapping[int, Tensor]  # by number, each one frame of one clip in our axes


@dataclass(frozen=True)
class Beside:
    """A stream and a module on maps of one size.

    Args:
        graph: the stream.
        tensors: the weights of both.
        theirs: the module, in float64.
        seed: of the clips.
    """

    graph: Graph
    tensors: Mapping[str, Tensor]
    theirs: Theirs
    seed: int

    @property
    def clip(self) -> Graph:
        """The clip network that the stream runs."""
        assert self.graph.clip is not None
        return self.graph.clip

    @cached_property
    def given(self) -> Tensor:
        """A clip of the network's own length."""
        return frames_of(self.clip, 1, int(self.clip.source.time), self.seed)

    @cached_property
    def outputs(self) -> Mapping[str, Tensor]:
        """What each layer of the clip network answers to it, and the clip itself."""
        network = emit(self.clip).double().eval()
        network.load_state_dict(self.tensors)
        with network.recording() as record:
            network(self.given.clone())
        return {INPUT: self.given, **{name: found[0][1] for name, found in record.items()}}

    @cached_property
    def reads(self) -> Mapping[str, tuple[Read, ...]]:
        """Where the module reads what enters its head, and what its squeeze-excites pool."""
        wanted = {*heads_of(self.clip), *(source_of(self.clip, name) for name in excitation_pools(self.clip))}
        return self.theirs.found(self.given, {name: self.outputs[name] for name in wanted})

    def stream(self, clip: Tensor, wanted: Sequence[str]) -> Mapping[str, Frames]:
        """Frames of some edges as the stream makes them of a clip's, by the number that its timing gives."""
        network = emit(self.graph).double().eval()
        assert isinstance(network, StreamNetwork)
        network.load_state_dict(self.tensors)
        times = timing(self.graph)
        found: dict[str, dict[int, Tensor]] = {name: {} for name in wanted}
        for frame in clip.unbind(2):
            with network.recording() as record:
                network.forward_step(frame)
            for name in wanted:
                for step, output in record.get(name, ()):
                    number, rest = divmod(step - int(times[name].delay), times[name].jump)
                    found[name][number if rest == 0 else NEVER_DUE] = output.unsqueeze(2)
        return found


def source_of(clip: Graph, name: str) -> str:
    """What a layer of one input reads."""
    return clip.by_name[name].inputs[0]
