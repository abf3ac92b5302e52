import pytest
import torch
from emitted import SOURCE, assert_near, chain, clip_network, frames, stream_network
from residual_streams import BEHIND, TIMES, WINDOWED, residual, small_x3d

from costmodel import analyze, continual, load
from costmodel.analysis.figures import Figures
from costmodel.analysis.phases import macs_by_phase
from costmodel.emit import StreamNetwork, emit, executed_macs
from costmodel.errors import EmitError
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import (
    Conv,
    Flatten,
    Gate,
    GlobalPool,
    Linear,
    Relu,
    Sigmoid,
    Step,
)


@pytest.mark.parametrize("state", ["partial", "window"])
@pytest.mark.parametrize("init", ["zeros", "replicate"])
@pytest.mark.parametrize("time", TIMES, ids=str)
@pytest.mark.parametrize("kind", WINDOWED)
def test_steps_equal_the_unpadded_clip_from_warm_up_on(kind, time, init, state):
    network = stream_network(chain(WINDOWED[kind](time), BEHIND), init=init, state=state)
    clip = frames(network.graph, 29)
    with torch.no_grad():
        outputs, valid = network.forward_steps(clip)
        expected = network(clip)
    first = network.first_output(network.graph.output)
    warmup = analyze(network.graph).totals["warmup"]
    step = network.program.delay + first * network.program.jump
    assert valid.all()
    assert warmup <= step < warmup + network.program.jump
    assert_near(outputs[:, :, first:], expected)


@pytest.mark.parametrize("state", ["partial", "window"])
@pytest.mark.parametrize("time", TIMES, ids=str)
@pytest.mark.parametrize("kind", WINDOWED)
def test_steps_started_from_zeros_equal_the_padded_clip_network(kind, time, state):
    graph = chain(WINDOWED[kind](time), BEHIND, source=SOURCE.with_time(20))
    network, clip_form = stream_network(graph, state=state), clip_network(graph)
    clip = frames(graph, 20)
    with torch.no_grad():
        outputs, _ = network.forward_steps(clip)
        expected = clip_form(clip)
    assert_near(outputs, expected[:, :, : outputs.shape[2]])


@pytest.mark.parametrize("state", ["partial", "window"])
@pytest.mark.parametrize("time", TIMES, ids=str)
@pytest.mark.parametrize("kind", ["depthwise", "dense", "point", "causal"])
def test_each_step_makes_the_necessary_multiply_adds(kind, time, state):
    network = stream_network(chain(WINDOWED[kind](time), BEHIND), state=state)
    figures = Figures(network.graph)
    clip = frames(network.graph, 25 + network.cycle, batch=1)
    network.forward_steps(clip[:, :, : -network.cycle])
    for step in range(25, 25 + network.cycle):
        made = executed_macs(lambda step=step: network.forward_step(clip[:, :, step]))
        assert made == sum(
            macs
            for node in network.graph.nodes
            for phase, macs in macs_by_phase(figures, node)
            if (step - phase) % figures.at(node).jump == 0
        )


@pytest.mark.parametrize("init", ["zeros", "replicate"])
@pytest.mark.parametrize("options", [{}, {"excite": "clip"}, {"state": "window"}, {"pool": 9}], ids=str)
def test_x3d_equals_its_clip_in_steps(options, init):
    network = stream_network(small_x3d(**options), init=init)
    totals = analyze(network.graph).totals
    clip = frames(network.graph, totals["receptive_field"] + 2)
    with torch.inference_mode():
        outputs, _ = network.forward_steps(clip)
        expected = network(clip)
    assert outputs.shape[2] == clip.shape[2] - totals["transient"]
    assert network.get_state().floats == totals["state_floats"]
    assert_near(outputs[:, :, -3:], expected)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("state", ["partial", "window"])
def test_a_branch_waits_for_the_other(state, stride):
    network = stream_network(residual(5, stride), state=state)
    clip = frames(network.graph, 20)
    with torch.no_grad():
        outputs, _ = network.forward_steps(clip)
        expected = network(clip)
    assert_near(outputs[:, :, network.first_output("b") :], expected)


def test_every_layer_equals_its_clip():
    network = stream_network(residual(5, 2))
    clip = frames(network.graph, 21)
    with torch.no_grad(), network.recording() as whole:
        network(clip)
    with torch.no_grad(), network.recording() as stepped:
        network.forward_steps(clip)
    assert set(whole) == set(network.layers)
    for name, [(_, expected)] in whole.items():
        first = network.first_output(name)
        outputs = torch.stack(
            [output for _, output in stepped[name]][first : first + expected.shape[2]], dim=2
        )
        assert_near(outputs, expected[:, :, : outputs.shape[2]])


