"""The winner of a search as a spec."""

from pathlib import Path

from searches import search

from costmodel import load
from costmodel.network import Network
from costmodel.transforms.causal import Causal
from costmodel.transforms.continual import Continual
from search.study.export import export
from search.study.history import (
    candidates_of,
    network_of,
)
from search.study.study import read_study


def test_the_winner_is_exported_in_its_own_form(tiny: Path, tmp_path: Path):
    study, out = tmp_path / "s.db", tmp_path / "winner.yaml"
    ((last, _),) = search(tiny, study, [Causal(), Continual()], budget="macs_per_clip<=6x")[-1:]
    with read_study(study) as opened:
        export(opened, None, out)
        made = network_of(
            opened, *((row["settings"], row["transforms"]) for row in candidates_of(opened)).__next__()
        )
    assert load(str(out)).nodes == Network.of(tiny, None, last.design.settings, [Causal()]).graph().nodes
    assert [each.word for each in made.transforms] == ["causal", "continual"]
