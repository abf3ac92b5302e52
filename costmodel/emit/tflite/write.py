"""A stream as a TFLite file: one cycle of frames in, answers out, state in and out, channels last."""

from __future__ import annotations

import json

import onnx

from costmodel.emit.description import Description
from costmodel.emit.onnx.calibrate import EightBits
from costmodel.emit.tflite import operators  # noqa: F401 - registers what writes each operator
from costmodel.emit.tflite.translator import Translator


def tflite_of(model: onnx.ModelProto, about: Description, eight_bits: EightBits | None = None) -> bytes:
    """The content of a file that LiteRT runs.

    Args:
        model: the stream's ONNX of rank 4, of a batch of one.
        about: what the file says of itself; the layout of the state comes from the model.
        eight_bits: what of it stands in 8 bits; None: nothing.

    Raises:
        EmitError: an operator has no counterpart.
    """
    to = Translator(model, eight_bits)
    inputs = {each.name: to.whole(each.name) for each in model.graph.input}
    to.run()
    outputs = {each.name: to.whole(each.name) for each in model.graph.output}
    layout = json.loads(next(each.value for each in model.metadata_props if each.key == "layout"))
    told = json.dumps({**about, "layout": layout})
    return to.file.content(model.graph.name, inputs, outputs, told)
