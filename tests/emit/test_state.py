"""State of a stream: what it holds, whose it is, and that a step leaves it as it was."""

import copy
import pickle

import pytest
import torch
from emitted import assert_near, chain, frames, stream_network
from residual_streams import BEHIND, TIMES, WINDOWED, residual, small_x3d

from costmodel import analyze
from costmodel.emit.state import StreamState
from costmodel.errors import EmitError


@pytest.mark.parametrize("state", ["partial", "window"])
@pytest.mark.parametrize("time", TIMES, ids=str)
@pytest.mark.parametrize("kind", WINDOWED)
def test_state_holds_the_floats_that_analyze_counts(kind, time, state):
    network = stream_network(chain(WINDOWED[kind](time), BEHIND), state=state)
    expected = analyze(network.graph).totals["state_floats"]
    for frame in frames(network.graph, 9).unbind(2):
        network.forward_step(frame)
        assert network.get_state().floats == expected


def test_a_step_is_a_pure_function():
    network = stream_network(small_x3d())
    first, second = frames(network.graph, 2).unbind(2)
    _, state = network.step(first, network.initial_state(2))
    before = [tensor.clone() for tensor in state.tensors]
    _, one = network.step(second, state)
    _, other = network.step(second, state)
    assert all(map(torch.equal, before, state.tensors))
    assert all(map(torch.equal, one.tensors, other.tensors))


def test_a_stream_goes_on_from_a_state_that_was_set():
    network = stream_network(residual())
    clip = frames(network.graph, 12)
    network.forward_steps(clip[:, :, :6])
    state = network.get_state()
    expected, _ = network.forward_steps(clip[:, :, 6:])
    network.reset()
    network.set_state(state)
    assert_near(network.forward_steps(clip[:, :, 6:])[0], expected)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
def test_a_copy_goes_on_alone(copied):
    network = stream_network(residual())
    clip = frames(network.graph, 12)
    network.forward_steps(clip[:, :, :6])
    other = copied(network)
    expected, _ = network.forward_steps(clip[:, :, 6:])
    assert_near(other.forward_steps(clip[:, :, 6:])[0], expected)
    assert other.get_state().step == 12


def test_float32_state_moves_with_the_network():
    network = stream_network(residual()).float()
    clip = frames(network.graph, 12)
    network.forward_steps(clip[:, :, :6].float())
    network.double()
    assert network.forward_step(clip[:, :, 6]).dtype == torch.float64


def wrong_states() -> dict[str, tuple[StreamState, str]]:
    own = stream_network(residual()).initial_state(2)
    other = stream_network(residual(5)).initial_state(2)
    crop = [tensor[..., :3] for tensor in own.tensors]
    return {
        "network": (
            other,
            f"state: of another network, {len(other.tensors)} tensors; expected {len(own.tensors)}",
        ),
        "size": (
            own.map(lambda tensor: tensor[..., :3]),
            f"state: {own.names[0]} is {tuple(crop[0].shape)}, expected (2, 4, 6, 6)",
        ),
        "dtype": (
            own.map(torch.Tensor.float),
            f"state: {own.names[0]} is torch.float32, cpu; expected torch.float64, cpu",
        ),
    }


@pytest.mark.parametrize("kind", wrong_states())
def test_a_state_of_another_network_is_refused(kind):
    network = stream_network(residual())
    network.forward_steps(frames(network.graph, 3))
    before = network.get_state()
    given, message = wrong_states()[kind]
    for use in (network.set_state, lambda state: network.step(frames(network.graph, 1)[:, :, 0], state)):
        with pytest.raises(EmitError) as error:
            use(given)
        assert str(error.value) == message
    assert network.get_state() is before
