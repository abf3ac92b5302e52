"""A sampled network beside what it must beat: the contenders, and trials that are kept."""

from pathlib import Path

import pytest

import search.train.compared as trials
from costmodel.analysis.cost import analyze
from costmodel.errors import DataError
from costmodel.network import Network
from costmodel.transforms.sgs import Sgs
from search.data import open_data
from search.train.compared import Comparison, contenders
from search.train.recipe import load_recipe

NETWORK = Network.of("digits", None, {"frames": 8, "gamma_tau": 2, "crop": 12}, (Sgs("res1"),))


def test_contenders_differ_in_the_frames_behind_the_stage_alone():
    found = {each.method: each for each in contenders(NETWORK)}
    assert list(found) == [
        "plain",
        "similarity, 8 bins",
        "similarity, 4 bins",
        "similarity, 2 bins",
        "random embeddings",
        "uniform, 4 frames",
        "random, 4 frames",
        "clips of 4 frames",
        "attention over time",
    ]
    fewer = found["clips of 4 frames"].graph
    assert (fewer.source.time, fewer.every) == (4, 4)
    assert found["uniform, 4 frames"].graph.types["res1.0.sgs"].time == 4


def test_trials_are_kept_and_a_second_run_trains_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    chosen = [
        each for each in contenders(NETWORK) if each.method in ("similarity, 8 bins", "uniform, 4 frames")
    ]
    monkeypatch.setattr(trials, "contenders", lambda network: iter(chosen))
    data = open_data("digits:train=12,val=12", 0)
    comparison = Comparison(NETWORK, data, load_recipe("digits").with_epochs(1), tmp_path, lambda text: None)
    first = comparison.trials(range(1))
    similarity, four, two, uniform = first
    assert [each.method for each in (four, two)] == [
        "similarity, 8 bins, run with 4",
        "similarity, 8 bins, run with 2",
    ]
    assert sum(similarity.histogram.values()) == 12
    assert two.active_bins <= 2
    assert uniform.active_bins == 4
    # Evenly spaced frames take no multiply-adds to choose.
    done = analyze(chosen[1].graph)
    own = sum(amount for kind, amount in done.operations.items() if kind.startswith("mac.sampling"))
    assert uniform.macs == done.totals["macs_per_clip"] - own
    monkeypatch.setattr(Comparison, "_train", None)
    assert comparison.trials(range(1)) == first
    other = Comparison(NETWORK, data, load_recipe("digits"), tmp_path, lambda text: None)
    with pytest.raises(DataError, match="is of another network, recipe or data; expected"):
        other.trials(range(1))
