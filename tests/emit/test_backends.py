import pytest
import torch
from emitted import assert_near, chain, frames, stream_network
from torch._inductor.exc import CppCompileError

from costmodel.emit import backends
from costmodel.emit.backends import Runner, available, clip_runner
from costmodel.errors import EmitError, OptionError
from costmodel.graph import Graph
from costmodel.ops import BatchNorm, Conv, Relu


def small(stride: int = 1) -> Graph:
    conv = Conv(channels=4, kernel=(3, 3, 3), stride=(stride, 1, 1), groups=4)
    return chain(Conv(channels=4), conv, BatchNorm(), Relu(), Conv(channels=3, kernel=(3, 1, 1)))


@pytest.mark.parametrize("stride", [1, 2])
def test_a_runner_answers_as_the_network_does(stride):
    network = stream_network(small(stride))
    runner = Runner(network, "eager")
    for frame in frames(network.graph, 16).unbind(2):
        with torch.no_grad():
            expected = network.forward_step(frame)
        found = runner.forward_step(frame)
        assert (found is None) == (expected is None)
        if found is not None:
            assert_near(found, expected)
    assert runner.get_state().step == 16


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("backend", ["compiled", "exported"])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_compiled_runner_answers_as_the_network_does(stride, backend):
    network = stream_network(small(stride)).float()
    runner = Runner(network, backend)
    for frame in frames(network.graph, 16).float().unbind(2):
        with torch.no_grad():
            expected = network.forward_step(frame)
        found = runner.forward_step(frame)
        assert (found is None) == (expected is None)
        if found is not None:
            assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_an_exported_step_answers_alike_however_frames_and_states_lie_in_memory():
    network = stream_network(small(2)).float()
    runner = Runner(network, "exported")
    state = None
    for number, frame in enumerate(frames(network.graph, 24).float().unbind(2)):
        with torch.no_grad():
            expected = network.forward_step(frame)
        given = (frame, frame.contiguous(), frame.contiguous(memory_format=torch.channels_last))[
            number // 4 % 3
        ]
        found, state = runner.step(given, state or network.initial_state(len(frame), frame))
        if number % 3 == 2:
            state = state.map(lambda kept: kept.transpose(-1, -2).contiguous().transpose(-1, -2))
        assert (found is None) == (expected is None)
        if found is not None:
            assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_a_runner_that_was_reset_starts_anew():
    network = stream_network(small())
    runner = Runner(network, "eager")
    clip = frames(network.graph, 3)
    first = [runner.forward_step(frame) for frame in clip.unbind(2)]
    runner.reset()
    with pytest.raises(EmitError, match="the stream has seen no frame"):
        runner.get_state()
    again = [runner.forward_step(frame) for frame in clip.unbind(2)]
    assert again[:2] == first[:2] == [None, None]
    assert_near(again[2], first[2])


def test_a_runner_refuses_a_wrong_frame():
    runner = Runner(stream_network(small()), "eager")
    with pytest.raises(EmitError, match="frame: shape"):
        runner.forward_step(torch.zeros(1, 3, 6, 6, dtype=torch.float64))


def test_an_unknown_backend_is_refused():
    with pytest.raises(OptionError, match="--backend: unknown 'compile' \\(did you mean 'compiled'\\?\\)"):
        Runner(stream_network(small()), "compile")


def test_what_may_end_the_process_is_tried_only_where_it_is_named(monkeypatch):
    monkeypatch.setattr(backends, "_compiler", lambda: "g++")
    assert available(torch.device("cpu")) == ("eager", "compiled", "exported")
    assert available(torch.device("cuda")) == ("eager", "compiled", "recorded")


@pytest.mark.parametrize("backend", ["compiled", "exported"])
def test_compiling_without_a_compiler_says_so(monkeypatch, backend):
    monkeypatch.setattr(backends, "_compiler", lambda: None)
    assert available(torch.device("cpu")) == ("eager",)
    network = stream_network(small())
    runner = Runner(network, backend)
    with pytest.raises(EmitError, match=f"backend {backend}: found no C\\+\\+ compiler, expected g\\+\\+ or"):
        [runner.forward_step(frame) for frame in frames(network.graph, 16).unbind(2)]


def test_what_pytorch_fails_to_compile_is_one_line(monkeypatch):
    def broken(*inputs: object) -> None:
        raise CppCompileError(["g++"], "cc1plus: out of memory\nnote: more")

    monkeypatch.setattr(torch, "compile", lambda module, dynamic: broken)
    network = stream_network(small())
    runner = Runner(network, "compiled")
    with pytest.raises(EmitError, match="backend compiled: PyTorch failed to compile the network: C"):
        [runner.forward_step(frame) for frame in frames(network.graph, 16).unbind(2)]


def test_recording_needs_a_gpu():
    network = stream_network(small())
    runner = Runner(network, "recorded")
    with pytest.raises(EmitError, match="backend recorded: on device cpu, expected a CUDA device"):
        [runner.forward_step(frame) for frame in frames(network.graph, 16).unbind(2)]


@pytest.mark.gpu
@pytest.mark.parametrize("stride", [1, 2])
def test_recorded_steps_answer_as_the_network_does(stride):
    network = stream_network(small(stride)).cuda()
    runner = Runner(network, "recorded")
    for frame in frames(network.graph, 16).cuda().unbind(2):
        with torch.no_grad():
            expected = network.forward_step(frame)
        found = runner.forward_step(frame)
        assert (found is None) == (expected is None)
        if found is not None:
            assert_near(found, expected)


@pytest.mark.gpu
def test_a_state_that_a_recording_gave_out_does_not_change():
    network = stream_network(small()).cuda()
    runner = Runner(network, "recorded")
    clip = frames(network.graph, 16).cuda()
    for frame in clip[:, :, :12].unbind(2):
        runner.forward_step(frame)
    state = runner.get_state()
    before = [tensor.clone() for tensor in state.tensors]
    first = [runner.step(frame, state)[0] for frame in clip[:, :, 12:].unbind(2)]
    assert all(map(torch.equal, state.tensors, before))
    again = [runner.step(frame, state)[0] for frame in clip[:, :, 12:].unbind(2)]
    assert all(map(torch.equal, first, again))


@pytest.mark.gpu
def test_a_recorded_clip_network_answers_as_it_does():
    from emitted import clip_network

    network = clip_network(small()).cuda()
    first, second = frames(network.graph, 24).cuda().chunk(2, dim=2)
    run = clip_runner(network, "recorded", first)
    with torch.no_grad():
        answers, more = run(first), run(second)
        assert_near(answers, network(first))
        assert_near(more, network(second))


def test_a_clip_network_runs_on_a_backend():
    from emitted import clip_network

    network = clip_network(small())
    clip = frames(network.graph, 12)
    with torch.no_grad():
        assert_near(clip_runner(network, "eager", clip)(clip), network(clip))
