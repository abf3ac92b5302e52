"""A stream's ONNX in 8 bits, by ONNX Runtime's static quantisation over the ranges of our own stream loop."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Set

import numpy as np
import onnx

from costmodel.emit.onnx.calibrate import EightBits


def in_8_bits(eight_bits: EightBits) -> onnx.ModelProto:
    """The program with weights in 8 bits and a pair of quantise and dequantise around each value (QDQ).

    Its inputs and outputs are in 32 bits, as those of the program that it is made of: the same host runs it.
    What is kept comes in as the numbers it went out as, for both ends of a step share one scale.

    Args:
        eight_bits: the program, the range of each value, and which stay in 32 bits.
    """
    # Quantising needs this library alone, which is an extra.
    from onnxruntime.quantization import CalibrationMethod, QDQQuantizer, QuantType, TensorsData
    from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry

    model = onnx.ModelProto()
    model.CopyFrom(eight_bits.model)
    apart = _apart(model, eight_bits.floats)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    taken = dict(eight_bits.shared_ranges)
    taken |= {copy: taken[name] for name, copy in apart.items()}
    ranges = {name: tuple(np.array(end, np.float32) for end in found) for name, found in taken.items()}
    in_float = [
        node.name for node in model.graph.node if node.output[0] in eight_bits.floats | set(apart.values())
    ]
    quantizer = QDQQuantizer(
        model,
        per_channel=True,
        reduce_range=False,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QInt8,
        tensors_range=TensorsData(CalibrationMethod.MinMax, ranges),
        nodes_to_quantize=[],
        nodes_to_exclude=in_float,
        op_types_to_quantize=list(QLinearOpsRegistry | QDQRegistry),
        extra_options={},
    )
    with _quiet():
        quantizer.quantize_model()
    quantizer.model.topological_sort()
    made: onnx.ModelProto = quantizer.model.model
    # The values between are other ones now; runtimes infer their shapes.
    del made.graph.value_info[:]
    return made


def _apart(model: onnx.ModelProto, floats: Set[str]) -> dict[str, str]:
    """Has readers in 8 bits read a copy of what stays in 32; the copies by name.

    A value is quantised for all of its readers, so that what is kept would be too.
    """
    copies: dict[str, str] = {}
    nodes = []
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            if name in floats and node.output[0] not in floats:
                if name not in copies:
                    copies[name] = f"{name}.for_8_bits"
                    nodes.append(onnx.helper.make_node("Identity", [name], [copies[name]], name=copies[name]))
                node.input[place] = copies[name]
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return copies


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the library's own talk."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(level)
