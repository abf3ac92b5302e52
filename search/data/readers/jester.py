"""Jester: folders of frames called by number, and `jester-v1-train.csv` of lines `number;class`."""

from __future__ import annotations

from fractions import Fraction

from costmodel.errors import DataError
from search.data.readers.base import Finder, Listing, Split, reader, shown
from search.data.tree import Tree

PARTS: dict[str, Split] = {"train.csv": "train", "validation.csv": "validation"}
RATE = Fraction(12)  # frames a second at which the set was taken apart


def _lists(tree: Tree) -> dict[str, Split]:
    names = [name for name in tree.files if name.rsplit("/", 1)[-1].lower().startswith("jester")]
    return {name: part for name in names for ending, part in PARTS.items() if name.lower().endswith(ending)}


@reader("jester", "Jester's jester-v1-train.csv and its folders of frames", lambda tree: bool(_lists(tree)))
def jester(tree: Tree, split: int) -> Listing:
    """Gestures with a direction are other ones in a mirror, so nothing is mirrored."""
    del split
    found, used = Finder(tree), set[str]()
    for name, part in _lists(tree).items():
        used.add(name)
        for at, line in tree.lines(name):
            number, divider, label = line.partition(";")
            if not (divider and number and label):
                raise DataError(f"{at}: {shown(line)}, expected number;class")
            found.add(number, (label,), part)
    index = tree.named("jester-v1-labels.csv")
    classes = None if index is None else tuple(line for _, line in tree.lines(index))
    others = {each for each in (index, tree.named("jester-v1-test.csv")) if each}
    return Listing(
        found.clips, frozenset(used | others), found.missing, classes=classes, mirrors=False, rate=RATE
    )
