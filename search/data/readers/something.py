"""Something-Something v2: `train.json`, `validation.json`, `labels.json`, under long names or short."""

from __future__ import annotations

import json
from typing import Any

from costmodel.errors import DataError
from search.data.readers.base import Finder, Listing, Split, reader, shown
from search.data.tree import Tree

PARTS: dict[str, Split] = {"train.json": "train", "validation.json": "validation"}
LABELS = "labels.json"


def _claims(tree: Tree) -> bool:
    return all(tree.named(name) for name in (LABELS, *PARTS))


def _json(tree: Tree, name: str) -> Any:
    try:
        return json.loads(tree.text(name))
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"{tree.root / name}: not JSON, {str(error)[:100]}") from error


@reader("something", "Something-Something v2's train.json, validation.json and labels.json", _claims)
def something(tree: Tree, split: int) -> Listing:
    """Templates are the classes; what moves left in a mirror moved right, so nothing is mirrored."""
    del split
    index = str(tree.named(LABELS))
    numbers = _json(tree, index)
    if not isinstance(numbers, dict) or not all(str(each).isdecimal() for each in numbers.values()):
        raise DataError(f"{tree.root / index}: expected the number of each template")
    classes = tuple(sorted(numbers, key=lambda name: int(numbers[name])))
    known, found, used = frozenset(classes), Finder(tree), {index}
    for ending, part in PARTS.items():
        name = str(tree.named(ending))
        used.add(name)
        rows = _json(tree, name)
        for number, row in enumerate(rows if isinstance(rows, list) else [None], 1):
            if not isinstance(row, dict) or not {"id", "template"} <= row.keys():
                raise DataError(f"{tree.root / name}: entry {number}: expected a clip with id and template")
            label = str(row["template"]).replace("[", "").replace("]", "")
            if label not in known:
                raise DataError(
                    f"{tree.root / name}: entry {number}: template {shown(label)} is not in {index}"
                )
            found.add(str(row["id"]), (label,), part)
    # the test part has no templates; later copies of the set tell its labels in a table of their own
    used |= {each for each in map(tree.named, ("test.json", "test-answers.csv")) if each}
    return Listing(found.clips, frozenset(used), found.missing, classes=classes, mirrors=False)
