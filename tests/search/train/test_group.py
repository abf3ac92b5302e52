"""Several processes on one batch learn what one process learns from it."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_training import RECIPE, SPEC, run, tiny
from together import train_together

from costmodel.errors import OptionError, TrainingError
from search.train.group import ALONE, Group, group_of, joined
from search.train.loop import LOSSES

PLAIN = replace(RECIPE, dropout=0, schedule="constant", epochs=2)
STARTED = {
    "RANK": "1",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "127.0.0.1",
    "MASTER_PORT": "1",
}


def test_two_processes_learn_what_one_does_and_one_of_them_writes(tmp_path: Path):
    """Losses to five digits: sums are taken in another order, and steps carry that on."""
    one = run(replace(PLAIN, epochs=3), tiny())
    train_together(2, tmp_path, PLAIN, tiny(), {})
    first, second = train_together(2, tmp_path, replace(PLAIN, epochs=3), tiny(), {})
    assert sorted(each.name for each in (tmp_path / "0").iterdir()) == [
        "checkpoint.pt",
        "metrics.csv",
        "weights.safetensors",
    ]
    assert not (tmp_path / "1").exists()
    assert len(first["rows"]) == 3  # the second call went on from the checkpoint of the first
    _are_alike(one, first)
    _are_alike(one, second)
    assert all((first["values"][name] == value).all() for name, value in second["values"].items())


def test_parts_of_a_batch_that_do_not_divide_are_shared_too(tmp_path: Path):
    """Parts of five clips among three processes, and a last batch of two: one process has none."""
    recipe = replace(PLAIN, micro=5, epochs=1)
    _are_alike(run(recipe, tiny()), train_together(3, tmp_path, recipe, tiny(), {})[2])


def _are_alike(one, found) -> None:
    for name in LOSSES:
        here, there = ([row[name] for row in rows if name in row] for rows in (one.rows, found["rows"]))
        assert here == pytest.approx(there, rel=1e-5)
    for name, value in one.form.network.state_dict().items():
        np.testing.assert_allclose(found["values"][name], value.numpy(), rtol=1e-4, atol=1e-5, err_msg=name)


def test_shares_are_all_of_a_part_and_no_clip_twice():
    for size, part in ((2, 5), (3, 2), (4, 16), (1, 7)):
        shares = [Group(rank, size).share(np.arange(part)) for rank in range(size)]
        assert [clip for share in shares for clip in range(part)[share]] == list(range(part))


def test_a_group_is_what_torchrun_says():
    assert group_of(STARTED) == Group(1, 4, 1, 2)
    assert group_of({name: value for name, value in STARTED.items() if name != "RANK"}) == ALONE


@pytest.mark.parametrize("wrong", [{"RANK": "4"}, {"RANK": "x"}, {"LOCAL_RANK": "2"}, {"WORLD_SIZE": "-1"}])
def test_what_is_no_group_is_one_line(wrong):
    with pytest.raises(
        OptionError, match=r"^torchrun: RANK '.*', WORLD_SIZE '.*', LOCAL_RANK '.*'; expected numbers"
    ):
        group_of(STARTED | wrong)


def test_more_processes_than_gpus_are_one_line():
    with (
        pytest.raises(
            OptionError, match=r"^--device cuda: 99 processes on a machine with \d+ GPUs, expected one for"
        ),
        joined(Group(0, 99, 0, 99), "cuda"),
    ):
        pass


def test_processes_that_lose_each_other_are_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("torch.distributed.init_process_group", lambda backend: None)
    lost = "the 2 processes do not reach each other any more: [gloo] Connection closed by peer"
    with pytest.raises(TrainingError) as error, joined(Group(0, 2), "cpu"):
        raise RuntimeError("[gloo] Connection closed by peer")
    assert str(error.value) == lost
    with pytest.raises(RuntimeError, match=r"^shapes$"), joined(Group(0, 2), "cpu"):
        raise RuntimeError("shapes")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "line"),
    [
        ([], None),
        (
            ["--batch", "1"],
            "error: --batch: 2 processes cannot share 1 clips, expected one for each or more",
        ),
        (
            ["--data", "none"],
            "error: --data none: neither a folder nor a known data set; expected a path, or `digits`",
        ),
        (["--epocs", "1"], "error: No such option: --epocs"),
    ],
)
def test_torchrun_starts_a_training_and_mistakes_are_one_line(
    tmp_path: Path, more: list[str], line: str | None
):
    (tmp_path / "net.yaml").write_text(SPEC)
    data = [
        "--data",
        "digits:train=50,val=20,length=8",
        "--recipe",
        "digits",
        "--epochs",
        "2",
        "--device",
        "cpu",
    ]
    started = [
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        "2",
        "--standalone",
        "-m",
        "costmodel",
        "train",
    ]
    done = subprocess.run(
        [sys.executable, *started, "net.yaml", *data, "--out", "run", *more],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    told = [each for each in done.stderr.splitlines() if each.startswith(("error:", "epoch"))]
    if line is None:
        assert [each.partition(":")[0] for each in told] == ["epoch 1/2", "epoch 2/2"]
        assert (tmp_path / "run" / "weights.safetensors").exists()
    else:
        assert len(told) == 1
        assert told[0].startswith(line)
        assert not (tmp_path / "run").exists()
