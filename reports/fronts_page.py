"""The page of fronts: what they show in words, a table for each question, and the drawing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from costmodel.escape import Markup
from reports.drawing import pictures
from reports.fronts import DEEPEST, FIGURES, Found, best_within, figures_of, fronts
from reports.fronts_drawing import draw
from reports.fronts_families import FAMILIES
from reports.tables import figure, markdown, rounded

# MACs per frame and floats of state
BUDGETS = ((30e6, 300e3), (100e6, 1e6), (300e6, 300e3), (300e6, 3e6), (1e9, 1e6), (5e9, 5e6))
LIMITS = ("MACs per frame at most", "state at most")

HEAD = f"""# Fronts of families as streams

Which family of networks gives most on a live stream for the same work and the same memory? Made by `report
fronts --out docs`. Every network here runs frame by frame. *MACs per frame* are multiply-accumulates for one
frame that the network reads, *state* is the numbers that it keeps between frames, *entropy* is the
STEntr-Score of Wang 2023 (docs/search.md), which needs no training.

![The largest entropy score of each family within MACs per frame, and within a state](images/fronts.png)

A line is the best of a family: the largest score for at most so many MACs (above) or so much state (below),
over all designs of its `solve` grid of at most {DEEPEST} convolutions on a path. Marks are published
networks, as released; the number beside a name is the top-1 accuracy that its paper prints.
"""
BEST = """
## Who is best within which budget

For two limits at once, the design of the largest score of each family, the best family first; `-` where none
of its designs keeps both. `network` is what follows `analyze --continual`.
"""
RELEASED = """
## The published networks

As released, whatever their depth. Accuracies are the papers' own: of Kinetics-400 or Kinetics-600, of one
clip or of ten views, and trained by recipes of their own; those of the 3D networks are of clips, not of
streams. The figures that TSM's paper prints are not among those that `reproduce` knows.
"""
LIMITATION = """
## What this cannot tell

- No network of the lines was trained. The score is one number of a network's form; it does not know data,
  training or pretraining. Published accuracies stand beside it, and follow it within a family at
  best: from one family to the next they need not.
- The score sums logarithms over the convolutions of the longest path, so depth counts most, and channels
  more than resolution (docs/search.md). Families are cut at the same depth, and still differ in how many
  convolutions a block has: it favours depthwise blocks, of three convolutions for the work of a fraction of
  one.
- Where no layer pools the whole clip (D-ResNets, MoViNets) the head's convolutions count in the score too,
  some nats each.
- Frames are not equally long: an X3D reads every fifth to twelfth camera frame, a D-ResNet each one. Work
  per second is work per frame times the frames read in a second.
- Grids are not equally fine: a family with more axes has more designs to find a good one among.
"""
SPACES = """
## What was gone through
"""


def files_of() -> dict[str, bytes]:
    """The page and its picture, by the names of their files."""
    found = fronts(FAMILIES)
    picture = pictures(draw(found), "fronts")["fronts.png"]
    return {"fronts.md": page(found).encode(), "images/fronts.png": picture}


def page(found: Sequence[Found]) -> str:
    """The page in Markdown."""
    best = markdown(list(_best(found)), (*LIMITS, "family", *FIGURES, "network"))
    released = markdown(list(_released(found)), ("family", "network", *FIGURES, "top-1, %", "on"))
    spaces = markdown(list(_spaces(found)), ("family", "designs", "on the front", "around"))
    return f"{HEAD}\n{summary(found)}{BEST}\n{best}{RELEASED}\n{released}{LIMITATION}{SPACES}\n{spaces}"


def summary(found: Sequence[Found]) -> str:
    """Which family has the largest score within each budget, a line each."""
    lines = []
    for macs, state in BUDGETS:
        ranked = _ranked(found, macs, state)
        if ranked:
            names = ", ".join(f"{name} {score:.0f}" for name, score in ranked)
            lines.append(f"- {macs / 1e6:,.0f} M MACs per frame and {state / 1e6:g} M of state: {names}.")
    least = "; ".join(
        f"{each.family.title} {_least(each, 0)} MACs, {_least(each, 1)} of state" for each in found
    )
    return (
        "In short, by the largest score within both limits:\n\n"
        + "\n".join(lines)
        + f"\n\nThe least that a design of a front takes: {least}.\n"
    )


def _least(found: Found, cost: int) -> str:
    return rounded(min(point.costs[cost] for point in found.front)) or "under 1 k"


def _ranked(found: Sequence[Found], macs: float, state: float) -> list[tuple[str, float]]:
    best = [(each.family.title, best_within(each.front, macs, state)) for each in found]
    scores = [(title, point.entropy) for title, point in best if point is not None]
    return sorted(scores, key=lambda row: -row[1])


def _best(found: Sequence[Found]) -> Iterator[dict[str, object]]:
    for macs, state in BUDGETS:
        limits: dict[str, object] = dict(zip(LIMITS, (int(macs), int(state)), strict=True))
        order = [title for title, _ in _ranked(found, macs, state)]
        for each in sorted(found, key=lambda one: [*order, one.family.title].index(one.family.title)):
            point = best_within(each.front, macs, state)
            row = limits | {"family": each.family.title}
            if point is not None:
                row |= {"network": Markup(f"`{point.place.command}`")} | _shown(figures_of(point.place))
            yield row


def _released(found: Sequence[Found]) -> Iterator[dict[str, object]]:
    for each in found:
        for one in each.published:
            row: dict[str, object] = {
                "family": each.family.title,
                "network": Markup(f"`{one.point.place.command}`"),
            }
            yield (
                row
                | _shown(one.point.figures)
                | {
                    "top-1, %": one.top_1 or None,
                    "on": each.family.data if one.top_1 else None,
                }
            )


def _spaces(found: Sequence[Found]) -> Iterator[dict[str, object]]:
    for each in found:
        around = ", ".join(f"`{space.start.command}`" for space in each.family.spaces)
        yield {
            "family": each.family.title,
            "designs": each.designs,
            "on the front": len(each.front),
            "around": Markup(around),
        }


def _shown(figures: Mapping[str, float]) -> dict[str, object]:
    """Figures as they stand in a table: scores to a tenth, all else to whole numbers."""
    return {title: _rounded(name, figures[name]) for title, name in FIGURES.items()}


def _rounded(name: str, value: float) -> object:
    if value == float("inf"):
        return value
    return f"{value:.1f}" if name == "entropy" else figure(round(value))
