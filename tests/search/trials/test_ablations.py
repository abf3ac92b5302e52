"""Ablations as files: the networks of their rows."""

from pathlib import Path

import pytest

from costmodel.errors import CostModelError
from costmodel.network import Network
from costmodel.transforms.sgs import Sgs
from search.trials.ablations import ablation_names, variants

NETWORK = Network.of("digits", None, {"frames": 16, "gamma_tau": 2}, (Sgs("res1"),))


def test_every_shipped_ablation_is_of_networks_that_can_be_built():
    assert ablation_names() == ("bins", "dimension", "frames", "kernel", "measure", "placement")
    rows = {name: [each.network.graph() for each in variants(name, NETWORK)] for name in ablation_names()}
    assert {name: len(graphs) for name, graphs in rows.items()} == {
        "bins": 4,
        "dimension": 4,
        "frames": 3,
        "kernel": 2,
        "measure": 3,
        "placement": 4,
    }


def test_rows_are_arithmetic_in_the_sizes_of_the_network():
    half, doubled = [each.network.sizes for each in variants("frames", NETWORK)][1:]
    assert (half["frames"], half["gamma_tau"]) == (8, 4)
    assert (doubled["frames"], doubled["gamma_tau"]) == (32, 1)
    bins = [each.network.made_by(Sgs) for each in variants("bins", NETWORK)]
    assert [each.bins for each in bins if each is not None] == [2, 4, 8, 16]


def test_placements_are_the_stages_that_a_sampler_can_stand_behind():
    rows = [each.row for each in variants("placement", NETWORK)]
    assert rows == ["no sampling", "behind conv1", "behind res1", "behind res2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rows: [{row: a, sgs: {kernels: linear}}]", "unknown option (did you mean 'kernel'?)"),
        ("rows: [{row: a, bins: 3}]", "unknown key"),
        ("rows: [{sgs: none}]", "no 'row', expected the name of one"),
        ("row: a", "expected rows"),
        ("rows: [{row: a, sgs: {bins: frame / 2}}]", "frame"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, text: str, message: str):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(CostModelError) as error:
        list(variants(str(path), NETWORK))
    assert message in str(error.value)


def test_an_unknown_ablation_and_a_network_without_a_sampler_are_refused():
    with pytest.raises(CostModelError, match=r"--ablation: unknown 'kernels' \(did you mean 'kernel'\?\)"):
        list(variants("kernels", NETWORK))
    with pytest.raises(CostModelError, match="--sgs: is missing; expected the stage behind which"):
        list(variants("kernel", NETWORK.without(Sgs)))
