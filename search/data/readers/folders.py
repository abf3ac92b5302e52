"""A folder for each class, perhaps in folders `train` and `val`."""

from __future__ import annotations

from search.data.readers.base import SPLITS, Labelled, Listing, reader
from search.data.tree import Tree


@reader("folders", "a folder for each class, perhaps in folders train and val", lambda tree: False)
def folders(tree: Tree, split: int) -> Listing:
    """Every clip is of the class whose folder it lies in, however deep."""
    del split
    has_parts = any(name.split("/")[0] in SPLITS for name in tree.clips)
    clips = []
    for name in tree.clips:
        first, *between = name.split("/")[:-1] or [""]
        part = SPLITS.get(first) if has_parts else None
        kind = (between[0] if between else "") if has_parts else first
        # beside the classes, or outside of both parts: it has no label
        if kind and (part or not has_parts):
            clips.append(Labelled(name, (kind,), part))
    return Listing(clips)
