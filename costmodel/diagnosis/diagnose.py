"""A diagnosis: what stands in the way of a stream, the network's class, and repairs with what each costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate as metric
from costmodel.diagnosis.obstacles import Obstacle, obstacles
from costmodel.diagnosis.repairs import Repair, repairs
from costmodel.errors import TransformError
from costmodel.graph import Graph
from costmodel.numbers import Size
from costmodel.transforms.continual import Continual

Class = Literal["E0", "E1", "E2", "X", "?"]
MEANINGS: Mapping[Class, str] = {
    "E0": "runs frame by frame as it is: no layer looks at frames to come",
    "E1": "runs frame by frame, with the clip network's answers away from the ends of its clip",
    "E2": "runs frame by frame once an edit is named, whose answers the clip network with that edit gives",
    "X": "has no stream that answers as it does: a layer joins all frames of the clip",
    "?": "holds a call of which nothing is known, so that nobody can tell",
}
FIGURES = ("lookahead", "delay", "state_floats", "macs_per_frame")
_RANK = {"exact": 0, "initial": 1, "none": 2}


@dataclass(frozen=True)
class Priced:
    """A repair, and the figures of its stream: `lookahead`, `delay`, `state_floats`, `macs_per_frame`."""

    repair: Repair
    figures: Mapping[str, Size]


@dataclass(frozen=True)
class Diagnosis:
    """What keeps a clip network from being a stream, and what would do.

    Args:
        clip: the network.
        kind: `E0`, `E1`, `E2`, `X` or `?`, as `MEANINGS` says.
        obstacles: what stands in the way, refusals first.
        repairs: the cheapest first: those that keep trained weights, then by multiply-adds a frame and state.
    """

    clip: Graph
    kind: Class
    obstacles: tuple[Obstacle, ...]
    repairs: tuple[Priced, ...]


def diagnose(clip: Graph) -> Diagnosis:
    """The diagnosis of a clip network.

    Raises:
        TransformError: it is a stream already.
    """
    if clip.is_stream:
        raise TransformError(f"{clip.name}: is a stream already, expected the clip network that it runs")
    found = obstacles(clip)
    priced = [_priced(each) for each in repairs(clip)]
    priced.sort(key=lambda each: (_RANK[each.repair.carries], *_cost(each)))
    return Diagnosis(clip, _class_of(clip, found), found, tuple(priced))


def _priced(repair: Repair) -> Priced:
    figures = Figures(Continual()(repair.graph))
    return Priced(repair, {name: metric(figures, name) for name in FIGURES})


def _cost(priced: Priced) -> tuple[float, ...]:
    return tuple(float(priced.figures[name]) for name in ("macs_per_frame", "state_floats", "delay"))


def _class_of(clip: Graph, found: tuple[Obstacle, ...]) -> Class:
    if clip.missing:
        return "?"
    refused = [name for each in found if each.effect == "refused" for name in each.layers]
    if any(clip.by_name[name].op.has_no_stream for name in refused):
        return "X"
    if refused or any(each.effect == "differs" for each in found):
        return "E2"
    looks_ahead = metric(Figures(Continual()(clip)), "lookahead") > 0
    return "E1" if looks_ahead else "E0"
