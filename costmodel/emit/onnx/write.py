"""A stream as an ONNX network of rank 4: one cycle of frames in, answers out, state in and out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set

import onnx
from onnx import helper

from costmodel.emit.onnx.body import AGE, FRAMES_IN, Body, Layout
from costmodel.emit.onnx.layout import Packed, described, packed
from costmodel.emit.onnx.tape import OPSET, Tape
from costmodel.emit.stream import StreamNetwork

ANSWERS, VALID, AGE_AFTER = "outputs", "valid", "age_out"
LAYOUT = "layout"
Values = dict[str, tuple[int, Sequence[int]]]


def rank4_model(network: StreamNetwork, layout: Layout) -> onnx.ModelProto:
    """The network of one cycle, its layout among its `metadata_props`.

    Raises:
        EmitError: a layer has no operators of rank 4, or the network is not in 32 bits from zeros.
    """
    body = Body(network, layout)
    answers = body.answers()
    tensors = packed(body.held, layout.packing)
    # Which slots there are is known once all steps are written; what reads them stands ahead of the steps.
    tape, steps = body.tape, body.tape.nodes
    tape.nodes = []
    _unpack(tape, tensors)
    tape.nodes += steps
    _give(body, answers)
    _pack(tape, tensors, body.after())
    tape.nodes = _soonest(tape.nodes, {each.output for each in tensors})
    return _model(body, tensors)


def _unpack(tape: Tape, tensors: Sequence[Packed]) -> None:
    for each in tensors:
        for first, slot in each.placed():
            ends = (first, first + each.length(slot), 1, 1)
            given = [each.name, *(tape.integers(end) for end in ends)]
            if not each.is_flat:
                tape.as_named("Slice", given, f"{slot.name}.before")
                continue
            shape = tape.integers(tape.batch, *slot.shape)
            tape.as_named("Reshape", [tape.op("Slice", *given), shape], f"{slot.name}.before")


def _pack(tape: Tape, tensors: Sequence[Packed], after: Mapping[str, str]) -> None:
    for each in tensors:
        parts = [after[slot.name] for slot in each.slots]
        if each.is_flat:
            lengths = map(each.length, each.slots)
            parts = [
                tape.reshape(part, tape.batch, length) for part, length in zip(parts, lengths, strict=True)
            ]
        tape.as_named("Concat", parts, each.output, axis=1)


def _soonest(nodes: Sequence[onnx.NodeProto], joined: Set[str]) -> list[onnx.NodeProto]:
    """The same operators, but that what goes out of a step is joined once its parts are there."""
    place = {node.output[0]: number for number, node in enumerate(nodes)}

    def behind(node: onnx.NodeProto) -> tuple[int, int]:
        own = place[node.output[0]]
        if node.output[0] not in joined:
            return own, own
        return max((place[name] for name in node.input if name in place), default=-1), own

    return sorted(nodes, key=behind)


def _give(body: Body, answers: Sequence[str]) -> None:
    """Gives the answers, those of a stream one after the other; with an age also their validity."""
    tape, program = body.tape, body.program
    shape = tape.integers(*_answers_shape(body))
    tape.as_named("Reshape", [tape.concat(answers), shape], ANSWERS)
    if not body.layout.is_masked:
        return
    ages = tape.op("Add", tape.reshape(AGE, tape.batch, 1), tape.integers(*body.steps))
    tape.as_named("GreaterOrEqual", [ages, tape.integers(max(program.delay, 0))], VALID)
    tape.as_named("Add", [AGE, tape.integers(body.frames)], AGE_AFTER)


def _answers_shape(body: Body) -> tuple[int, ...]:
    out = body.graph.types[body.graph.output]
    return body.layout.batch * len(body.steps), int(out.channels), int(out.height), int(out.width)


def _model(body: Body, tensors: Sequence[Packed]) -> onnx.ModelProto:
    inputs, outputs = _ends(body, tensors)
    constants = list(body.tape.constants.values())
    graph = helper.make_graph(body.tape.nodes, body.graph.name, _infos(inputs), _infos(outputs), constants)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, producer_name="costmodel", ir_version=10)
    batch, program = body.layout.batch, body.program
    delay, masked = max(program.delay, 0), body.layout.is_masked
    told = described(tensors, batch, body.frames, body.steps, delay, masked)
    model.metadata_props.add(key=LAYOUT, value=json.dumps(told))
    return model


def _ends(body: Body, tensors: Sequence[Packed]) -> tuple[Values, Values]:
    """The program's inputs and its outputs: the kind and the shape of each."""
    batch, kind, source = body.layout.batch, onnx.TensorProto.FLOAT, body.graph.source
    frames = batch * body.frames, int(source.channels), int(source.height), int(source.width)
    inputs: Values = {FRAMES_IN: (kind, frames)}
    outputs: Values = {ANSWERS: (kind, _answers_shape(body))}
    if body.layout.is_masked:
        inputs[AGE] = (onnx.TensorProto.INT64, (batch,))
        outputs[VALID] = (onnx.TensorProto.BOOL, (batch, len(body.steps)))
        outputs[AGE_AFTER] = (onnx.TensorProto.INT64, (batch,))
    inputs |= {each.name: (kind, (batch, *each.shape)) for each in tensors}
    return inputs, outputs | {each.output: (kind, (batch, *each.shape)) for each in tensors}


def _infos(values: Values) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in values.items()]
