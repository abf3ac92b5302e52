"""Names of classes: the spec's words, and where one word has several forms what sets them apart."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.emit.source.plan import Plan
from costmodel.emit.source.tree import Group
from costmodel.names import class_name

MOST_DIFFERENCES = 3  # more do not make a name that anybody would read


def class_names(alike: Sequence[Sequence[Plan]], taken: set[str]) -> list[str]:
    """A name for each class, given the groups that it stands for."""
    names: list[str] = []
    words: dict[str, list[Plan]] = {}
    for plans in alike:
        words.setdefault(_word(plans[0]), []).append(plans[0])
    for plans in alike:
        # Only forms of the same word need to be told apart.
        others = [plan for plan in words[_word(plans[0])] if plan is not plans[0]]
        name = _named(plans[0], others, {*taken, *names})
        names.append(name)
    return names


def _word(plan: Plan) -> str:
    return class_name(plan.group.word)


def _named(plan: Plan, others: Sequence[Plan], taken: set[str]) -> str:
    """The word alone where no other has it, or with what only this form has, or with where it stands."""
    word, place = _word(plan), class_name(" ".join(part for part in plan.group.path if not part.isdigit()))
    more = _more(plan, others)
    wanted = [f"{word}With{'And'.join(more)}" if more else word] if len(more) <= MOST_DIFFERENCES else []
    wanted.append(place if place.endswith(word) else f"{place}{word}")
    name = next((each for each in wanted if each not in taken), wanted[-1])
    while name in taken:
        name += "_"
    return name


def _more(plan: Plan, others: Sequence[Plan]) -> list[str]:
    """What it has that not all others of its word have, outermost parts alone."""
    if not others:
        return []
    own = _features(plan.group)
    common = set.intersection(*(set(_features(other.group)) for other in others), set(own))
    # Of a group that only this form has, its own name says enough; what stands in it would repeat that.
    found = [path for path in own if path not in common and (path[:-1] in common or len(path) == 1)]
    return [class_name(path[-1]) for path in found]


def _features(group: Group) -> list[tuple[str, ...]]:
    """The names of all that is in a group, outermost first."""
    found: list[tuple[str, ...]] = [(line.name,) for line in group.lines]
    for name, inner in group.groups.items():
        found += [(name,), *((name, *path) for path in _features(inner))]
    return found
