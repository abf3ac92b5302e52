"""Training on a tiny network and a few clips."""

import os
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from old_weights import save_old

from costmodel.emit.weights_format import read_weights
from costmodel.errors import DataError, OptionError, TrainingError
from costmodel.graph import Graph
from costmodel.network import Network
from costmodel.spec.document import from_text
from search.data import Data, View, centre_clips, open_data
from search.train.checkpoint import load_weights
from search.train.forms import form_of, step_momentum
from search.train.initialisation import prepare
from search.train.loop import CHECKPOINT, METRICS, WEIGHTS, train
from search.train.options import Options, Result
from search.train.recipe import Recipe

SPEC = """
input: {channels: 1, time: frames, height: 10, width: 10, every: 2}
sizes: {frames: 4, classes: 12, wide: 4}
network:
  - conv: {name: stem, channels: wide, kernel: [3, 3, 3], stride: [1, 2, 2]}
  - bn
  - relu
  - add:
      main:
        - conv: {name: b, channels: wide, kernel: [3, 1, 1]}
        - bn: {name: last}
      shortcut: []
  - global_pool
  - dropout: {rate: 0.5}
  - linear: {name: fc, channels: classes}
"""
LAST = "main.last"
RECIPE = Recipe("tiny", 0.1, 16, 3, warmup=1, momentum=0.9, dropout=0.2, mirror=False)


def tiny(spec: str = SPEC, **sets: int) -> Network:
    return Network(from_text(spec, "tiny"), sets)


@cache
def network(**sets: int) -> Graph:
    return tiny(**sets).graph()


@cache
def data() -> Data:
    return open_data("digits:train=50,val=20,length=8")


def run(recipe: Recipe = RECIPE, trained: Network | None = None, **options) -> Result:
    return train(trained or tiny(), data(), recipe, Options(**options))


def weights(result: Result) -> list[torch.Tensor]:
    return list(result.form.network.state_dict().values())


def equal(first: Result, second: Result) -> bool:
    pairs = zip(weights(first), weights(second), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_the_loss_falls():
    rows = run(replace(RECIPE, epochs=12, dropout=0)).rows
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]


def test_the_same_seed_gives_the_same_weights_and_another_does_not():
    assert equal(run(seed=1), run(seed=1))
    assert not equal(run(seed=1), run(seed=2))


def test_training_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    run(seed=5)
    assert torch.equal(torch.rand(3), expected)


class KilledError(Exception):
    """Ends a run from within."""


def interrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, **options) -> None:
    """A run that is killed after some epochs."""
    monkeypatch.setattr("search.train.loop.SECONDS_BETWEEN_CHECKPOINTS", -1.0)

    def stop(row: dict[str, float]) -> None:
        if row["epoch"] == after:
            raise KilledError

    with pytest.raises(KilledError):
        train(tiny(), data(), RECIPE, Options(folder=tmp_path, **options), stop)


@pytest.mark.parametrize("after", [1, 2])
def test_a_run_that_is_cut_short_goes_on_to_the_same_bits(tmp_path: Path, monkeypatch, after: int):
    interrupt(tmp_path, monkeypatch, after)
    resumed, whole = run(folder=tmp_path), run()
    assert equal(resumed, whole)
    assert (resumed.accuracy, resumed.macs) == (whole.accuracy, whole.macs)
    same = ("epoch", "rate", "train_loss", "validation_accuracy")
    assert [[row[name] for name in same] for row in resumed.rows] == [
        [row[name] for name in same] for row in whole.rows
    ]


def test_a_finished_run_is_not_run_again(tmp_path: Path):
    first = run(folder=tmp_path)
    second = train(tiny(), data(), RECIPE, Options(folder=tmp_path), lambda row: pytest.fail("trained"))
    assert equal(first, second)


