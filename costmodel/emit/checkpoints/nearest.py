"""What to say of a checkpoint that fits in no layout: the nearest ones, and what differs in each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from costmodel.emit.checkpoints.detect import SAMPLE, Attempt
from costmodel.emit.checkpoints.layout import Layout
from costmodel.emit.checkpoints.prefixes import prefixes

# More than three would not fit into a line that anybody reads.
MOST_LAYOUTS = 3
# The share of names that a layout must rename for its
# publisher to be named: a head of one's own may be among them.
RECOGNISED = 0.8
HINT = "--mapping FILE says how its names are ours, --by-order takes tensors in their order"


def nearest_layouts(tried: Iterable[Attempt]) -> list[Attempt]:
    """The best attempts of the three layouts that come nearest, the nearest first.

    A layout that reads every name as another one does adds nothing and is left out, and so is one that knows
    less than half as many tensors as the nearest.
    """
    nearest: list[Attempt] = []
    for each in sorted(tried, key=_distance):
        is_new = all(each.layout != other.layout and each.names != other.names for other in nearest)
        if is_new and (not nearest or 2 * len(each.names) >= len(nearest[0].names)):
            nearest.append(each)
    return nearest[:MOST_LAYOUTS]


def nearest_told(
    tried: Iterable[Attempt], names: Collection[str], layouts: Sequence[Layout], *, strict: bool
) -> str:
    """Why none of the attempts is the network, in one line.

    Args:
        tried: the checkpoint in each layout that names one of the network's tensors at least.
        names: those of the checkpoint.
        layouts: the known ones.
        strict: whether tensors that the network does not have count.
    """
    nearest = nearest_layouts(tried)
    parts = [_told(each, strict=strict) for each in nearest]
    if not parts:
        parts = [f"none of its {len(names)} tensors has a name of this network in any known layout"]
    if not nearest or 2 * nearest[0].difference.right < nearest[0].difference.wanted:
        parts += [
            f"its names are of {each}, perhaps of another network" for each in _recognised(names, layouts)
        ]
        parts.append(HINT)
    return " | ".join(parts)


def _recognised(names: Collection[str], layouts: Sequence[Layout]) -> list[str]:
    """Whose checkpoints have such names, whatever the network."""
    sample = list(names)[:: max(len(names) // SAMPLE, 1)]
    # Where two layouts know as many names, the later entry stays: reversed, that is the first of the list.
    known = {
        sum(layout.rename(name.removeprefix(prefix)) is not None for name in sample): layout
        for prefix in prefixes(sample, 2 * len(sample))  # what stands ahead of all of them
        for layout in reversed(layouts)
    }
    most = max(known, default=0)
    if not sample or most < RECOGNISED * len(sample):
        return []
    return [known[most].about or f"the {known[most].name} layout"]


def _distance(attempt: Attempt) -> tuple[int, int, int]:
    difference = attempt.difference
    others = len(difference.unexpected) + len(difference.wrong) + len(difference.clashes)
    return -len(attempt.names), others, len(attempt.prefix)


def _told(attempt: Attempt, *, strict: bool) -> str:
    below = f" below {attempt.prefix!r}" if attempt.prefix else ""
    difference = attempt.difference
    share = f"{difference.right} of {difference.wanted} tensors right"
    return f"{attempt.layout.name} layout{below}: {share}; {difference.told(strict=strict)}"
