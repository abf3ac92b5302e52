"""What values a stream takes on frames of a data set, and the scales of 8 bits that follow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import numpy as np
import onnx

from costmodel.emit.modules.avg_pool import AverageKeeper
from costmodel.emit.modules.cumulative import CumulativeKeeper
from costmodel.emit.modules.windows import PartialKeeper
from costmodel.emit.onnx.stream_file import StreamFile
from costmodel.emit.program import Program
from costmodel.emit.tflite.scales import Scale, Shared
from costmodel.errors import EmitError

# What hands values on, or on the format's word must keep their scale: its inputs and its output share one.
HANDS_ON = {"Slice", "Concat", "Reshape", "Transpose", "Tile", "Max", "MaxPool", "ReduceMax", "Where", "Pad"}
# The format fixes the scales of functions whose range is known.
FIXED = {
    "Sigmoid": Scale(np.array(1 / 256, np.float32), -128),
    "Tanh": Scale(np.array(1 / 128, np.float32), 0),
    "Softmax": Scale(np.array(1 / 256, np.float32), -128),
}
SETTLED = 8  # cycles behind the first answer, at least
Ranges = dict[str, tuple[float, float]]


def must_fit_8_bits(program: Program) -> None:
    """Refuses a stream whose state would not be the same numbers from step to step.

    Raises:
        EmitError: a layer keeps open sums, or a mean over all frames; the message says what does.
    """
    for name, keeper in program.keepers.items():
        if isinstance(keeper, PartialKeeper | AverageKeeper) and keeper.shapes:
            raise EmitError(
                f"--quantize int8: {name} keeps open sums, each of a range of its own; add --state window"
            )
        if isinstance(keeper, CumulativeKeeper):
            raise EmitError(
                f"--quantize int8: {name} pools all frames so far, and in 8 bits such a mean stands still; "
                "leave out --head-pool"
            )


def scales_of(
    model: onnx.ModelProto, clips: Iterable[np.ndarray], tell: Callable[[str], None] = lambda text: None
) -> dict[str, Scale]:
    """The scale of each value of a stream's program, from clips that it is run on frame by frame.

    Args:
        model: the program in ONNX, of rank 4.
        clips: each (channels, time, height, width), as the network is fed.
        tell: is told how many frames were run.

    Raises:
        EmitError: there are too few frames for the last layers to see any.
    """
    ranges, frames = _ranges(model, clips)
    tell(f"the range of {len(ranges)} values over {frames} frames")
    return _shared(model).scales(ranges, _fixed(model))


def _shared(model: onnx.ModelProto) -> Shared:
    shared = Shared()
    constants = {each.name for each in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type in HANDS_ON:
            read = node.input[1:] if node.op_type == "Where" else node.input
            names = [name for name in read if name not in constants]
            first = names if node.op_type in ("Concat", "Max", "Where") else names[:1]
            shared.join((*first, node.output[0]))
    layout = json.loads(next(each.value for each in model.metadata_props if each.key == "layout"))
    # What goes out of a step comes into the next as the same numbers.
    for each in layout["state"]:
        shared.join((each["input"], each["output"]))
    return shared


def _fixed(model: onnx.ModelProto) -> dict[str, Scale]:
    return {node.output[0]: FIXED[node.op_type] for node in model.graph.node if node.op_type in FIXED}


def _ranges(model: onnx.ModelProto, clips: Iterable[np.ndarray]) -> tuple[Ranges, int]:
    """The lowest and the highest number of each value, and how many frames there were."""
    watched = _watched(model)
    ranges: Ranges = {}
    stream, frames = StreamFile(watched.SerializeToString()), 0
    cycle = stream.layout["cycle"]
    # One stream of all clips: deep layers see nothing of their own until frames have come through to them.
    for clip in clips:
        for start in range(0, clip.shape[1] - cycle + 1, cycle):
            given = np.ascontiguousarray(clip[:, start : start + cycle].swapaxes(0, 1), np.float32)
            # The loop that every host runs: steps are fed what they gave.
            before = stream.state
            _widen(ranges, before | stream.all_of_step(given) | {"frames": given})
            frames += cycle
    least = int(stream.layout["delay"]) + SETTLED * cycle
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
        ranges[name] = min(low, float(found.min())), max(high, float(found.max()))
