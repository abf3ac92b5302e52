"""What values a stream takes on frames of a data set, and which of them stand in 8 bits, on which scales."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import onnx

from costmodel.emit.modules.avg_pool import AverageKeeper
from costmodel.emit.modules.cumulative import CumulativeKeeper
from costmodel.emit.modules.windows import PartialKeeper
from costmodel.emit.onnx.keeping import slots_of
from costmodel.emit.onnx.scales import Range, Scale, Shared
from costmodel.emit.onnx.stream_file import StreamFile
from costmodel.emit.program import Program
from costmodel.errors import EmitError

# What hands values on, or on the format's word must keep their scale: its inputs and its output share one.
HANDS_ON = {"Slice", "Concat", "Reshape", "Transpose", "Tile", "Max", "MaxPool", "ReduceMax", "Where", "Pad"}
# The scales of functions whose range is known; TFLite fixes most of them.
FIXED = {
    "Sigmoid": Scale(np.array(1 / 256, np.float32), -128),
    "HardSigmoid": Scale(np.array(1 / 255, np.float32), -128),
    "Tanh": Scale(np.array(1 / 128, np.float32), 0),
    "Softmax": Scale(np.array(1 / 256, np.float32), -128),
}
# What stands for no value in a maximum is below this. In 8 bits the lowest number does, whatever its scale.
NO_VALUE = float(np.finfo(np.float32).min) / 2
SETTLED = 8  # cycles behind the first answer, at least
Ranges = dict[str, Range]


@dataclass(frozen=True)
class EightBits:
    """Which values of a program stand in 8 bits, and the range that each took.

    Args:
        model: the program in ONNX, of rank 4, its state a tensor for each layer.
        ranges: the lowest and the highest number of each value.
        floats: the values that stay in 32 bits.
    """

    model: onnx.ModelProto
    ranges: Ranges
    floats: Set[str]

    @cached_property
    def shared_ranges(self) -> Ranges:
        """The range of each value, widened to those of all that it shares a scale with."""
        return _shared(self.model, self.floats).ranges(self.ranges)

    @cached_property
    def scales(self) -> dict[str, Scale]:
        """The scale of each value; of one in 32 bits, for readers in 8."""
        nodes = self.model.graph.node
        fixed = {node.output[0]: FIXED[node.op_type] for node in nodes if node.op_type in FIXED}
        return _shared(self.model, self.floats).scales(self.ranges, fixed)


def _must_fit(model: onnx.ModelProto, program: Program) -> None:
    """Refuses a stream whose state would not be the same numbers from step to step, and norms of their own.

    Raises:
        EmitError: a layer keeps open sums, or is a batch norm; the message says what does.
    """
    for node in model.graph.node:
        if node.op_type == "BatchNormalization":
            raise EmitError(f"{node.name.rpartition('/')[0]}: a batch norm in 8 bits; add --fold")
    for name, keeper in program.keepers.items():
        if isinstance(keeper, PartialKeeper | AverageKeeper) and keeper.shapes:
            raise EmitError(
                f"--quantize int8: {name} keeps open sums, each of a range of its own; add --state window"
            )


def eight_bits_of(
    model: onnx.ModelProto,
    program: Program,
    clips: Iterable[np.ndarray],
    tell: Callable[[str], None] = lambda text: None,
) -> EightBits:
    """What stands in 8 bits of a stream, from clips that it is run on frame by frame.

    Args:
        model: the stream in ONNX, of rank 4, its state a tensor for each layer.
        program: of the stream.
        clips: each (channels, time, height, width), as the network is fed.
        tell: is told how many frames were run.

    Raises:
        EmitError: a layer keeps what 8 bits cannot hold, or there are too few frames for the last layers to
            see any.
    """
    _must_fit(model, program)
    floats = _floats(model, program)
    # A pool over all frames so far gives its largest and smallest values when it has seen few.
    ranges, frames = _ranges(model, clips, begins_anew=bool(floats))
    tell(f"the range of {len(ranges)} values over {frames} frames")
    return EightBits(model, ranges, floats)


def _floats(model: onnx.ModelProto, program: Program) -> Set[str]:
    """The values of pools over all frames so far: in 8 bits such a mean would stand still."""
    pools = {name: each for name, each in program.keepers.items() if isinstance(each, CumulativeKeeper)}
    kept = {f"{name}.{key}" for name, keeper in pools.items() for key in slots_of(keeper, 0.0)}
    slots = _layout_of(model)["slots"]
    found = {tensor for name, (tensor, *_) in slots.items() if name in kept}
    for node in model.graph.node:
        handed_on = [name for name in _handed_on(node) if name in found]
        if node.name.rpartition("/")[0] in pools or handed_on:
            found.add(node.output[0])
    return found


def _handed_on(node: onnx.NodeProto) -> list[str]:
    """The inputs whose numbers are those of a node's output."""
    match node.op_type:
        case "Concat" | "Max":
            return list(node.input)
        case "Where":
            return list(node.input[1:])
        case kind if kind in HANDS_ON:
            return [node.input[0]]
    return []


def _shared(model: onnx.ModelProto, floats: Set[str]) -> Shared:
    shared = Shared()
    constants = {each.name for each in model.graph.initializer}
    for node in model.graph.node:
        names = [name for name in _handed_on(node) if name not in constants]
        if names and node.output[0] not in floats:
            shared.join((*names, node.output[0]))
    # What goes out of a step comes into the next as the same numbers.
    for each in _layout_of(model)["state"]:
        shared.join((each["input"], each["output"]))
    return shared


def _layout_of(model: onnx.ModelProto) -> dict[str, Any]:
    told = next(each.value for each in model.metadata_props if each.key == "layout")
    found: dict[str, Any] = json.loads(told)
    return found


def _ranges(model: onnx.ModelProto, clips: Iterable[np.ndarray], begins_anew: bool) -> tuple[Ranges, int]:
    """The lowest and the highest number of each value, and how many frames there were."""
    watched = _watched(model)
    ranges: Ranges = {}
    stream, frames = StreamFile(watched.SerializeToString()), 0
    cycle = stream.layout["cycle"]
    least = int(stream.layout["delay"]) + SETTLED * cycle
    # One stream of all clips: deep layers see nothing of their own until frames have come through to them.
    for clip in clips:
        for start in range(0, clip.shape[1] - cycle + 1, cycle):
            if begins_anew and frames and frames % least < cycle:
                stream.reset()
            given = np.ascontiguousarray(clip[:, start : start + cycle].swapaxes(0, 1), np.float32)
            # The loop that every host runs: steps are fed what they gave.
            before = stream.state
            _widen(ranges, before | stream.all_of_step(given) | {"frames": given})
            frames += cycle
    if frames < least:
        raise EmitError(f"--data: {frames} frames, expected {least} or more: deep layers see none")
    return ranges, frames


def _watched(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same program, giving all of its values."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    watched.graph.output.extend(
        each for each in inferred.value_info if each.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    )
    return watched


def _widen(ranges: Ranges, values: dict[str, np.ndarray]) -> None:
    for name, found in values.items():
        low, high = ranges.get(name, (0.0, 0.0))
        least, most = float(found.min()), float(found.max())
        if least < NO_VALUE:
            there = found[found >= NO_VALUE]
            least, most = float(there.min(initial=0.0)), float(there.max(initial=0.0))
        ranges[name] = min(low, least), max(high, most)
