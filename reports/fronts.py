"""Fronts of families of networks as streams: multiply-accumulates a frame, state, and the entropy score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.analysis.quantities import limit
from costmodel.readable import plain
from reports.fronts_families import Family, Place, Released
from reports.papers import paper
from search.methods.solve import pareto
from search.problem.designs import Family as Designs
from search.problem.space import space_of
from search.sweep.grid import parse_axis

AIMS = ("macs_per_frame", "state_floats", "entropy")
FIGURES = {
    "MACs per frame": "macs_per_frame",
    "state": "state_floats",
    "params": "params",
    "entropy": "entropy",
    "depth": "depth",
    "receptive field": "receptive_field",
    "lookahead": "lookahead",
}
DEEPEST = 120  # convolutions on a path: the score is a sum over them. MoViNet-A2 is within it, X3D-L is not


@dataclass(frozen=True)
class Point:
    """A network and its figures, by the names of metrics."""

    place: Place
    figures: Mapping[str, float]

    @property
    def costs(self) -> tuple[float, float]:
        """MACs per frame and floats of state."""
        return self.figures["macs_per_frame"], self.figures["state_floats"]

    @property
    def entropy(self) -> float:
        """The score."""
        return self.figures["entropy"]


@dataclass(frozen=True)
class Published:
    """A published network, its label, and its top-1 accuracy as printed; empty where none is known."""

    point: Point
    label: str
    top_1: str


@dataclass(frozen=True)
class Found:
    """What a family came to: how many designs were gone through, their front, the published networks."""

    family: Family
    designs: int
    front: Sequence[Point]
    published: Sequence[Published]


def fronts(families: Sequence[Family]) -> list[Found]:
    """The front of each family over all its spaces, and its published networks."""
    return [_found(each) for each in families]


def figures_of(place: Place) -> dict[str, float]:
    """All figures of one network as a stream."""
    figures = Figures(place.stream().graph())
    return {name: plain(evaluate(figures, name)) for name in FIGURES.values()}


def front_of(points: Iterable[Point]) -> list[Point]:
    """The points that no other one beats: fewer MACs, less state, more entropy."""
    best: list[Point] = []
    # in this order only a point ahead of it can beat a point
    for point in sorted(points, key=lambda each: (*each.costs, -each.entropy)):
        state = point.costs[1]
        if not any(each.costs[1] <= state and each.entropy >= point.entropy for each in best):
            best.append(point)
    return best


def best_within(front: Iterable[Point], macs: float, state: float) -> Point | None:
    """The point of the largest entropy within two limits; None where there is none."""
    within = [each for each in front if each.costs[0] <= macs and each.costs[1] <= state]
    return max(within, key=lambda each: each.entropy, default=None)


def _found(family: Family) -> Found:
    designs, points = 0, []
    for each in family.spaces:
        network = each.start.stream()
        space = space_of(Designs(network), network.sizes, [parse_axis(text, "--over") for text in each.over])
        designs += space.designs
        for design in pareto(space, AIMS, [limit(f"depth<={DEEPEST}")]).found:
            sets = {axis.name: design.settings[axis.name] for axis in space.axes}
            place = Place(each.start.spec, each.start.variant, sets)
            points.append(Point(place, {name: design.values[name] for name in AIMS}))
    return Found(family, designs, front_of(points), [_published(each) for each in family.released])


def _published(released: Released) -> Published:
    point, top_1 = Point(released.place, figures_of(released.place)), ""
    if released.top_1 is not None:
        name, *place = released.top_1
        cell = paper(name).cell(*place)
        assert cell is not None, released.top_1
        top_1 = cell.printed
    return Published(point, released.label, top_1)
