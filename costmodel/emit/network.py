"""Running networks: what clip and stream networks share, and the clip network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor, nn

from costmodel.emit.groups import Groups, over_groups
from costmodel.emit.modules import Layer, layer_for
from costmodel.emit.modules.pointwise import BatchNormLayer
from costmodel.emit.modules.sampling import SgsLayer
from costmodel.errors import CostModelError, EmitError
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import Op
from costmodel.types import TensorType

Record = dict[str, list[tuple[int, Tensor]]]
AXES = ("batch", "channels", "time", "height", "width")


class Network(nn.Module):
    """A graph as a PyTorch module: each layer is a submodule of its own name, dots in names nest modules.

    `checks_values` says whether a clip or frame with a NaN in it is refused.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        _must_be_numbers(graph)
        self.graph = graph
        # A plain dict, which torch does not see: each layer is a submodule once, at its nested name.
        self.layers = {node.name: _layer(graph, node.name) for node in graph.nodes}
        self.checks_values = True
        self._record: Record | None = None
        self._active: dict[str, list[int]] | None = None
        for name, layer in self.layers.items():
            _nest(self, name.split("."), layer)

    @contextmanager
    def recording(self) -> Iterator[Record]:
        """Collects every layer's output by name, each as (step, output); the step of a whole clip is 0."""
        outer, self._record = self._record, {}
        try:
            yield self._record
        finally:
            self._record = outer

    def put(self, name: str, layer: Layer[Op]) -> None:
        """Runs another layer in the place of one of its own."""
        self.layers[name] = layer
        _nest(self, name.split("."), layer)

    @contextmanager
    def active_bins(self) -> Iterator[dict[str, list[int]]]:
        """Collects the frames that each clip has behind each sampler that leaves their number to it."""
        outer, self._active = self._active, {}
        try:
            yield self._active
        finally:
            self._active = outer

    def _keep(self, name: str, step: int, value: Tensor) -> None:
        if self._record is not None:
            self._record.setdefault(name, []).append((step, value.detach().clone()))

    def _check(
        self, what: str, given: Tensor, expected: tuple[int | None, ...], axes: tuple[str, ...]
    ) -> None:
        """Raises EmitError unless a tensor has these sizes (None: any) and the network's dtype and device."""
        if not isinstance(given, Tensor):
            raise EmitError(f"{what}: a {type(given).__name__}, expected a tensor ({', '.join(axes)})")
        fits = given.dim() == len(expected) and all(
            size > 0 if wanted is None else size == wanted
            for size, wanted in zip(given.shape, expected, strict=True)
        )
        if not fits:
            wanted = ", ".join(
                axis if size is None else str(size) for axis, size in zip(axes, expected, strict=True)
            )
            raise EmitError(f"{what}: shape {tuple(given.shape)}, expected ({wanted})")
        like = self._like(given)
        if given.dtype != like.dtype or not given.is_floating_point():
            expected_dtype = like.dtype if like.is_floating_point() else "a floating-point type"
            raise EmitError(f"{what}: dtype {given.dtype}, expected {expected_dtype}")
        if given.device != like.device:
            raise EmitError(f"{what}: on device {given.device}, expected {like.device}")
        # The sum is NaN where a value is, and cheap; of infinities
        # it is NaN as well, so then each value is looked at.
        if self.checks_values and bool(given.sum().isnan()) and bool(given.isnan().any()):
            raise EmitError(f"{what}: holds NaN, expected numbers")

    def _like(self, given: Tensor) -> Tensor:
        """A tensor of the network's own dtype and device."""
        return next(self.parameters(), given)

    def _answer(self, output: Tensor, own_time: bool) -> Tensor:
        """An output without height and width (and time, where it is the clip's own) that are 1."""
        end = self.graph.types[self.graph.output]
        if int(end.height) == int(end.width) == 1:
            output = output.flatten(-2).squeeze(-1)
            if own_time and int(end.time) == 1:
                output = output.squeeze(2)
            return output
        return output