def test_layers_answer_at_their_delay_and_every_jump():
    network = stream_network(residual(5, 2))
    figures = Figures(network.graph)
    with torch.no_grad(), network.recording() as record:
        network.forward_steps(frames(network.graph, 14))
    for name, outputs in record.items():
        at = figures.timing[name]
        assert [step for step, _ in outputs] == list(range(at.delay, 14, at.jump))


def test_a_step_without_an_answer_is_none():
    network = stream_network(residual(5, 2))
    answers = [network.forward_step(frame) is not None for frame in frames(network.graph, 10).unbind(2)]
    delay = network.program.delay
    assert answers == [step >= delay and (step - delay) % 2 == 0 for step in range(10)]


def test_a_saved_network_answers_alike(tmp_path):
    network = stream_network(residual())
    clip = frames(network.graph, 12)
    torch.save(network, tmp_path / "network.pt")
    other = torch.load(tmp_path / "network.pt", weights_only=False)
    assert_near(other(clip), network(clip))


def test_clip_and_stream_share_one_set_of_weights():
    graph = load("x3d", variant="XS", crop=32, gamma_d=1, gamma_w=0.3, classes=8)
    clip_form, stream = clip_network(graph, seed=3), stream_network(continual(graph))
    assert list(clip_form.state_dict()) == list(stream.state_dict())
    stream.load_state_dict(clip_form.state_dict())
    clip_form.load_state_dict(stream.state_dict())
    assert isinstance(stream.get_submodule("res2.0.add.delay2"), torch.nn.Module)


