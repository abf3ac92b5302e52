"""HMDB51's splits: a file `CLASS_test_split1.txt` for each class, of lines `video 0|1|2`."""

from __future__ import annotations

import re

from costmodel.errors import DataError
from search.data.readers.base import Finder, Listing, Split, reader, shown
from search.data.tree import Tree

NAME = re.compile(r"(?:.*/)?(?P<label>[^/]+)_test_split(?P<split>\d)\.txt")
PARTS: dict[str, Split | None] = {"0": None, "1": "train", "2": "validation"}


@reader("hmdb51", "HMDB51's CLASS_test_split1.txt", lambda tree: any(map(NAME.fullmatch, tree.files)))
def hmdb51(tree: Tree, split: int) -> Listing:
    """One of the three splits; videos with 0 belong to neither part."""
    found, left_out, used = Finder(tree), list[str](), set[str]()
    for name in tree.files:
        match = NAME.fullmatch(name)
        if match is None:
            continue
        used.add(name)
        if int(match["split"]) != split:
            continue
        for at, line in tree.lines(name):
            video, _, number = line.rpartition(" ")
            if number not in PARTS or not video:
                raise DataError(f"{at}: {shown(line)}, expected a video and 0, 1 or 2")
            part = PARTS[number]
            if part is None:
                left_out.append(video.strip())
            else:
                found.add(f"{match['label']}/{video.strip()}", (match["label"],), part)
    if not found.clips and not found.missing:
        raise DataError(f"{tree.root}: no list of split {split}, expected CLASS_test_split{split}.txt")
    return Listing(found.clips, frozenset(used), found.missing, left_out)
