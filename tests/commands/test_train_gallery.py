"""Every network that comes with the tool trains, is evaluated on clips and frame by frame, and is emitted."""

from dataclasses import replace
from pathlib import Path

import pytest

import cli
from reports.gallery import Entry, entries

ONE_BLOCK = {f"blocks{stage}": 1 for stage in (1, 2, 3, 4)} | {"frames": 4, "crop": 16}
# small ones, one that answers every frame and one that answers its clip; all others are slow
IN_THE_SUITE = (
    Entry("d_resnet", "R18-gru1", {**ONE_BLOCK, "hidden": 8}),
    Entry("digits", None, {"crop": 16}),
)
NO_STREAM = ("8x8-R101-NL", "16x8-R101-NL")  # attention needs the whole clip at once

FORM = ("--as", "torch-export")


def chain(entry: Entry, data: str, folder: Path) -> tuple[int, ...]:
    """The exit codes of training a network, evaluating it twice, and emitting it as clip and stream."""
    on_data = ["--data", data, "--threads", "1"]
    weights = str(folder / "weights.safetensors")
    return (
        cli.main(["train", *entry.command.split(), *on_data, "--epochs", "1", "--out", str(folder)]),
        cli.main(["evaluate", weights, *on_data]),
        # two videos show all that twelve do, and the deepest networks take a second for each of their frames
        cli.main(["evaluate", weights, *on_data, "--stepwise", "--limit", "2", "--out", str(folder)]),
        cli.main(["emit", weights, *FORM, "--out", str(folder / "clip.pt2")]),
        cli.main(["emit", weights, *FORM, "--continual", "--out", str(folder / "stream.pt2")]),
    )


@pytest.fixture(autouse=True)
def few_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.train.streaming.MOST_POINTS", 2)
    monkeypatch.setattr("search.train.streaming.ERASED", (60,))


@pytest.mark.parametrize("entry", IN_THE_SUITE, ids=lambda entry: entry.command)
def test_networks_of_each_kind_train_and_run_on_clips_and_streams(entry: Entry, tmp_path: Path):
    assert chain(entry, "digits:train=4,val=2", tmp_path) == (0, 0, 0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("entry", tuple(entries()), ids=lambda entry: entry.command)
def test_every_network_trains_and_runs_on_clips_and_streams(entry: Entry, tmp_path: Path):
    streams = 2 if entry.variant in NO_STREAM else 0
    small = replace(entry, sets={**entry.sets, "crop": 32})
    assert chain(small, "digits:train=24,val=12", tmp_path) == (0, 0, streams, 0, streams)
