"""The forms in which clips are learned: what each answers, and which statistics it tracks."""

from dataclasses import replace

import pytest
import torch
from tiny_training import LAST, RECIPE, SPEC, network, run, tiny
from torch.nn import Module

from costmodel import Graph
from costmodel.emit import StreamNetwork, emit
from costmodel.errors import TransformError
from costmodel.network import Network
from search.train.forms import form_of, step_momentum


def test_a_network_that_answers_a_map_learns_from_the_mean_of_its_places():
    form = run(trained=tiny(SPEC.replace("  - global_pool\n", ""))).form
    clips = torch.randn(2, 1, 4, 10, 10)
    with torch.no_grad():
        form.network.eval()
        torch.testing.assert_close(form.logits(clips), form.network(clips).mean((2, 3, 4)))


def test_unpadded_training_makes_clip_and_stream_agree():
    result = run(kind="unpadded", trained=tiny().continual())
    stream = as_stream(tiny().continual().graph(), result.form.network.eval())
    clips = torch.randn(3, 1, result.form.frames, 10, 10)
    with torch.no_grad():
        whole = result.form.logits(clips)
        steps, valid = stream.forward_steps(clips)
    assert result.form.frames == 8
    assert valid[:, -1].all()
    torch.testing.assert_close(steps[..., -1], whole)


def test_a_head_on_the_whole_map_answers_as_its_stream_where_one_frame_is_left_of_the_clip():
    # C3D's linear layers read a map of one frame: in a stream each such frame is a map of its own
    stream = Network.of("c3d", None, {"crop": 32, "channels": 4, "hidden": 8}).continual()
    form = form_of(stream.graph(), "unpadded")
    clips = torch.randn(2, 3, form.frames, 32, 32)
    with torch.no_grad():
        steps, valid = as_stream(stream.graph(), form.network.eval()).forward_steps(clips)
        assert valid[:, -1].all()
        torch.testing.assert_close(steps[..., -1], form.logits(clips))
    with pytest.raises(TransformError, match="flatten needs all 2 frames of the clip at once"):
        form_of(stream.with_sizes({"frames": 32}).graph(), "unpadded")


def as_stream(stream: Graph, network: Module) -> StreamNetwork:
    """The stream with the weights of a network, in evaluation."""
    running = emit(stream).eval()
    assert isinstance(running, StreamNetwork)
    running.load_state_dict(network.state_dict())
    return running


def test_streams_with_strides_in_time_learn_up_to_a_frame_that_they_answer():
    pool = "- max_pool: {kernel: [3, 1, 1], stride: [2, 1, 1]}\n"
    spec = SPEC.replace("stride: [1, 2, 2]", "stride: [2, 2, 2]").replace("- bn\n", pool, 1)
    strided = tiny(spec).continual()
    for kind in ("unpadded", "stepwise"):
        form = run(replace(RECIPE, epochs=1), kind=kind, trained=strided).form
        clips = torch.randn(2, 1, form.frames, 10, 10)
        with torch.no_grad():
            steps, valid = as_stream(strided.graph(), form.network.eval()).forward_steps(clips)
        assert valid[:, -1].all()
        torch.testing.assert_close(steps[..., -1], form.logits(clips))


def test_step_wise_training_learns_and_equals_its_clip_in_evaluation():
    result = run(replace(RECIPE, epochs=1), kind="stepwise")
    assert result.form.network.stem.weight.grad is None
    assert result.rows[0]["train_loss"] > 0
    stream = result.form.network.eval()
    clips = torch.randn(2, 1, result.form.frames, 10, 10)
    with torch.no_grad():
        steps, _ = stream.forward_steps(clips)
        torch.testing.assert_close(steps[..., -1], result.form.logits(clips))


def test_the_momentum_of_a_step_is_that_of_the_paper():
    assert step_momentum(0.1, 16) == pytest.approx(2 / 305)
    assert step_momentum(0.1, 1) == pytest.approx(0.1)


def test_statistics_are_not_tracked_in_the_transient():
    form = form_of(network(), "stepwise")
    layer, momenta = form.network.layers[LAST], []
    forward = layer.forward
    layer.forward = lambda *frames: momenta.append(layer.momentum) or forward(*frames)
    form.network.train()
    form.logits(torch.randn(4, 1, form.frames, 10, 10))
    transient, tracked = [0.0] * 2, [step_momentum(0.1, 4)] * 4
    assert momenta == transient + tracked  # its first frame comes at step 2, it is warm from step 4 on
    assert layer.momentum == 0.1
