"""One step of learning: batches and their parts, losses, what is frozen, and what it costs."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from old_weights import save_old
from tiny_training import RECIPE, SPEC, equal, network, run, tiny

from costmodel.errors import TrainingError
from search.train.forms import form_of


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


def test_a_fraction_of_an_epoch_shows_a_part_of_the_clips():
    result = run(replace(RECIPE, epochs=0.5))
    assert len(result.rows) == 1
    assert result.macs == run(replace(RECIPE, epochs=1)).macs * 32 // 50


def test_bfloat16_trains_on_a_cpu():
    assert run(replace(RECIPE, epochs=1), precision="bf16").rows[0]["train_loss"] > 0


@pytest.mark.gpu
def test_mixed_precision_trains_on_a_gpu():
    result = run(replace(RECIPE, epochs=12), device="cuda", precision="fp16")
    assert result.rows[-1]["train_loss"] < result.rows[0]["train_loss"]


@pytest.mark.gpu
def test_a_gpu_learns_what_a_processor_learns():
    recipe = replace(RECIPE, epochs=2, dropout=0)  # what is dropped is drawn on the device
    on_cpu, on_gpu = (run(recipe, device=device).rows for device in ("cpu", "cuda"))
    for before, after in zip(on_cpu, on_gpu, strict=True):
        # sums are taken in another order, and TensorFloat-32 is not asked for
        assert after["train_loss"] == pytest.approx(before["train_loss"], rel=1e-3)
