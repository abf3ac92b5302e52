"""Charades: `Charades_v1_train.csv` and `Charades_v1_test.csv`, several actions a video."""

from __future__ import annotations

import csv
import io
from fractions import Fraction

from costmodel.errors import DataError
from search.data.readers.base import Finder, Listing, Split, reader
from search.data.tree import Tree

PARTS: dict[str, Split] = {"charades_v1_train.csv": "train", "charades_v1_test.csv": "validation"}
CLASSES = "charades_v1_classes.txt"
RATE = Fraction(24)  # frames a second of the set's own folders of frames


@reader(
    "charades",
    "Charades' Charades_v1_train.csv and Charades_v1_test.csv, several labels a video",
    lambda tree: tree.named("charades_v1_train.csv") is not None,
)
def charades(tree: Tree, split: int) -> Listing:
    """The classes of a video are those of all actions in it; a video without any is left out."""
    del split
    found, left_out, used = Finder(tree), list[str](), set[str]()
    names = _names(tree, used)
    for ending, part in PARTS.items():
        name = tree.named(ending)
        if name is None:
            raise DataError(f"{tree.root}: no {ending}, expected both parts")
        used.add(name)
        rows = csv.DictReader(io.StringIO(tree.text(name), newline=""))
        try:
            if not {"id", "actions"} <= set(rows.fieldnames or ()):
                raise DataError(f"{tree.root / name}: no columns id and actions")
            for row in rows:
                # an action is its class and from when to when it lasts: `c092 11.90 21.20`
                codes = [each.split()[0] for each in (row["actions"] or "").split(";") if each.strip()]
                labels = tuple(dict.fromkeys(names.get(code, code) for code in codes))
                if labels and row["id"]:
                    found.add(row["id"], labels, part)
                else:
                    left_out.append(str(row["id"]))
        except csv.Error as error:
            raise DataError(f"{tree.root / name}:{rows.line_num}: not CSV, {error}") from error
    classes = tuple(names.values()) or None
    return Listing(found.clips, frozenset(used), found.missing, left_out, classes, several=True, rate=RATE)


def _names(tree: Tree, used: set[str]) -> dict[str, str]:
    """What each code such as `c092` stands for, where the set's own list is there; code and words both."""
    name = tree.named(CLASSES)
    if name is None:
        return {}
    used.add(name)
    return {line.split()[0]: line for _, line in tree.lines(name)}
