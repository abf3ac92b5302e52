"""The clip network of a stream on a clip of any length: what its frame-by-frame form must answer.

It takes nothing from the transform but how many frames each pool over the clip covers. Windows are padded
ahead alone, so that every frame of every layer is what a stream can know; merges drop the frames that a
branch does not know yet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import reduce
from math import lcm

import torch
from torch import Tensor
from torch.nn import functional

from costmodel.analysis.temporal import excitation_pools
from costmodel.emit.modules import Layer, WindowedLayer, layer_for
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Op
from costmodel.types import TensorType
from costmodel.validation.undrawn import Undrawn


def pooled_frames(graph: Graph) -> Mapping[str, int]:
    """Frames each whole-clip pool covers: the stream's window, or the whole clip.

    A squeeze-excite in a clip network counts as frame by frame, as the analysis has it.
    """
    clip = graph.clip or graph
    excitations = excitation_pools(clip)
    found = {}
    for node in clip.nodes:
        if clip.windows[node.name].whole_clip:
            frames = 1 if node.name in excitations else int(clip.types[node.inputs[0]].time)
            if graph.is_stream:
                frames = int(graph.windows[node.name].kernel)
            found[node.name] = frames
    return found


def cumulated(graph: Graph) -> frozenset[str]:
    """Pools over the whole clip that in the stream pool all frames so far."""
    clip = graph.clip or graph
    return frozenset(
        node.name
        for node in clip.nodes
        if node.op.slides and graph.is_stream and graph.by_name[node.name].op.unwrapped.is_cumulative
    )


class Reference:
    """A clip network that answers every frame as soon as it can be known.

    Args:
        graph: a stream or a clip network.
        layers: running layers by name, whose parameters it takes.
        visit: called with each layer that treats every frame alone, and its input, before it runs.
        changed: what the network goes on with instead of the clip and of each layer's output, by its name.
    """

    def __init__(
        self,
        graph: Graph,
        layers: Mapping[str, Layer[Op]],
        visit: Callable[[Layer[Op], Tensor], None] | None = None,
        changed: Callable[[str, Tensor], Tensor] = lambda name, output: output,
    ) -> None:
        self.clip = graph.clip or graph
        self.layers = layers
        self.visit = visit
        self.changed = changed
        self.pooled = pooled_frames(graph)
        self.cumulated = cumulated(graph)
        self._last_read = {name: node.name for node in self.clip.nodes for name in node.inputs}

    @torch.no_grad()
    def __call__(
        self, clip: Tensor, init: str = "zeros", kept: Collection[str] | None = None
    ) -> Mapping[str, Tensor]:
        """Outputs by layer, (batch, channels, time, height, width): all of them, or those kept.

        Args:
            clip: the input.
            init: what stands ahead of the clip in every layer: `zeros` or `replicate`.
            kept: the layers whose outputs are wanted; others are dropped when nobody reads them any more.
        """
        values, jumps = {INPUT: self.changed(INPUT, clip)}, {INPUT: 1}
        for node in self.clip.nodes:
            slowest = reduce(lcm, (jumps[name] for name in node.inputs))
            # Behind a pool over the clip branches may answer at
            # different rates; frames that all have are joined.
            inputs = [values[name][:, :, :: slowest // jumps[name]] for name in node.inputs]
            inputs = [x[:, :, skip:] for x, skip in zip(inputs, self._left_out(node), strict=True)]
            frames = min(each.shape[2] for each in inputs)
            inputs = [each[:, :, :frames] for each in inputs]
            # Under no name of its own, by which what was changed would be held until the next has run.
            values[node.name] = self.changed(node.name, self._run(node, inputs, init))
            jumps[node.name] = slowest * self._stride(node)
            # Long clips at full width: what nobody reads any more is freed.
            for name in set(node.inputs) - set(values if kept is None else kept):
                if self._last_read[name] == node.name:
                    del values[name]
        return values

    def _left_out(self, node: Node) -> list[int]:
        """Frames that a merge leaves out ahead of each branch, by the frames of the clip's branches."""
        crop = getattr(node.op, "crop", False)
        frames = [int(x.time) for x in self.clip.inputs_of(node)]
        is_held = node.op.is_gate and frames[-1] == 1  # a gate of one frame holds for all
        if crop not in ("centred", "newest") or is_held:
            return [0] * len(frames)
        return [(each - min(frames)) // (2 if crop == "centred" else 1) for each in frames]

    def _stride(self, node: Node) -> int:
        return self.clip.windows[node.name].stride

    def _run(self, node: Node, inputs: list[Tensor], init: str) -> Tensor:
        unpadded = node.op.without_time_padding()
        if not node.op.slides and unpadded != node.op:
            return self._shifted(unpadded, int(self.clip.windows[node.name].before), inputs[0])
        if not node.op.slides:
            layer = self.layers[node.name] if node.op.word != "sgs" else self._of_all_bins(node, inputs[0])
            if self.visit is not None:
                self.visit(layer, inputs[0])
            return layer.frames(*inputs)
        (x,) = inputs
        if node.name in self.cumulated:
            return _over_all_so_far(node.op, x)
        read, covers = TensorType(x.shape[1], *x.shape[2:]), self.pooled.get(node.name)
        window = self.clip.windows[node.name] if covers is None else node.op.window(read.with_time(covers))
        before = int(window.before)
        # A layer of its own, without padding in time: here it is
        # put in by hand, and of one kind ahead of every layer.
        with Undrawn():
            layer = layer_for(node.op.without_time_padding(covers), (read,))
        layer.to(x.dtype).load_state_dict(self.layers[node.name].state_dict())
        assert isinstance(layer, WindowedLayer)
        if before:
            first = x[:, :, :1] if init == "replicate" else torch.full_like(x[:, :, :1], layer.padding_value)
            x = torch.cat((first.expand(-1, -1, before, -1, -1), x), dim=2)
        # No window is whole yet, which torch refuses to run.
        if x.shape[2] <= layer.dilation[0] * (layer.kernel[0] - 1):
            return self._nothing(node, x)
        return layer.forward(x)

    def _of_all_bins(self, node: Node, clip: Tensor) -> Layer[Op]:
        """A sampler that drops no bin: windows padded ahead alone would leave nothing of few frames."""
        op = replace(node.op, active=None, bins=None, block=0)  # type: ignore[call-arg]
        layer = layer_for(op, (TensorType(clip.shape[1], *clip.shape[2:]),)).to(clip.dtype)
        layer.load_state_dict(self.layers[node.name].state_dict())
        return layer

    def _shifted(self, op: Op, before: int, clip: Tensor) -> Tensor:
        """A shift of every frame that a stream can know, zeros ahead of the first."""
        x = clip[:, :, -before:] if before < 0 else functional.pad(clip, (0, 0, 0, 0, before, 0))
        return layer_for(op, (TensorType(x.shape[1], *x.shape[2:]),)).forward(x)

    def _nothing(self, node: Node, x: Tensor) -> Tensor:
        out = self.clip.types[node.name]
        return x.new_empty((len(x), int(out.channels), 0, int(out.height), int(out.width)))


def _over_all_so_far(pool: Op, x: Tensor) -> Tensor:
    """The mean or maximum of each frame and all ahead of it, over the map where the pool spans it."""
    read = TensorType(x.shape[1], *x.shape[2:])
    takes_maximum = pool.carry(read).combine == "max"
    if pool.kernel_on(read)[1:] != (1, 1):
        x = x.amax((-2, -1), keepdim=True) if takes_maximum else x.mean((-2, -1), keepdim=True)
    if takes_maximum:
        return x.cummax(2).values
    frames = torch.arange(1, x.shape[2] + 1, dtype=x.dtype)
    return x.cumsum(2) / frames.view(-1, 1, 1)
