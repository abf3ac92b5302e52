"""Designs a second of X3D's five factors on one core, printed: `pytest -m slow -s tests/benchmarks`."""

import time

import numpy as np
import pytest

from costmodel.network import Network
from costmodel.transforms.continual import Continual
from search.sweep.columns import Column
from search.sweep.evaluator import Evaluator
from search.sweep.grid import Grid, parse_axis
from search.sweep.pareto import Front

TWO = ("macs_per_frame", "params")
FIVE = (*TWO, "state_floats", "delay", "receptive_field")
DESIGNS = 1_000_000


def columns(denominator):
    """X3D's factors at random, decimals over a denominator."""
    draw = np.random.default_rng(0).integers
    return {
        "gamma_w": Column(draw(denominator // 2, 2 * denominator, DESIGNS), denominator),
        "gamma_b": Column(draw(denominator, 4 * denominator, DESIGNS), denominator),
        "gamma_d": Column(draw(denominator, 5 * denominator, DESIGNS), denominator),
        "frames": Column(draw(1, 65, DESIGNS)),
        "crop": Column(draw(96, 321, DESIGNS)),
    }


@pytest.mark.slow
@pytest.mark.parametrize("denominator", [20, 100, 100_000])
@pytest.mark.parametrize(("metrics", "transforms"), [(TWO, []), (FIVE, [Continual()])])
def test_designs_a_second(metrics, transforms, denominator):
    evaluator, given = Evaluator(Network.of("x3d", "M", transforms=transforms), metrics), columns(denominator)
    start = time.perf_counter()
    evaluator({name: Column(each.numerators[:2], each.denominator) for name, each in given.items()})
    first = time.perf_counter() - start
    seconds = []
    for _ in range(5):
        clock = time.process_time()
        found = evaluator(given)
        seconds.append(time.process_time() - clock)
    assert found["valid"].all()
    speed = DESIGNS / np.median(seconds) / 1e6
    print(
        f"\n{len(metrics)} figures, decimals over {denominator}: {speed:.1f} M/s, {first:.2f} s to the first"
    )


@pytest.mark.slow
def test_a_front_of_ten_million_designs():
    texts = ("gamma_w=0.5:2:0.01", "gamma_b=1:4:0.01", "gamma_d=1:5:0.02", "frames=4:32", "crop=96:320:8")
    grid = Grid(tuple(parse_axis(each, "--range") for each in texts), 10_000_000, 1)
    evaluator = Evaluator(Network.of("x3d", "M", transforms=[Continual()]), FIVE)
    evaluator.expect(grid.ranges, grid.designs)
    best, clock = Front(), time.process_time()
    for start in range(0, grid.designs, 1 << 17):
        stop = min(start + (1 << 17), grid.designs)
        found = evaluator(grid.columns(start, stop))
        best.add(np.stack([found["macs_per_frame"], -found["params"]], axis=1), np.arange(start, stop))
    print(f"\n10 million designs, {len(best.numbers)} on the front: {time.process_time() - clock:.1f} s")
    assert len(best.numbers)
