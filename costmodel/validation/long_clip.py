"""The emitted clip network on a clip of any length: what the stream that runs it must answer.

Nothing is taken from the stream, from windows or from timings. How many frames each layer answers is seen
as the network runs on clips of unequal lengths; a layer whose answer does not grow with the clip looks at all
of it, and slides here, by hand, over as many frames as arrive at it in the network's own clip. Ahead of its
first frame a clip is padded as a new stream is, so that answers are equal from the first on; the clip is
longer than what the stream has seen, so that nothing compared sees its end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil, lcm

import torch
from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules import Layer, layer_for
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Op
from costmodel.types import TensorType
from costmodel.validation.lengths import lengths_of
from costmodel.validation.undrawn import Undrawn

AT_ONCE = 64  # windows of a whole-clip layer that are run together: long ones of large maps are many numbers


@dataclass(frozen=True)
class Covered:
    """The frames that a layer over the whole clip sees when it slides.

    `ends` says that a window ends with the frame that its answer is aligned with, and does not begin there.
    """

    frames: int
    ends: bool = False
    endless: bool = False


class LongClip:
    """The clip network of a stream, or a clip network, on a clip of any length.

    Args:
        graph: a stream or a clip network.
        layers: running layers by name, whose parameters it takes.
    """

    def __init__(self, graph: Graph, layers: Mapping[str, Layer[Op]]) -> None:
        self.graph, self.clip, self.layers = graph, graph.clip or graph, layers
        self.lengths = lengths_of(self.clip)
        self._last_read = {name: node.name for node in self.clip.nodes for name in node.inputs}

    @cached_property
    def covered(self) -> Mapping[str, Covered]:
        """What each layer over the whole clip slides over, by name."""
        return {name: self._covered(self.clip.by_name[name]) for name in self.lengths.closing}

    @cached_property
    def features(self) -> tuple[str, ...]:
        """What the layers of the head read that look at the whole clip; nothing where there are none."""
        heads = (name for name in self.lengths.closing if name not in self.lengths.squeezing)
        pools = (self.clip.by_name[name] for name in heads if not self.clip.by_name[name].op.takes_newest)
        return tuple(dict.fromkeys(node.inputs[0] for node in pools))

    def jump(self, name: str) -> Fraction:
        """Frames of the clip for each frame of an edge; behind a layer over the whole clip as ahead of it."""
        return self.lengths.jumps[name]

    def whole(self, frames: int) -> int:
        """So many frames or a few more, of which strides leave the rests that they leave of its own clip."""
        return frames + (int(self.clip.source.time) - frames) % self.lengths.cycle

    def answered(self, name: str, frames: int) -> int:
        """The frames of a growing edge of a clip of so many; none or fewer where the clip is too short."""
        return self.lengths.expected(name, frames) - self._lacking[name]

    def answered_until(self, name: str, frames: int) -> Fraction:
        """The frame of a clip of so many with which an edge's first output is aligned that it does not have.

        Behind a layer over the whole clip as told by what such layers read: maybe a few less than there are.
        """
        if name in self.lengths.growing:
            return self.answered(name, frames) * self.jump(name)
        read = {self.clip.by_name[each].inputs[0] for each in self.lengths.closing}
        ahead = min(self.answered(each, frames) * self.jump(each) for each in read)
        return ahead - self._lacking[name] * self.jump(name)

    @cached_property
    def _lacking(self) -> Mapping[str, int]:
        """Frames at the end that each edge has fewer: a gate over the clip waits for its window's end."""
        lacking: dict[str, int] = {INPUT: 0}
        for node in self.clip.nodes:
            read = [lacking[name] * self.jump(name) for name in node.inputs]
            if (covered := self.covered.get(node.name)) and not (covered.ends or covered.endless):
                read = [each + (covered.frames - 1) * self.jump(node.inputs[0]) for each in read]
            lacking[node.name] = ceil(max(read) / self.jump(node.name))
        return lacking

    @torch.no_grad()
    def __call__(
        self,
        clip: Tensor,
        kept: Collection[str] | None = None,
        held: Callable[[str, Tensor], Tensor] = lambda name, outputs: outputs,
    ) -> Mapping[str, Tensor]:
        """Outputs by layer, (batch, channels, time, height, width): all of them, or those kept.

        A layer over the whole clip, and what stands behind it, has an answer for each place of its window.

        Args:
            clip: the input.
            kept: the layers whose outputs are wanted; others are dropped when nobody reads them any more.
            held: what is given back of a layer's outputs, by its name, once nobody reads them any more.
        """
        values = {INPUT: clip}
        for node in self.clip.nodes:
            inputs = self._alike(node, [values[name] for name in node.inputs], clip.shape[2])
            values[node.name] = self._run(node, inputs)
            for name in set(node.inputs):
                if self._last_read[name] != node.name:
                    continue
                if kept is None or name in kept:
                    values[name] = held(name, values[name])
                else:
                    del values[name]
        return values

    def _run(self, node: Node, inputs: list[Tensor]) -> Tensor:
        if node.name in self.covered:
            return self._slid(node, inputs[0])
        # What looks at all of a clip streams where one frame of it arrives, and looks at that one.
        if self._is_of_frames(node.name) and (node.op.has_no_stream or self._sees_more(node)):
            return _of_each(inputs, lambda places: self._layer(node, places).forward(*places))
        # A gate on frames takes each by what was pooled for it.
        if node.name in self.lengths.growing:
            return self._layer(node, inputs).forward(*inputs)
        return _of_each(inputs, lambda places: self._layer(node, places).forward(*places))

    def _is_of_frames(self, name: str) -> bool:
        """Whether a layer of the clip stands in the stream as it is, and so takes each frame alone."""
        return self.graph.is_stream and not self.graph.by_name[name].op.is_step_form

    def _sees_more(self, node: Node) -> bool:
        """Whether a layer over the clip, such as a norm, would look at more frames where more arrived."""
        return node.op.window(*(x.with_time(x.time + 1) for x in self.clip.inputs_of(node))).whole_clip

    def _alike(self, node: Node, inputs: list[Tensor], frames: int) -> list[Tensor]:
        """Branches without the frames at the end that another lacks behind a window over the clip."""
        if len(inputs) == 1:
            return inputs
        if not self.lengths.is_sliding(node):
            # Where branches are cut to what all have, it counts by how much they differ.
            wanted = [self.lengths.expected(name, frames) for name in node.inputs]
            lacking = max(most - each.shape[2] for most, each in zip(wanted, inputs, strict=True))
            return [each[:, :, : most - lacking] for most, each in zip(wanted, inputs, strict=True)]
        # Behind layers over the whole clip branches may answer at unequal rates: what all have is joined.
        jumps = [int(self.jump(name)) for name in node.inputs]
        inputs = [each[:, :, :: lcm(*jumps) // jump] for each, jump in zip(inputs, jumps, strict=True)]
        shortest = min(each.shape[2] for each in inputs)
        return [each[:, :, :shortest] for each in inputs]

    def _slid(self, node: Node, x: Tensor) -> Tensor:
        """A layer over the whole clip on every window of as many frames as it covers."""
        covered = self.covered[node.name]
        if covered.endless:
            so_far = [x[:, :, : number + 1] for number in range(x.shape[2])]
            return torch.cat([self._layer(node, [each]).forward(each) for each in so_far], dim=2)
        if covered.ends and covered.frames > 1:
            value = self._layer(node, [x]).padding_value
            x = functional.pad(x, (0, 0, 0, 0, covered.frames - 1, 0), value=value)
        if x.shape[2] < covered.frames:
            out = self.clip.types[node.name]
            return x.new_empty((len(x), int(out.channels), 0, int(out.height), int(out.width)))
        windows = x.unfold(2, covered.frames, 1).movedim(
            -1, 3
        )  # (batch, channels, place, frames, height, width)
        found = []
        for some in torch.split(windows, AT_ONCE, dim=2):
            clips = some.transpose(1, 2).flatten(0, 1)
            found.append(_by_places(self._layer(node, [clips]).forward(clips), len(x)))
        return torch.cat(found, dim=2)

    def _covered(self, node: Node) -> Covered:
        arriving = self.lengths.arriving(node.name)
        in_stream = self.graph.by_name[node.name].op if self.graph.is_stream else None
        if node.op.is_cumulative or (in_stream is not None and in_stream.unwrapped.is_cumulative):
            return Covered(0, endless=True)
        if node.op.takes_newest:
            return Covered(1)
        if node.name in self.lengths.squeezing and (in_stream is None or not in_stream.is_step_form):
            return Covered(1)
        ends = bool(getattr(node.op, "causal", False))
        if self.graph.pool is None or node.name in self.lengths.squeezing:
            return Covered(arriving, ends)
        # Frames that arrive while so many are fed: the last may be fed in part.
        return Covered(ceil(Fraction(int(self.graph.pool)) / self.jump(node.inputs[0])), ends)

    def _layer(self, node: Node, inputs: Sequence[Tensor]) -> Layer[Op]:
        """A node's layer as emitted for inputs of other lengths, with the parameters of the running one."""
        types = tuple(TensorType(each.shape[1], *each.shape[2:]) for each in inputs)
        if types == self.clip.inputs_of(node):
            own = self.layers[node.name]
            if own.op == node.op:
                return own
        # A merge may bear the name of its block, and then holds the layers of it.
        inside = tuple(
            f"{name[len(node.name) + 1 :]}." for name in self.layers if name.startswith(f"{node.name}.")
        )
        held = self.layers[node.name].state_dict()
        state = {name: value for name, value in held.items() if not name.startswith(inside)}
        # Where there is something to learn, its first values are not drawn: those of the running one count.
        with torch.device("meta" if state else inputs[0].device), Undrawn():
            layer = layer_for(node.op, types)
        layer.load_state_dict(state, assign=True)
        return layer.to(inputs[0].dtype).eval()


def _of_each(inputs: Sequence[Tensor], run: Callable[[list[Tensor]], Tensor]) -> Tensor:
    """What is made of each place of its inputs alone, as of a clip of one frame."""
    return _by_places(
        run([each.transpose(1, 2).flatten(0, 1).unsqueeze(2) for each in inputs]), len(inputs[0])
    )


def _by_places(answers: Tensor, batch: int) -> Tensor:
    """Answers of one frame each, those to a clip one after the other, as (batch, channels, place, ...)."""
    return answers.reshape(batch, -1, answers.shape[1], *answers.shape[3:]).transpose(1, 2)
