"""The memory of a step of training, predicted beside the storages that a real step holds."""

from pathlib import Path

import pytest
import sympy

import costmodel
from costmodel.analysis.training import largest_batch, training_memory
from costmodel.errors import OptionError
from tests.shared.live_memory import measured_process_bytes, measured_training_bytes

NETWORKS = (
    ("x3d_m", 2, {"frames": 8, "crop": 96}),
    ("x2d", 8, {"crop": 96}),
    ("resnet_3d", 2, {}),
    ("mobilenet_v2_3d", 2, {}),
    ("slowfast", 1, {"crop": 96}),
    ("d_resnet", 1, {"crop": 112}),
    ("r2plus1d", 1, {}),
    ("i3d_r50", 1, {"crop": 96}),
    ("shufflenet_v2_3d", 4, {}),
)
# Families that the three terms of a process's growth were not measured on.
HELD_OUT = (
    ("squeezenet_3d", 4, {}),
    ("i3d_inception", 1, {"crop": 96}),
    ("resnext_3d", 1, {}),
    ("mobilenet_v1_3d", 4, {}),
    ("shufflenet_v1_3d", 4, {}),
    ("c2d", 1, {"crop": 96}),
    ("atfr_resnet", 1, {"crop": 96}),
    ("video_resnet", 1, {}),
    ("resnet_2d", 4, {}),
    ("x3d_s", 1, {}),
)


@pytest.mark.parametrize(("spec", "sets"), [("digits", {"crop": 24}), ("shufflenet_v2_3d", {"crop": 32})])
def test_a_step_holds_what_is_predicted(spec: str, sets: dict[str, int]):
    graph = costmodel.load(spec, **sets)
    assert training_memory(graph, 3).total == pytest.approx(measured_training_bytes(graph, 3), rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("spec", "batch", "sets"), NETWORKS + HELD_OUT)
def test_a_step_of_every_family_holds_what_is_predicted(spec: str, batch: int, sets: dict[str, int]):
    graph = costmodel.load(spec, **sets)
    measured = measured_training_bytes(graph, batch)
    assert training_memory(graph, batch).total == pytest.approx(measured, rel=0.15)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux has it")
@pytest.mark.parametrize(("spec", "batch", "sets"), NETWORKS + HELD_OUT)
def test_a_process_grows_by_what_is_predicted(spec: str, batch: int, sets: dict[str, int]):
    predicted = training_memory(costmodel.load(spec, **sets), batch).process
    assert predicted == pytest.approx(measured_process_bytes(spec, batch, sets), rel=0.25)


def test_the_parts_are_bytes_of_fp32():
    graph = costmodel.load("digits")
    memory = training_memory(graph, 1)
    assert memory.optimiser == 4 * costmodel.analyze(graph).totals["params"]
    assert training_memory(graph, 1, momentum=False).optimiser == 0
    assert memory.total == memory.weights + memory.gradients + memory.optimiser + memory.maps
    assert memory.process > memory.total


def test_maps_grow_with_the_batch_and_weights_do_not():
    graph = costmodel.load("digits")
    one, four = training_memory(graph, 1), training_memory(graph, 4)
    assert four.weights == one.weights
    assert four.maps == pytest.approx(4 * one.maps, rel=0.2)


@pytest.mark.parametrize("batch", [1, 5, 9, 13])
def test_the_largest_batch_is_the_last_that_fits(batch: int):
    graph = costmodel.load("digits")
    room = training_memory(graph, batch).process
    assert largest_batch(graph, room, 13) == batch
    assert largest_batch(graph, training_memory(graph, 1).process - 1, 13) == 0


def test_analyze_gives_it_for_a_batch():
    graph = costmodel.load("digits")
    assert "training_bytes" not in costmodel.analyze(graph).totals
    assert costmodel.analyze(graph, train=2).totals["training_bytes"] == training_memory(graph, 2).total


def test_what_is_alive_needs_numbers():
    graph = costmodel.load("digits", crop=sympy.Symbol("crop", integer=True, positive=True))
    with pytest.raises(OptionError, match=r"training_bytes: .* has sizes that are not numbers"):
        training_memory(graph, 2)