class ClipNetwork(Network):
    """A network that answers a whole clip at once."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._drops = last_readings(graph)
        # Layers for other numbers of frames: a plain dict, as they are no submodules and hold nothing.
        self._others: dict[tuple[str, tuple[int, ...]], Layer[Op]] = {}
        self._overwrites = {node.name for node in graph.nodes if may_overwrite(graph, node, self.layers)}

    def forward(self, clip: Tensor) -> Tensor:
        """What the network answers to a clip (batch, channels, time, height, width).

        Returns:
            (batch, channels) where the output's time, height and width are 1, else (batch, channels, time,
            height, width).

        Raises:
            EmitError: the clip has another shape, dtype or device, or holds NaN.
        """
        self.check_clip(clip)
        # Gradients need what a layer read. A recorded run overwrites
        # nothing, so that validation can compare the two.
        inplace = not torch.is_grad_enabled() and self._record is None
        values: dict[str, Tensor | Groups] = {INPUT: clip}
        for node in self.graph.nodes:
            inputs = [values[name] for name in node.inputs]
            value = self._run(node.name, inputs, inplace and node.name in self._overwrites)
            if self._record is not None:
                self._keep(node.name, 0, self._joined(node.name, value))
            values[node.name] = value
            for name in self._drops[node.name]:
                del values[name]
        end = self.graph.types[self.graph.output]
        answer = self._joined(node.name, value)
        return answer.flatten(1) if int(end.positions) == 1 else answer

    def _run(self, name: str, inputs: Sequence[Tensor | Groups], overwrites: bool) -> Tensor | Groups:
        """What a layer answers, once for each group where its clips have unequal numbers of frames."""
        layer, first = self.layers[name], inputs[0]
        if isinstance(layer, SgsLayer) and layer.op.is_adaptive and isinstance(first, Tensor):
            sampled = layer.grouped(first)
            if self._active is not None:
                self._active.setdefault(name, []).extend(sampled.frames)
            return sampled
        clips = [each for each in inputs if isinstance(each, Tensor)]
        if len(clips) == len(inputs):
            return cast(Tensor, layer.overwrite(*clips) if overwrites else layer(*clips))
        if isinstance(layer, BatchNormLayer) and layer.training:
            return layer.grouped(cast(Groups, first))

        def run(*clips: Tensor) -> Tensor:
            fitted = self._fitted(name, [clip.shape[2] for clip in clips])
            return cast(Tensor, fitted.overwrite(*clips) if overwrites else fitted(*clips))

        return over_groups(run, inputs)

    def _fitted(self, name: str, frames: list[int]) -> Layer[Op]:
        """A layer for clips of other numbers of frames than the graph's, as the kernel of a pool is then."""
        node, layer = self.graph.by_name[name], self.layers[name]
        inputs = self.graph.inputs_of(node)
        if frames == [int(x.time) for x in inputs]:
            return layer
        key = name, tuple(frames)
        if key not in self._others:
            read = tuple(x.with_time(each) for x, each in zip(inputs, frames, strict=True))
            self._others[key] = _of_other_frames(layer, inputs, read)
        return self._others[key].train(layer.training)

    def _joined(self, name: str, value: Tensor | Groups) -> Tensor:
        """The clips of all groups, zeros behind the frames of each."""
        return value if isinstance(value, Tensor) else value.joined(int(self.graph.types[name].time))

    def check_clip(self, clip: Tensor) -> None:
        """Raises EmitError where a clip does not fit."""
        # What is traced cannot branch on values.
        if torch.compiler.is_compiling():
            return
        source = self.graph.source
        sizes = (None, int(source.channels), int(source.time), int(source.height), int(source.width))
        self._check("clip", clip, sizes, AXES)


def _layer(graph: Graph, name: str) -> Layer[Op]:
    node = graph.by_name[name]
    try:
        return layer_for(node.op, graph.inputs_of(node))
    except CostModelError as error:
        raise EmitError(f"{name}: {error}") from error


def _of_other_frames(layer: Layer[Op], inputs: Sequence[TensorType], read: Sequence[TensorType]) -> Layer[Op]:
    """A layer for other numbers of frames, with all that a layer has learned; mostly the layer itself."""
    # What is not stored was made for the frames there were, such as the shares of an average at the ends.
    made = layer._non_persistent_buffers_set
    if not made and layer.op.window(*read) == layer.op.window(*inputs):
        return layer
    # Its weights are drawn in vain: what it learned is the layer's own.
    with torch.random.fork_rng([]):
        other = layer_for(layer.op, tuple(read))
    other._parameters = layer._parameters
    other._buffers |= {name: value for name, value in layer._buffers.items() if name not in made}
    return other


def _nest(module: nn.Module, path: list[str], layer: nn.Module) -> None:
    """Puts a layer at its path; a layer may stand both at a path and above others."""
    first, *rest = path
    there = module._modules.get(first)
    if rest:
        if there is None:
            there = module._modules[first] = nn.Module()
        _nest(there, rest, layer)
        return
    if there is not None:
        # A bare module held this place for layers of longer
        # names; the layer takes it over with all that is in it.
        layer._modules.update(there._modules)
    module._modules[first] = layer


def _must_be_numbers(graph: Graph) -> None:
    for name, found in (("input", graph.source), *graph.types.items()):
        for axis, size in found._asdict().items():
            if not isinstance(size, int):
                raise EmitError(
                    f"{name}: {axis} is {size}, expected a whole number; give the free sizes values"
                )
    for node in graph.nodes:
        if not (isinstance(node.count, int) and node.count == 1):
            raise EmitError(
                f"{node.name}: stands for {node.count} layers, expected one; give the depth a value"
            )


def may_overwrite(graph: Graph, node: Node, layers: Mapping[str, Layer[Op]]) -> bool:
    """Whether a pointwise node may overwrite its input: new memory that nobody else reads."""
    source = node.inputs[0]
    return (
        type(layers[node.name]).overwrite is not Layer.overwrite
        and source != INPUT
        and len(graph.consumers[source]) == 1
        and layers[source].is_fresh
    )


def last_readings(graph: Graph) -> Mapping[str, tuple[str, ...]]:
    """For each node, the edges that nobody reads behind it."""
    # Nodes stand in the order in which they run, so that the last reader is the one that stays.
    last_read = {name: node.name for node in graph.nodes for name in node.inputs}
    drops: dict[str, list[str]] = {node.name: [] for node in graph.nodes}
    for name, reader in last_read.items():
        drops[reader].append(name)
    return {name: tuple(found) for name, found in drops.items()}
