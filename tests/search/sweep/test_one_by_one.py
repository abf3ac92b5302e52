"""Figures of sweeps that no formula gives, against the analysis of each design."""

from pathlib import Path

import pytest

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.network import Network
from costmodel.transforms.continual import Continual
from search.problem.bounded import swept
from search.sweep.evaluator import Evaluator
from search.sweep.grid import Grid, parse_axis
from search.sweep.one_by_one import OneByOne
from search.sweep.sweep import Sweep

AXES = ("crop=8,16,24", "wide=1,2", "depth=1,2")


def sweep(network: Network, metric: str, where: tuple[str, ...] = ()) -> Sweep:
    grid = Grid(tuple(parse_axis(text, "--grid") for text in AXES))
    later = OneByOne(network, (metric,), batch=2)
    return Sweep(Evaluator(swept(network), ("params",)), grid, where, later=later)


def rows(found: Sweep) -> list[dict[str, float]]:
    (piece,) = found.pieces()
    columns = {name: values.tolist() for name, values in piece.rows.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize(
    ("state", "metric"),
    [("partial", "activation_bytes"), ("smallest", "state_bytes"), ("partial", "training_bytes")],
)
def test_every_figure_is_that_of_the_analysis(tiny: Path, state: str, metric: str):
    network = Network.of(tiny, transforms=[Continual(state=state)])
    found = rows(sweep(network, metric))
    assert len(found) == 12
    for row in found:
        sizes = {name: row[name] for name in ("crop", "wide", "depth")}
        figures = Figures(network.with_sizes(sizes).graph(), batch=2)
        assert row[metric] == evaluate(figures, metric)
        assert row["params"] == evaluate(figures, "params")


def test_a_bound_leaves_out_what_need_not_be_worked_out(tiny: Path):
    network = Network.of(tiny, transforms=[Continual()])
    everything = rows(sweep(network, "activation_bytes"))
    found = sweep(network, "activation_bytes", ("activation_bytes <= 5000",))
    assert rows(found) == [row for row in everything if row["activation_bytes"] <= 5000]
    assert found.later is not None
    assert 0 < len(found.later.known) == len(rows(found)) < len(everything)
