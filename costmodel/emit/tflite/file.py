"""A TFLite file as it is written: tensors, their numbers, and operators, by the format's own classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from costmodel.emit.onnx.scales import Scale

KINDS = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.bool_): schema.TensorType.BOOL,
}


class TfliteFile:
    """One graph of tensors, numbered as they are added."""

    def __init__(self) -> None:
        self.buffers: list[Any] = [schema.BufferT()]  # the first one stands for no numbers
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self._codes: dict[int, int] = {}
        self._constants: dict[tuple[object, ...], int] = {}

    def tensor(self, name: str, shape: Sequence[int], dtype: Any, scale: Scale | None = None) -> int:
        """One more tensor, whose values the graph makes or is given."""
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name, list(shape), 0
        tensor.type = KINDS[np.dtype(dtype)]
        if scale is not None:
            tensor.quantization = _quantised(scale)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def constant(self, name: str, values: np.ndarray, scale: Scale | None = None) -> int:
        """A tensor whose values stand in the file; the same values stand there once."""
        values = np.ascontiguousarray(values)
        key = (values.tobytes(), values.shape, values.dtype.str, None if scale is None else scale.key)
        if key not in self._constants:
            number = self.tensor(name, values.shape, values.dtype, scale)
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
            self.buffers.append(buffer)
            self.tensors[number].buffer = len(self.buffers) - 1
            self._constants[key] = number
        return self._constants[key]

    def op(self, code: str, inputs: Sequence[int], output: int, options: str = "", **fields: object) -> None:
        """One more operator, with its options by the format's names."""
        number: int = getattr(schema.BuiltinOperator, code)
        operator = schema.OperatorT()
        operator.opcodeIndex = self._codes.setdefault(number, len(self._codes))
        operator.inputs, operator.outputs = list(inputs), [output]
        if options:
            chosen = getattr(schema, f"{options}T")()
            for name, value in fields.items():
                setattr(chosen, name, value)
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            operator.builtinOptions = chosen
        self.operators.append(operator)

    def content(self, name: str, inputs: Mapping[str, int], outputs: Mapping[str, int], told: str) -> bytes:
        """The whole file, its inputs and outputs by name, and what it tells of itself."""
        graph = schema.SubGraphT()
        graph.name, graph.tensors, graph.operators = name, self.tensors, self.operators
        graph.inputs, graph.outputs = list(inputs.values()), list(outputs.values())
        about = schema.BufferT()
        about.data = np.frombuffer(told.encode(), np.uint8)
        metadata = schema.MetadataT()
        metadata.name, metadata.buffer = "costmodel", len(self.buffers)
        model = schema.ModelT()
        model.version, model.description = 3, "costmodel"
        model.subgraphs, model.buffers = [graph], [*self.buffers, about]
        model.operatorCodes = [_code(each, INT8_VERSIONS) for each in self._codes]
        model.metadata, model.signatureDefs = [metadata], [_signature(inputs, outputs)]
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


# The version of an operator that takes 8 bits, where it is not the first: readers ask for it.
INT8_VERSIONS = {
    **dict.fromkeys(
        (
            "ADD",
            "MUL",
            "SUB",
            "CONCATENATION",
            "SLICE",
            "LOGISTIC",
            "MEAN",
            "RELU",
            "PAD",
            "PADV2",
            "MAX_POOL_2D",
        ),
        2,
    ),
    **dict.fromkeys(("PADV2", "AVERAGE_POOL_2D", "TANH", "SOFTMAX", "MAXIMUM", "GATHER", "TRANSPOSE"), 2),
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), 3),
}


def _code(number: int, versions: Mapping[str, int]) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if name.isupper()}
    code.version = versions.get(names[number], 1)
    return code


def _quantised(scale: Scale) -> Any:
    found = schema.QuantizationParametersT()
    found.scale = list(map(float, np.atleast_1d(scale.step)))
    found.zeroPoint = [int(scale.zero)] * len(found.scale)
    found.quantizedDimension = scale.axis
    return found


def _signature(inputs: Mapping[str, int], outputs: Mapping[str, int]) -> Any:
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = "step", 0
    signature.inputs, signature.outputs = _named(inputs), _named(outputs)
    return signature


def _named(tensors: Mapping[str, int]) -> list[Any]:
    found = []
    for name, number in tensors.items():
        each = schema.TensorMapT()
        each.name, each.tensorIndex = name, number
        found.append(each)
    return found
