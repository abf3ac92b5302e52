import gc
import weakref

import pytest
import sympy
import torch
from emitted import SOURCE, chain, clip_network, frames

from costmodel import analyze, continual, load
from costmodel.emit import MIRRORS, ClipNetwork, emit, executed_macs
from costmodel.emit.modules.base import Layer, layer_for, mirrors
from costmodel.errors import EmitError
from costmodel.graph import Node
from costmodel.ops import OPS, Conv, Delay, Op, Relu, Step


def test_every_op_has_a_layer_that_runs_it():
    assert {op.__name__ for op in OPS.values() if op.runs} - {op.__name__ for op in MIRRORS} == set()
    assert Delay in MIRRORS
    assert isinstance(layer_for(Step(Conv(channels=4, kernel=(3, 1, 1))), (SOURCE,)), MIRRORS[Conv])


def test_an_op_without_a_layer_is_refused():
    class Unknown(Op):
        pass

    with pytest.raises(EmitError, match="layer0: Unknown has no layer"):
        emit(chain(Unknown()))


def test_an_op_is_mirrored_once():
    class Again(Layer[Relu]):
        pass

    with pytest.raises(EmitError, match="Relu: has a layer twice, ElementwiseLayer and Again"):
        mirrors(Relu)(Again)


def test_submodules_are_named_as_in_the_graph():
    graph = load("x3d", variant="XS", crop=32, gamma_d=1, gamma_w=0.3, classes=8)
    network = emit(graph)
    assert isinstance(network, ClipNetwork)
    assert all(network.get_submodule(node.name) is network.layers[node.name] for node in graph.nodes)


def test_multiply_adds_of_a_clip_are_those_of_analyze():
    graph = load("x3d", variant="XS", crop=32, gamma_d=1, gamma_w=0.3, classes=8)
    network = emit(graph).eval()
    clip = frames(graph, graph.source.time, batch=1).float()
    assert executed_macs(lambda: network(clip)) == analyze(graph).totals["macs_per_clip"]


def test_parameters_are_those_of_analyze():
    graph = load("x3d", variant="XS", crop=32, gamma_d=1, gamma_w=0.3, classes=8)
    assert sum(value.numel() for value in emit(graph).parameters()) == analyze(graph).totals["params"]


def test_output_shapes_are_the_types_of_the_graph():
    graph = load("x3d", variant="XS", crop=32, gamma_d=1, gamma_w=0.3, classes=8)
    network = clip_network(graph)
    with torch.no_grad(), network.recording() as record:
        assert network(frames(graph, graph.source.time)).shape == (2, 8)
    assert {name: tuple(output.shape[1:]) for name, [(_, output)] in record.items()} == {
        node.name: tuple(graph.types[node.name]) for node in graph.nodes
    }


def test_weights_are_freed_with_the_last_reference_to_a_network():
    networks = [emit(graph) for graph in (load("x3d", variant="XS"), continual(load("x3d", variant="XS")))]
    parameters = [weakref.ref(each) for network in networks for each in network.parameters()]
    gc.disable()  # which frees what refers to itself, at some time
    try:
        networks.clear()
        assert not any(each() is not None for each in parameters)
    finally:
        gc.enable()


def test_a_clip_of_another_length_is_refused():
    network = clip_network(chain(Relu()))
    with pytest.raises(EmitError) as error:
        network(frames(network.graph, 3))
    assert str(error.value) == "clip: shape (2, 4, 3, 6, 6), expected (batch, 4, 12, 6, 6)"


def test_free_sizes_are_refused():
    width = sympy.Symbol("w", integer=True, positive=True)
    with pytest.raises(EmitError) as error:
        emit(chain(Conv(channels=width)))
    assert str(error.value) == "layer0: channels is w, expected a whole number; give the free sizes values"


def test_a_free_depth_is_refused():
    graph = chain(Relu())
    nodes = (Node("many", Relu(), graph.nodes[0].inputs, count=3),)
    with pytest.raises(EmitError, match="many: stands for 3 layers, expected one; give the depth a value"):
        emit(type(graph)("deep", SOURCE, nodes))
