"""Exported programs answer as the module does, from the first frame on, state in and out."""

from __future__ import annotations

import pytest
import torch

from costmodel import Graph, Node, TensorType, continual, load
from costmodel.emit import emit, randomise
from costmodel.emit.export import Cycle, export_onnx, export_torch, names_of
from costmodel.errors import EmitError
from costmodel.ops import Add, Conv, GlobalPool, MaxPool, Relu


def strided() -> Graph:
    return Graph(
        "strided",
        TensorType(3, 8, 6, 6),
        (
            Node("a", Conv(channels=4, kernel=(3, 3, 3), stride=(2, 2, 2), padding=(1, 1, 1)), ("input",)),
            Node("b", Conv(channels=4, stride=(2, 2, 2)), ("input",)),
            Node("sum", Add(), ("a", "b")),
            Node("relu", Relu(), ("sum",)),
            Node("pool", MaxPool(kernel=(3, 1, 1), padding=(1, 0, 0)), ("relu",)),
            Node("c", Conv(channels=4, kernel=(3, 1, 1), padding=(1, 0, 0), bias=True), ("pool",)),
            Node("end", GlobalPool(), ("c",)),
        ),
    )


def stream(graph: Graph) -> torch.nn.Module:
    network = emit(continual(graph)).eval()
    randomise(network, 3)
    return network


def assert_equal_over(frames: int, network: torch.nn.Module, run) -> None:
    """Every answer and its validity, from the first frame, the state handed from cycle to cycle."""
    cycle = Cycle(network)
    state = cycle.initial_state()
    source = network.graph.source
    worst, answers = 0.0, 0
    with torch.no_grad():
        for _ in range(frames // cycle.cycle):
            clip = torch.randn(1, source.channels, cycle.cycle, source.height, source.width)
            outputs, valid, *state = run(clip, *state)
            expected = [network.forward_step(clip[:, :, number]) for number in range(cycle.cycle)]
            expected = [answer for number, answer in enumerate(expected) if network.program.answers(number)]
            for number, answer in enumerate(expected):
                assert bool(valid[0, number]) == (answer is not None)
                if answer is not None:
                    answers += 1
                    gap = (outputs[:, :, number].flatten() - answer.flatten()).abs().max()
                    worst = max(worst, float(gap / answer.abs().max()))
    assert worst <= 1e-4
    assert answers > frames // cycle.cycle // 2


def test_a_cycle_answers_as_the_module_does():
    for graph in (strided(), load("x3d", crop=32, frames=4, gamma_d=0.2)):
        network = stream(graph)
        assert_equal_over(60, network, Cycle(network))


def test_a_torch_export_program_answers_as_the_module_does(tmp_path):
    network = stream(strided())
    export_torch(network, tmp_path / "net.pt2")
    assert_equal_over(100, network, torch.export.load(tmp_path / "net.pt2").module())


def test_onnx_answers_as_the_module_does_over_100_frames(tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    # A block in each stage: exporting takes as long as there are layers.
    network = stream(load("x3d", crop=32, frames=4, gamma_d=0.2))
    export_onnx(network, tmp_path / "net.onnx")
    session = runtime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    names, outputs = names_of(Cycle(network))
    assert [each.name for each in session.get_inputs()] == names
    assert [each.name for each in session.get_outputs()] == outputs

    def run(*inputs: torch.Tensor) -> list[torch.Tensor]:
        given = {name: tensor.numpy() for name, tensor in zip(names, inputs, strict=True)}
        return [torch.from_numpy(each) for each in session.run(None, given)]

    assert_equal_over(100, network, run)


def test_a_stream_that_replicates_its_first_frame_is_refused_and_its_state_is_gone_on_from():
    network = stream(strided())
    replicating = emit(network.graph, init="replicate").eval()
    replicating.load_state_dict(network.state_dict())
    with pytest.raises(EmitError, match=r"from get_state\(\) of this module after (\d+) frames") as refused:
        Cycle(replicating)
    begun = int(str(refused.value).split()[-2])
    cycle = Cycle(network)
    frames = torch.randn(1, 3, begun + 4 * cycle.cycle, 6, 6)
    with torch.no_grad():
        expected, valid = replicating.forward_steps(frames)
        replicating.reset()
        replicating.forward_steps(frames[:, :, :begun])
        given = (torch.tensor([begun]), *replicating.get_state().tensors)
        answers = []
        for start in range(begun, frames.shape[2], cycle.cycle):
            answer, _, *given = cycle(frames[:, :, start : start + cycle.cycle], *given)
            answers.append(answer)
    found = torch.cat(answers, 2)
    wanted = expected[:, :, valid[0]][:, :, -found.shape[2] :]
    torch.testing.assert_close(found, wanted.reshape(found.shape), rtol=0, atol=0)