@pytest.mark.parametrize("missing", [METRICS, WEIGHTS])
def test_a_run_killed_between_its_last_files_writes_them_again(tmp_path: Path, missing: str):
    run(folder=tmp_path)
    before = (tmp_path / METRICS).read_bytes()
    (tmp_path / missing).unlink()
    (tmp_path / f".{missing}.a1b2c3d4").write_bytes(b"half")
    train(tiny(), data(), RECIPE, Options(folder=tmp_path), lambda row: pytest.fail("trained"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [CHECKPOINT, METRICS, WEIGHTS]
    assert (tmp_path / METRICS).read_bytes() == before


def test_a_run_writes_weights_and_metrics(tmp_path: Path):
    result = run(folder=tmp_path)
    rows = (tmp_path / METRICS).read_text().splitlines()
    assert rows[0] == "epoch,rate,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds"
    assert len(rows) == 4
    other = form_of(network(), "clip").network
    load_weights(other, tmp_path / WEIGHTS)
    found = other.state_dict().values()
    assert all(torch.equal(a, b) for a, b in zip(found, weights(result), strict=True))


def test_weights_say_what_they_are_for_and_how_they_came_to_be(tmp_path: Path):
    result = run(folder=tmp_path, seed=3)
    about = read_weights(tmp_path / WEIGHTS)[0].known
    assert about.network.identity == tiny().identity
    assert about.classes == data().classes
    assert (about.recipe["name"], about.recipe["batch"], about.recipe["kind"]) == ("tiny", 16, "clip")
    assert about.data == {"key": data().key, "given": "digits:train=50,val=20,length=8", "seed": 0}
    assert (about.seed, about.accuracy.value, about.accuracy.videos) == (3, result.accuracy, 20)
    assert about.versions["torch"] == str(torch.__version__)
    clips = centre_clips(data().validation, np.arange(20), View(4, Fraction(2), 10, 10))
    low, high = about.pixels.fed
    assert low <= float(clips.min()) < 0 < float(clips.max()) <= high


def test_a_checkpoint_of_another_seed_is_refused(tmp_path: Path):
    run(folder=tmp_path, seed=1)
    with pytest.raises(DataError) as error:
        run(folder=tmp_path, seed=2)
    expected = "is of another network, recipe, data or seed; expected the same, or another --out"
    assert str(error.value) == f"{tmp_path / CHECKPOINT}: {expected}"


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path: Path, monkeypatch):
    interrupt(tmp_path, monkeypatch, 1)
    before = (tmp_path / CHECKPOINT).read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError) as error:
        run(folder=tmp_path)
    assert (
        str(error.value)
        == f"{tmp_path / CHECKPOINT}: cannot be written, no space left on device; the last one is kept"
    )
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [CHECKPOINT, METRICS]


def test_batches_of_one_clip_learn_where_a_map_has_several_places():
    assert run(replace(RECIPE, batch=1, epochs=0.1)).rows[0]["train_loss"] > 0


def test_a_batch_norm_that_sees_one_value_is_named():
    spec = SPEC.replace("  - global_pool\n", "  - global_pool\n  - bn: {name: single}\n")
    with pytest.raises(TrainingError) as error:
        run(replace(RECIPE, batch=1, epochs=0.1), tiny(spec))
    expected = (
        "a batch of one clip: a batch norm sees one value of each channel, from which nothing is learned; "
        "expected batches of 2 clips or more"
    )
    assert str(error.value) == expected


def test_fewer_clips_than_a_batch_are_one_batch():
    assert run(replace(RECIPE, batch=1000)).rows[0]["train_loss"] > 0


def test_a_loss_that_is_no_number_ends_the_run():
    with pytest.raises(TrainingError) as error:
        run(replace(RECIPE, learning_rate=1e12, warmup=0))
    assert "expected a number; lower the learning rate" in str(error.value)
    assert str(error.value).startswith("epoch ")


def test_training_macs_count_forward_and_backward_of_each_clip():
    result = run()
    clips = 3 * 50
    macs = 4 * 5 * 5 * 27 * 4 + 4 * 4 * 3 * 4 * 25 + 4 * 12
    assert result.macs == 3 * clips * macs


def test_a_batch_in_parts_takes_the_same_step_where_there_are_no_statistics():
    spec = (
        SPEC.replace("  - bn\n", "")
        .replace("        - bn: {name: last}\n", "")
        .replace("rate: 0.5", "rate: 0")
    )
    plain = tiny(spec)
    recipe = replace(RECIPE, epochs=1, warmup=0, dropout=0, scales=(1.2,), any_scale=False, batch=50)
    whole = run(recipe, plain)
    parts = run(replace(recipe, micro=50), plain)
    assert equal(whole, parts)
    few = run(replace(recipe, micro=5), plain)
    assert len(few.rows) == 1
    assert few.accuracy >= 0


def test_frozen_layers_keep_their_weights_and_statistics(tmp_path: Path):
    given = form_of(network(), "clip").network
    save_old(given, tmp_path / "given.pt")
    result = run(weights=tmp_path / "given.pt", freeze=True)
    before, after = given.state_dict(), result.form.network.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"fc.weight", "fc.bias"}


def test_a_frozen_network_may_take_a_classifier_of_other_classes(tmp_path: Path):
    save_old(form_of(network(classes=7), "clip").network, tmp_path / "seven.pt")
    assert run(weights=tmp_path / "seven.pt", freeze=True).form.network.fc.weight.shape == (12, 4)
    with pytest.raises(DataError) as error:
        run(weights=tmp_path / "seven.pt")
    told = str(error.value)
    nearest = (
        f"{tmp_path / 'seven.pt'}: costmodel layout: 10 of 12 tensors right; 2 tensors of the wrong shape: "
    )
    assert told.startswith(nearest)
    assert "fc.weight is (7, 4), expected (12, 4)" in told
    assert "fc.bias is (7,), expected (12,)" in told