@pytest.mark.parametrize("init", ["zeros", "replicate"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("state", ["partial", "window"])
@pytest.mark.parametrize("restart", [5, 6])
def test_a_stream_reset_alone_starts_with_the_next_cycle(restart, state, stride, init):
    network = stream_network(residual(5, stride), state=state, init=init)
    clip = frames(network.graph, 26)
    with torch.no_grad():
        alone, _ = network.forward_steps(clip)
        network.reset()
        network.forward_steps(clip[:, :, :restart])
        network.reset(streams=[1])
        outputs, valid = network.forward_steps(clip[:, :, restart:])
        network.reset()
        start = -(-restart // network.cycle) * network.cycle
        fresh, _ = network.forward_steps(clip[:, :, start:])
    assert valid[0].all()
    assert_near(outputs[0], alone[0, :, -outputs.shape[2] :])
    assert int(valid[1].sum()) == fresh.shape[2]
    assert_near(outputs[1][:, valid[1]], fresh[1])


def test_valid_tells_whose_output_it_is():
    network = stream_network(residual())
    clip = frames(network.graph, 12)
    network.forward_steps(clip[:, :, :10])
    assert network.valid.tolist() == [True, True]
    network.reset(streams=[0])
    network.forward_step(clip[:, :, 10])
    assert network.valid.tolist() == [False, True]


def test_replicated_state_is_that_of_a_still_past():
    network = stream_network(residual(5, 1), init="replicate")
    still = frames(network.graph, 1).expand(-1, -1, 30, -1, -1)
    outputs, _ = network.forward_steps(still)
    assert_near(outputs, outputs[:, :, -1:].expand_as(outputs))


def test_gradients_through_steps_equal_those_through_the_clip():
    network = stream_network(residual())
    clip = frames(network.graph, 8)
    network(clip)[:, :, -1].sum().backward()
    expected = network.get_parameter("a.weight").grad.clone()
    network.zero_grad()
    state = network.initial_state(2)
    for frame in clip.unbind(2):
        output, state = network.step(frame, state)
    output.sum().backward()
    assert_near(network.get_parameter("a.weight").grad, expected)


def test_a_trained_weight_is_the_one_that_steps_use():
    network = stream_network(chain(Conv(channels=4, kernel=(3, 3, 3))))
    clip = frames(network.graph, 5)
    with torch.no_grad():
        network.forward_steps(clip)
        network.get_parameter("layer0.weight").mul_(2)
        network.reset()
        assert_near(network.forward_steps(clip)[0][:, :, 1:], network(clip))


def test_a_map_as_output_keeps_its_height_and_width():
    network = stream_network(chain(Conv(channels=5, kernel=(3, 3, 3))))
    clip = frames(network.graph, 7)
    assert network(clip).shape == (2, 5, 5, 6, 6)
    assert network.forward_steps(clip)[0].shape == (2, 5, 6, 6, 6)


def test_a_frame_kept_by_the_first_layer_may_be_overwritten():
    network = stream_network(chain(Conv(channels=4, kernel=(3, 1, 1))), state="window")
    clip = frames(network.graph, 6)
    expected, _ = network.forward_steps(clip)
    network.reset()
    buffer = torch.empty_like(clip[:, :, 0]).contiguous(memory_format=torch.channels_last)
    outputs = [network.forward_step(buffer.copy_(frame)) for frame in clip.unbind(2)]
    assert_near(torch.stack([output for output in outputs if output is not None], dim=2), expected)


def test_flattened_frames_reach_a_classifier():
    network = stream_network(
        chain(Conv(channels=2, kernel=(3, 6, 6), padding=(1, 0, 0)), Relu(), Linear(channels=3))
    )
    assert network(frames(network.graph, 8)).shape == (2, 3, 6)
    source = SOURCE.with_time(1)
    stepped = Step(Conv(channels=2, kernel=(3, 3, 3), padding=(0, 1, 1)), 1)
    nodes = (
        Node("conv", stepped, (INPUT,)),
        Node("flat", Flatten(), ("conv",)),
        Node("fc", Linear(channels=3), ("flat",)),
    )
    network = stream_network(Graph("flat", source, nodes, clip=chain(Relu())))
    clip = frames(network.graph, 9)
    assert_near(network.forward_steps(clip)[0][:, :, 1:], network(clip))


def wrong_frames() -> dict[str, tuple[object, str]]:
    good = frames(residual(), 1)[:, :, 0]
    return {
        "channels": (good[:, :3], "frame: shape (2, 3, 6, 6), expected (2, 4, 6, 6)"),
        "clip": (good[:, :, None], "frame: shape (2, 4, 1, 6, 6), expected (2, 4, 6, 6)"),
        "batch": (good[:1], "frame: shape (1, 4, 6, 6), expected (2, 4, 6, 6)"),
        "dtype": (good.float(), "frame: dtype torch.float32, expected torch.float64"),
        "whole numbers": (good.to(torch.uint8), "frame: dtype torch.uint8, expected torch.float64"),
        "device": (good.to("meta"), "frame: on device meta, expected cpu"),
        "list": ([1], "frame: a list, expected a tensor (batch, channels, height, width)"),
        "nan": (torch.full_like(good, torch.nan), "frame: holds NaN, expected numbers"),
    }


@pytest.mark.parametrize("kind", wrong_frames())
def test_a_wrong_frame_is_refused_and_the_state_stays(kind):
    network = stream_network(residual())
    network.forward_steps(frames(network.graph, 3))
    before = network.get_state()
    given, message = wrong_frames()[kind]
    with pytest.raises(EmitError) as error:
        network.forward_step(given)
    assert str(error.value) == message
    assert network.get_state() is before


def test_frames_with_a_nan_are_refused_before_any_is_taken():
    network = stream_network(residual())
    clip = frames(network.graph, 3)
    clip[1, 0, 2, 0, 0] = torch.nan
    with pytest.raises(EmitError, match="clip: holds NaN"):
        network.forward_steps(clip)
    with pytest.raises(EmitError, match="the stream has seen no frame"):
        network.get_state()
    network.checks_values = False
    assert network.forward_steps(clip)[0].isnan().any()


def test_a_clip_shorter_than_the_receptive_field_is_refused():
    network = stream_network(residual())
    with pytest.raises(EmitError, match="clip: 4 frames, expected the receptive field of 5 or more"):
        network(frames(network.graph, 4))


def test_a_stream_that_is_not_there_cannot_be_reset():
    network = stream_network(residual())
    network.forward_steps(frames(network.graph, 3))
    with pytest.raises(EmitError, match="reset: stream 2, expected 0 to 1"):
        network.reset(streams=[2])


def test_an_unknown_start_is_refused():
    with pytest.raises(EmitError, match="init: 'ones', expected 'zeros' or 'replicate'"):
        emit(continual(residual()), init="ones")


def test_squeeze_excite_per_frame_and_over_a_sliding_clip():
    nodes = (
        Node("a", Conv(channels=4, kernel=(3, 1, 1)), (INPUT,)),
        Node("pool", GlobalPool(), ("a",)),
        Node("sigmoid", Sigmoid(), ("pool",)),
        Node("gate", Gate(), ("a", "sigmoid")),
        Node("end", GlobalPool(), ("gate",)),
    )
    graph = Graph("gated", SOURCE, nodes)
    for excite in ("frame", "clip"):
        network = stream_network(graph, excite=excite)
        assert isinstance(network, StreamNetwork)
        clip = frames(network.graph, 40)
        expected = network(clip)
        assert_near(network.forward_steps(clip)[0][:, :, -expected.shape[2] :], expected)
