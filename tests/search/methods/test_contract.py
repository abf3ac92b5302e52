"""Contraction: from a large network until every limit holds."""

from pathlib import Path

from expansions import run

from costmodel.transforms.continual import Continual


def test_contraction_ends_when_every_limit_holds(tiny: Path):
    options = {"sets": ["frames=16", "crop=32", "depth=6"], "limits": ["state_bytes<=20kB"]}
    problem, decisions = run(tiny, Continual(), budget="macs_per_frame<=0.05x", contract=True, **options)
    final = decisions[-1].design.values
    assert decisions[-1].reason.startswith("every limit holds; worse than the start, which scores ")
    assert final["macs_per_frame"] <= problem.budget.bound
    assert final["state_bytes"] <= 20_000