def test_weights_of_another_network_are_refused(tmp_path: Path):
    save_old(torch.nn.Linear(2, 2), tmp_path / "other.pt")
    with pytest.raises(DataError) as error:
        run(weights=tmp_path / "other.pt")
    expected = f"{tmp_path / 'other.pt'}: none of its 2 tensors has a name of this network"
    assert str(error.value).startswith(expected)


@pytest.mark.parametrize("content", [b"", b"no weights"])
def test_a_damaged_file_of_weights_is_named(tmp_path: Path, content: bytes):
    (tmp_path / "bad.pt").write_bytes(content)
    with pytest.raises(DataError) as error:
        run(weights=tmp_path / "bad.pt")
    assert str(error.value).startswith(f"{tmp_path / 'bad.pt'}: ")
    assert "no checkpoint" in str(error.value)


def test_another_number_of_classes_is_named():
    with pytest.raises(DataError) as error:
        run(trained=tiny(classes=7))
    expected = "labels don't match, it answers 7 classes and the data has 12; try --set classes=12"
    assert str(error.value) == f"tiny: {expected}"


def test_a_network_that_answers_a_map_learns_from_the_mean_of_its_places():
    form = run(trained=tiny(SPEC.replace("  - global_pool\n", ""))).form
    clips = torch.randn(2, 1, 4, 10, 10)
    with torch.no_grad():
        form.network.eval()
        torch.testing.assert_close(form.logits(clips), form.network(clips).mean((2, 3, 4)))


def test_unpadded_training_makes_clip_and_stream_agree():
    result = run(kind="unpadded", trained=tiny().continual())
    stream = result.form.network.eval()
    clips = torch.randn(3, 1, result.form.frames, 10, 10)
    with torch.no_grad():
        whole = result.form.logits(clips)
        steps, valid = stream.forward_steps(clips)
    assert result.form.frames == 8
    assert valid[:, -1].all()
    torch.testing.assert_close(steps[..., -1], whole)


def test_streams_with_strides_in_time_learn_up_to_a_frame_that_they_answer():
    pool = "- max_pool: {kernel: [3, 1, 1], stride: [2, 1, 1]}\n"
    spec = SPEC.replace("stride: [1, 2, 2]", "stride: [2, 2, 2]").replace("- bn\n", pool, 1)
    strided = tiny(spec).continual()
    for kind in ("unpadded", "stepwise"):
        form = run(replace(RECIPE, epochs=1), kind=kind, trained=strided).form
        clips = torch.randn(2, 1, form.frames, 10, 10)
        with torch.no_grad():
            steps, valid = form.network.eval().forward_steps(clips)
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


def test_residual_branches_start_at_zero_and_drop_out_by_clip():
    form = form_of(network(), "clip")
    prepare(form.network, replace(RECIPE, drop_connect=0.5))
    assert not form.network.layers[LAST].weight.any()
    add = form.network.add.train()
    torch.manual_seed(0)
    sums = add(torch.ones(200, 1, 1, 1, 1), torch.zeros(200, 1, 1, 1, 1))
    assert set(sums.flatten().tolist()) == {0.0, 2.0}
    assert 60 < (sums == 0).sum() < 140
    assert add.eval()(torch.ones(1), torch.ones(1)).tolist() == [2.0]


def test_a_plateau_ends_the_run():
    recipe = replace(RECIPE, schedule="plateau", patience=1, falls=1, epochs=50, learning_rate=1e-12)
    rows = run(replace(recipe, norm_momentum=0.0)).rows
    assert len(rows) < 10


def test_a_fraction_of_an_epoch_shows_a_part_of_the_clips():
    result = run(replace(RECIPE, epochs=0.5))
    assert len(result.rows) == 1
    assert result.macs == run(replace(RECIPE, epochs=1)).macs * 32 // 50


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "tpu"}, "--device: 'tpu' is not there, expected cpu"),
        ({"precision": "fp8"}, "--precision: 'fp8', expected fp32, fp16, bf16"),
        ({"precision": "fp16"}, "--precision: fp16 needs a GPU, expected fp32 or bf16 on a CPU"),
    ],
)
def test_what_the_machine_has_not_is_named(options: dict[str, str], message: str):
    with pytest.raises(OptionError) as error:
        Options(**options)
    assert str(error.value).startswith(message)


def test_bfloat16_trains_on_a_cpu():
    assert run(replace(RECIPE, epochs=1), precision="bf16").rows[0]["train_loss"] > 0


@pytest.mark.gpu
def test_mixed_precision_trains_on_a_gpu():
    result = run(replace(RECIPE, epochs=12), device="cuda", precision="fp16")
    assert result.rows[-1]["train_loss"] < result.rows[0]["train_loss"]
