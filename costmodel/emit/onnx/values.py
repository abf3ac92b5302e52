"""Functions of each value, merges, and what rearranges channels and maps, as ONNX operators on frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from math import pi, sqrt

from costmodel.emit.modules.window_attention import shifts_of
from costmodel.emit.onnx.entry import Place, writes_frame
from costmodel.emit.onnx.tape import Tape
from costmodel.ops import (
    Add,
    Bias,
    ClipCrop,
    Concat,
    Delay,
    Dropout,
    Gate,
    Identity,
    Interpolate,
    Last,
    PadChannels,
    Prelu,
    Roll,
    Scale,
    Shift,
    Shuffle,
    Softmax,
    Split,
)
from costmodel.ops.pointwise import ELEMENTWISE, Elementwise


def _swish(tape: Tape, x: str) -> str:
    return tape.op("Mul", x, tape.op("Sigmoid", x))


def _gelu(tape: Tape, x: str) -> str:
    normal = tape.op("Erf", tape.op("Mul", x, tape.number(1 / sqrt(2))))
    return tape.op("Mul", tape.op("Mul", x, tape.number(0.5)), tape.op("Add", normal, tape.number(1.0)))


def _gelu_tanh(tape: Tape, x: str) -> str:
    cube = tape.op("Mul", tape.op("Mul", x, x), x)
    inner = tape.op("Add", x, tape.op("Mul", cube, tape.number(0.044715)))
    bent = tape.op("Tanh", tape.op("Mul", inner, tape.number(sqrt(2 / pi))))
    return tape.op("Mul", tape.op("Mul", x, tape.number(0.5)), tape.op("Add", bent, tape.number(1.0)))


def _mish(tape: Tape, x: str) -> str:
    return tape.op("Mul", x, tape.op("Tanh", tape.op("Softplus", x)))


def _plainly(kind: str, **attributes: float) -> Callable[[Tape, str], str]:
    return lambda tape, x: tape.op(kind, x, **attributes)


FUNCTIONS: Mapping[str, Callable[[Tape, str], str]] = {
    "relu": _plainly("Relu"),
    "relu6": lambda tape, x: tape.op("Clip", x, tape.number(0.0), tape.number(6.0)),
    "swish": _swish,
    "sigmoid": _plainly("Sigmoid"),
    "hard_swish": _plainly("HardSwish"),
    "hard_sigmoid": _plainly("HardSigmoid", alpha=1 / 6, beta=0.5),
    "hard_sigmoid_keras": _plainly("HardSigmoid", alpha=0.2, beta=0.5),
    "selu": _plainly("Selu"),
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "softplus": _plainly("Softplus"),
    "mish": _mish,
    "tanh": _plainly("Tanh"),
}
# Those with a value of their own: the operator, its attribute, and the field of the word.
WITH_VALUE = {"leaky_relu": ("LeakyRelu", "negative_slope"), "elu": ("Elu", "alpha")}


def _elementwise(place: Place, frame: str) -> str:
    op: Elementwise = place.op
    if op.word in WITH_VALUE:
        kind, field = WITH_VALUE[op.word]
        return place.tape.op(kind, frame, alpha=float(op.given[field]))
    return FUNCTIONS[op.word](place.tape, frame)


writes_frame(*(op for op in ELEMENTWISE.values() if op.word in {*FUNCTIONS, *WITH_VALUE}))(_elementwise)


@writes_frame(Prelu)
def _prelu(place: Place, frame: str) -> str:
    return place.tape.op("PRelu", frame, place.learned("weight", -1, 1, 1))


@writes_frame(Softmax)
def _softmax(place: Place, frame: str) -> str:
    return place.tape.op("Softmax", frame, axis=1)


@writes_frame(Identity, Dropout, Last, Delay)
def _unchanged(place: Place, frame: str) -> str:
    return frame


@writes_frame(Scale, Bias)
def _learned(place: Place, frame: str) -> str:
    channels, _, height, width = place.layer.view
    values = place.learned(place.op.name, 1, channels, height, width)
    return place.tape.op("Mul" if place.op.name == Scale.name else "Add", frame, values)


@writes_frame(Add)
def _add(place: Place, *frames: str) -> str:
    return reduce(lambda one, other: place.tape.op("Add", one, other), frames)


@writes_frame(Concat)
def _concat(place: Place, *frames: str) -> str:
    return place.tape.concat(frames)


@writes_frame(Gate)
def _gate(place: Place, value: str, gate: str) -> str:
    return place.tape.op("Mul", value, gate)


@writes_frame(Shuffle)
def _shuffle(place: Place, frame: str) -> str:
    (x,), tape, groups = place.inputs, place.tape, int(place.op.groups)
    channels, height, width = int(x.channels), int(x.height), int(x.width)
    dealt = tape.reshape(frame, tape.batch, groups, channels // groups, height * width)
    return tape.reshape(tape.op("Transpose", dealt, perm=[0, 2, 1, 3]), tape.batch, channels, height, width)


@writes_frame(Split)
def _split(place: Place, frame: str) -> str:
    return place.tape.channels(frame, place.layer.first, place.layer.count)


@writes_frame(PadChannels)
def _pad_channels(place: Place, frame: str) -> str:
    (x,), tape = place.inputs, place.tape
    more = int(place.op.channels) - int(x.channels)
    zeros = tape.filled((tape.batch, more, int(x.height), int(x.width)), 0.0)
    return tape.concat((frame, zeros)) if more else frame


@writes_frame(Interpolate)
def _interpolate(place: Place, frame: str) -> str:
    tape, layer = place.tape, place.layer
    sizes = tape.integers(tape.batch, int(place.out.channels), *layer.size)
    if layer.mode == "nearest":
        options = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    else:
        corners = "align_corners" if layer.align_corners else "half_pixel"
        options = {"mode": "linear", "coordinate_transformation_mode": corners}
    return tape.op("Resize", frame, "", "", sizes, **options)


@writes_frame(Roll)
def _roll(place: Place, frame: str) -> str:
    (x,), (_, *shifts) = place.inputs, shifts_of(place.op)
    for axis, length, shift in zip((2, 3), (int(x.height), int(x.width)), shifts, strict=True):
        cut = -shift % length
        if cut:
            ends = (cut, length), (0, cut)
            frame = place.tape.concat([place.tape.slice(frame, axis, *each) for each in ends], axis)
    return frame


@writes_frame(Shift)
def _shift(place: Place, frame: str) -> str:
    return frame


@writes_frame(ClipCrop)
def _clip_crop(place: Place, frame: str) -> str:
    (x,), layer = place.inputs, place.layer
    for axis, length in ((1, int(x.height)), (2, int(x.width))):
        first, last = layer.before[axis], length - layer.after[axis]
        if (first, last) != (0, length):
            frame = place.tape.slice(frame, axis + 1, first, last)
    return frame
