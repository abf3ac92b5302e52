"""UCF101's splits: `classInd.txt`, `trainlist01.txt`, `testlist01.txt`; the test list validates."""

from __future__ import annotations

from costmodel.errors import DataError
from search.data.readers.base import Finder, Listing, Split, reader, shown
from search.data.tree import Tree

CLASSES = "classind.txt"


@reader(
    "ucf101",
    "UCF101's classInd.txt, trainlist01.txt and testlist01.txt",
    lambda tree: bool(tree.named(CLASSES)),
)
def ucf101(tree: Tree, split: int) -> Listing:
    """One of the three splits; a clip's class is the folder that its list names."""
    index = tree.named(CLASSES)
    assert index is not None
    classes = tuple(line.split(maxsplit=1)[-1] for _, line in tree.lines(index))
    # HandstandPushups/v_HandStandPushups_g01_c01.avi: copies of the set differ in the large S of that class
    found, used = Finder(tree, any_case=True), {index}
    known = {label.casefold(): label for label in classes}
    parts: dict[str, Split] = {"trainlist": "train", "testlist": "validation"}
    for word, part in parts.items():
        name = tree.named(f"{word}{split:02d}.txt")
        if name is None:
            raise DataError(f"{tree.root}: no {word}{split:02d}.txt, expected one of split {split}")
        used.add(name)
        for at, line in tree.lines(name):
            path = line.split()[0]
            label = known.get(path.split("/")[0].casefold())
            if label is None:
                raise DataError(f"{at}: {shown(line)}, expected a clip in the folder of a class of {index}")
            found.add(path, (label,), part)
    others = {name for name in tree.files if name.rsplit("/", 1)[-1].lower().startswith(tuple(parts))}
    return Listing(found.clips, frozenset(used | others), found.missing, classes=classes)
