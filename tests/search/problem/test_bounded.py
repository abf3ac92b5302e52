"""Searches on figures that no formula gives, against every design worked out by itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from random import Random

import pytest

from costmodel.analysis.quantities import Limit, Quantity, limit
from costmodel.network import Network
from costmodel.transforms.continual import Continual
from costmodel.transforms.dissect import Dissect
from search.methods.answers import Solved
from search.methods.solve import pareto, solve
from search.problem.designs import Design, Family
from search.problem.space import Space, space_of
from search.sweep.grid import parse_axis

BRANCHED = """
name: branched
input: {channels: 3, time: frames, height: crop, width: crop}
structure: {depth: 1}
sizes: {frames: 4, crop: 12, wide: 1, inner: 1}
let: {width: round8(8 * wide)}
blocks:
  block:
    args: {out: ~, project: false}
    layers:
      - add:
          main:
            - conv: {channels: out * inner, kernel: [3, 1, 1]}
            - squeeze_excite
            - relu
            - conv: {channels: out}
          skip:
            - conv: {channels: out, when: project}
      - relu
network:
  - conv: {channels: width, kernel: [1, 3, 3], stride: [1, 2, 2]}
  - max_pool: {kernel: [1, 2, 2], stride: [1, 2, 2]}
  - block: {out: 2 * width, repeat: ceil(depth), first: {project: true}}
  - block: {out: 4 * width, repeat: ceil(2 * depth), first: {project: true}}
  - global_pool
  - linear: {channels: 10}
"""
OVER = ["frames=2,4", "crop=8,16", "depth=0,1,3", "wide=1,2", "inner=1,3"]


@dataclass(frozen=True)
class Brute:
    """A space, and every design of it worked out by itself."""

    space: Space = field(repr=False)
    designs: list[Design] = field(repr=False)


FORMS = {
    "clip": (),
    "smallest": (Continual(state="smallest"),),
    "dissected": (Dissect(state="smallest"),),
}
TEXTS = ("activation_bytes", "state_bytes", "training_bytes", "macs_worst_step", "macs_per_clip", "entropy")
QUANTITIES = tuple(Quantity(text) for text in TEXTS)


# 2 x 2 x 3 x 2 x 2 designs, each of them worked out by itself
@pytest.fixture(scope="module", params=FORMS)
def brute(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Space, list[Design]]:
    path = tmp_path_factory.mktemp("specs") / "branched.yaml"
    path.write_text(BRANCHED)
    family = Family(Network.of(path, transforms=FORMS[request.param]), batch=2)
    space = space_of(family, family.network.sizes, [parse_axis(text, "--over") for text in OVER])
    return Brute(space, list(_every(space)))


def _every(space: Space) -> Iterator[Design]:
    for values in product(*(axis.values for axis in space.axes)):
        row = {**space.start, **dict(zip([axis.name for axis in space.axes], values, strict=True))}
        yield space.family.exact(row, QUANTITIES)


def _amounts(designs: list[Design], shares: dict[str, float]) -> list[str]:
    """Limits at a share of the way from the smallest to the largest value of each figure."""
    found = []
    for name, share in shares.items():
        values = sorted(each.values[name] for each in designs if not each.problem)
        found.append(f"{name}<={Fraction(values[int(share * (len(values) - 1))])}")
    return [text for text in found if "/" not in text]


GOALS = ("entropy", "-activation_bytes", "entropy - state_bytes / 1000")


def _limits(brute: Brute, seed: int) -> list[Limit]:
    """One limit or more, each at some share of the way from the smallest to the largest value."""
    random = Random(seed)
    names = random.sample(TEXTS[:5], random.randint(1, 3))
    return [limit(text) for text in _amounts(brute.designs, {name: random.random() for name in names})]


@pytest.mark.parametrize("seed", range(6))
def test_the_best_of_all_designs_is_found(brute: Brute, seed: int):
    space, designs = brute.space, brute.designs
    limits = _limits(brute, seed)
    goal = GOALS[seed % len(GOALS)]
    quantity = Quantity(goal)
    solved = solve(space, quantity, limits)
    within = [each for each in designs if not each.problem and _holds(each, limits)]
    if not within:
        assert solved.found == ()
        return
    best = max(float(quantity.of(each.values)) for each in within)
    assert solved.found[0].values[goal] == pytest.approx(best, rel=1e-9)
    assert _holds(solved.found[0], limits)


@pytest.mark.parametrize("seed", range(3))
def test_the_front_of_all_designs_is_found(brute: Brute, seed: int):
    space, designs = brute.space, brute.designs
    limits = _limits(brute, seed)
    aims = ("activation_bytes", "state_bytes", "entropy")
    solved = pareto(space, aims, limits)
    points = {_point(each) for each in designs if not each.problem and _holds(each, limits)}
    assert {_point(each) for each in solved.found} == {
        point for point in points if not any(_beats(other, point) for other in points)
    }


def test_few_designs_are_worked_out_one_by_one(brute: Brute):
    space, designs = brute.space, brute.designs
    solved = solve(space, Quantity("entropy"), [limit(_amounts(designs, {"activation_bytes": 0.5})[0])])
    assert 1 <= solved.counts.evaluated <= 3
    assert solved.counts.bounded == (str(limit(_amounts(designs, {"activation_bytes": 0.5})[0])),)


def test_what_would_have_to_give_is_the_smallest_of_all(brute: Brute):
    space, designs = brute.space, brute.designs
    solved: Solved = solve(space, Quantity("entropy"), [limit("activation_bytes<=1")])
    smallest = min(each.values["activation_bytes"] for each in designs if not each.problem)
    assert solved.found == ()
    assert solved.nearest[0].design.values["activation_bytes"] == smallest


def _holds(design: Design, limits: list[Limit]) -> bool:
    return all(each.holds(design.values[each.quantity.text]) for each in limits)


def _point(design: Design) -> tuple[float, float, float]:
    values = design.values
    return values["activation_bytes"], values["state_bytes"], round(-values["entropy"], 6)


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
