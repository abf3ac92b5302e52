"""Every network that comes with the tool trains, and is evaluated on clips and frame by frame."""

from pathlib import Path

import pytest

import cli
from reports.gallery import Entry, entries

# a network for each kind of head and of temporal structure: per frame, recurrent, one frame, two pathways
IN_THE_SUITE = (
    Entry("d_resnet", "R18"),
    Entry("d_resnet", "R18-gru1"),
    Entry("digits"),
    Entry("resnet_2d", "R18"),
    Entry("mobilenet_v2_3d", None, {"width": 0.2}),
    Entry("x3d", "XS"),
)
NO_STREAM = ("8x8-R101-NL", "16x8-R101-NL")  # attention needs the whole clip at once


def chain(entry: Entry, data: str, folder: Path, *more: str) -> tuple[int, ...]:
    """The exit codes of training a network and of evaluating it twice, on tiny frames."""
    spec = [*entry.command.split(), "--set", f"crop={32 if entry.spec != 'digits' else 16}", *more]
    common = [*spec, "--data", data, "--threads", "1"]
    evaluated = [*common, "--weights", str(folder / "weights.pt")]
    return (
        cli.main(["train", *common, "--epochs", "1", "--out", str(folder)]),
        cli.main(["evaluate", *evaluated]),
        cli.main(["evaluate", *evaluated, "--stepwise", "--out", str(folder)]),
    )


@pytest.fixture(autouse=True)
def few_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.train.streaming.MOST_POINTS", 2)
    monkeypatch.setattr("search.train.streaming.ERASED", (0, 60))


@pytest.mark.parametrize("entry", IN_THE_SUITE, ids=lambda entry: entry.command)
def test_networks_of_each_kind_train_and_run_on_clips_and_streams(entry: Entry, tmp_path: Path):
    assert chain(entry, "digits:train=4,val=2", tmp_path) == (0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("entry", [*entries()], ids=lambda entry: entry.command)
def test_every_network_trains_and_runs_on_clips_and_streams(entry: Entry, tmp_path: Path):
    streams = 2 if entry.variant in NO_STREAM else 0
    assert chain(entry, "digits:train=24,val=12", tmp_path) == (0, 0, streams)
