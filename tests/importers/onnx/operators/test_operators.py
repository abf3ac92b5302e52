"""Operators whose defaults and orders differ from torch's: read with ONNX Runtime's answers, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from costmodel.importers import ModuleError
from costmodel.importers.onnx import OnnxError, RuntimeNetwork, read_onnx

CLIP = (1, 4, 4, 6, 6)
RANDOM = np.random.default_rng(1)
Node = tuple[str, Sequence[str], dict[str, object]]


def learned(*shape: int) -> np.ndarray:
    return RANDOM.uniform(-0.5, 0.5, shape).astype(np.float32)


TENSORS = {
    "w": learned(4, 4, 3, 3, 3),
    "flat": learned(4, 4, 3, 3),
    "up": learned(4, 4, 1, 2, 2),
    "b": learned(4),
    "scale": learned(4, 1, 1, 1) + 1,
    "var": learned(4) + 1,
    "square": learned(4, 4),
    "lstm_w": learned(1, 12, 4),
    "lstm_r": learned(1, 12, 3),
    "lstm_b": learned(1, 24),
    "gru_w": learned(1, 9, 4),
    "gru_r": learned(1, 9, 3),
    "gru_b": learned(1, 18),
    "ones": np.ones((1, 1, 3), np.float32),
    "third": np.array(2),
    "two": np.array([1, 2]),
    "spread": np.array([0, 2]),
    "zero": np.array(0.0, np.float32),
    "six": np.array(6.0, np.float32),
    "half": np.array(0.5, np.float32),
    "pads": np.array([0, 0, 1, 0, 0, 0, 0, 0, 0, 1]),
    "axes": np.array([3, 4]),
    "from": np.array([0]),
    "to": np.array([2]),
    "channels": np.array([1]),
    "twos": np.array([1, 1, 1, 2, 2], np.float32),
    "frames": np.array([-1, 4, 6, 6]),
    "shape": np.array([1, 4, 4, 6, 6]),
}
SWAP = ("Transpose", ["x"], {"perm": [2, 0, 1]})
EQUAL: dict[str, list[Node]] = {
    "same padding, more behind": [("Conv", ["x", "w"], {"auto_pad": "SAME_UPPER", "strides": [1, 2, 2]})],
    "same padding, more ahead": [("Conv", ["x", "w", "b"], {"auto_pad": "SAME_LOWER", "strides": [2, 2, 2]})],
    "padding ahead alone": [("Conv", ["x", "w"], {"pads": [2, 1, 1, 0, 1, 1]})],
    "a mean that leaves pads out": [("AveragePool", ["x"], {"kernel_shape": [3, 3, 3], "pads": [1] * 6})],
    "a mean that counts pads": [
        ("AveragePool", ["x"], {"kernel_shape": [3, 3, 3], "pads": [1] * 6, "count_include_pad": 1})
    ],
    "a maximum padded on one side": [
        ("MaxPool", ["x"], {"kernel_shape": [1, 3, 3], "strides": [1, 2, 2], "pads": [0, 0, 0, 0, 1, 1]})
    ],
    "a batch norm": [("BatchNormalization", ["x", "b", "b", "b", "var"], {"epsilon": 0.01})],
    "cut at six": [("Clip", ["x", "zero", "six"], {})],
    "a slope of its own": [("Sub", ["x", "half"], {}), ("LeakyRelu", ["x"], {"alpha": 0.3})],
    "slopes by channel": [("Sub", ["x", "half"], {}), ("PRelu", ["x", "scale"], {})],
    "a number ahead": [("Sub", ["half", "x"], {})],
    "a scale by channel": [("Mul", ["scale", "x"], {})],
    "padded and read": [("Pad", ["x", "pads"], {}), ("Conv", ["x", "w"], {"pads": [0, 1, 1, 0, 1, 0]})],
    "a slice of channels": [("Slice", ["x", "from", "to", "channels"], {})],
    "two channels by index": [("Gather", ["x", "two"], {"axis": 1})],
    "a map twice as large": [
        (
            "Resize",
            ["x", "", "twos"],
            {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        )
    ],
    "means and a product": [
        ("ReduceMean", ["x", "axes"], {"keepdims": 0}),
        ("Transpose", ["x"], {"perm": [0, 2, 1]}),
        ("MatMul", ["x", "square"], {}),
        ("Softmax", ["x"], {}),
    ],
    "a memory": [
        ("ReduceMean", ["x", "axes"], {"keepdims": 0}),
        SWAP,
        ("LSTM", ["x", "lstm_w", "lstm_r", "lstm_b"], {"hidden_size": 3}),
    ],
    "a gated unit": [
        ("ReduceMean", ["x", "axes"], {"keepdims": 0}),
        SWAP,
        ("GRU", ["x", "gru_w", "gru_r", "gru_b"], {"hidden_size": 3, "linear_before_reset": 1}),
    ],
    "an upsampling convolution": [("ConvTranspose", ["x", "up", "b"], {"strides": [1, 2, 2]})],
    "a shape worked out on the way": [("Relu", ["x"], {}), ("Reshape", ["x", "shape"], {})],
}
REFUSED: dict[str, tuple[list[Node], str]] = {
    "a reset ahead of the product": (
        [
            ("ReduceMean", ["x", "axes"], {"keepdims": 0}),
            SWAP,
            ("GRU", ["x", "gru_w", "gru_r", "gru_b"], {"hidden_size": 3}),
        ],
        "resets its state ahead of the product",
    ),
    "a memory that begins full": (
        [
            ("ReduceMean", ["x", "axes"], {"keepdims": 0}),
            SWAP,
            ("LSTM", ["x", "lstm_w", "lstm_r", "", "", "ones", "ones"], {"hidden_size": 3}),
        ],
        "starts from a state of its own",
    ),
    "a memory backwards": (
        [
            ("ReduceMean", ["x", "axes"], {"keepdims": 0}),
            SWAP,
            ("LSTM", ["x", "lstm_w", "lstm_r"], {"hidden_size": 3, "direction": "reverse"}),
        ],
        "direction is reverse, expected forward",
    ),
    "a harder sigmoid": ([("HardSigmoid", ["x"], {"alpha": 0.3})], "cuts at 0.0 and 1.0"),
    "channels by other indices": ([("Gather", ["x", "spread"], {"axis": 1})], "index_select"),
    "a product of two clips": ([("MatMul", ["x", "x"], {})], "matmul"),
    "a mean from the middle": (
        [("Resize", ["x", "", "twos"], {"mode": "nearest"})],
        "resizes nearest by half_pixel",
    ),
    "a wider group": (
        [("GroupNormalization", ["x", "b", "b"], {"num_groups": 4})],
        "scales groups, not channels",
    ),
}


def written(nodes: list[Node], path: Path) -> Path:
    listed, source = [], "clip"
    for place, (word, inputs, attributes) in enumerate(nodes):
        out = f"v{place}"
        given = [source if each == "x" else each for each in inputs]
        listed.append(helper.make_node(word, given, [out], **attributes))
        source = out
    clip = helper.make_tensor_value_info("clip", TensorProto.FLOAT, CLIP)
    found = helper.make_tensor_value_info(source, TensorProto.FLOAT, None)
    used = {each for node in listed for each in node.input}
    tensors = [numpy_helper.from_array(value, name) for name, value in TENSORS.items() if name in used]
    graph = helper.make_graph(listed, "net", [clip], [found], initializer=tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(onnx.shape_inference.infer_shapes(model), str(path))
    return path


@pytest.mark.parametrize("name", EQUAL)
def test_an_operator_answers_as_onnx_runtime_does(name: str, tmp_path: Path):
    path = written(EQUAL[name], tmp_path / "net.onnx")
    difference = read_onnx(path, None, "net").with_answers_compared(RuntimeNetwork(path)).checked.difference
    assert difference is not None
    assert difference <= 1e-6


@pytest.mark.parametrize("name", REFUSED)
def test_an_operator_that_no_layer_is_is_refused(name: str, tmp_path: Path):
    nodes, reason = REFUSED[name]
    with pytest.raises((ModuleError, OnnxError), match=reason):
        read_onnx(written(nodes, tmp_path / "net.onnx"), None, "net")
