"""Lists of `path label` as PySlowFast reads them: `train.csv` and `val.csv`, a number for each class."""

from __future__ import annotations

import re

from costmodel.errors import DataError
from search.data.readers.base import Finder, Listing, Split, reader, shown
from search.data.tree import Tree

PARTS: dict[str, Split] = {
    **{f"train.{kind}": "train" for kind in ("csv", "txt", "list")},
    **{f"{part}.{kind}": "validation" for part in ("val", "test") for kind in ("csv", "txt", "list")},
}
# the separator is a setting there: a space as it comes, a comma or a tab in lists of others
LINE = re.compile(r"(?P<path>.*\S)(?:\s+|\s*,\s*)(?P<label>\d{1,9})")


def _lists(tree: Tree) -> dict[str, Split]:
    found = {name: PARTS[name] for name in tree.files if name in PARTS}
    # what is tested on stands for what is validated on, where there is nothing else
    if sum(part == "validation" for part in found.values()) > 1:
        found = {name: part for name, part in found.items() if not name.startswith("test")}
    return found


def _is_list(tree: Tree) -> bool:
    names = [name for name in _lists(tree) if name.startswith("train")]
    first = next((line for name in names for _, line in tree.lines(name)), "")
    return LINE.fullmatch(first) is not None


@reader("path_label", "train.csv and val.csv of lines `path label`, as PySlowFast has them", _is_list)
def path_label(tree: Tree, split: int) -> Listing:
    """Lists of paths, each with the number of its class; the classes are called by their numbers."""
    del split
    found, lists, numbers = Finder(tree), _lists(tree), set[int]()
    for name, part in lists.items():
        for at, line in tree.lines(name):
            match = LINE.fullmatch(line)
            if match is None:
                raise DataError(f"{at}: {shown(line)}, expected a path and the number of its class")
            number = int(match["label"])
            numbers.add(number)
            found.add(match["path"], (str(number),), part)
    if numbers and max(numbers) > 100_000:
        raise DataError(f"{tree.root}: class {max(numbers)}, expected numbers up to 100000")
    # a class without a clip keeps its place: the scores of trained weights are by number
    classes = tuple(str(number) for number in range(max(numbers, default=-1) + 1))
    return Listing(found.clips, frozenset(lists), found.missing, classes=classes)
