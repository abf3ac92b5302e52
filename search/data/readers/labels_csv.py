"""`labels.csv` with the columns clip, label and, if wanted, split; semicolons join several labels."""

from __future__ import annotations

import csv
import io

from costmodel.errors import DataError
from search.data.readers.base import SPLITS, Finder, Listing, reader, shown
from search.data.tree import Tree

NAME = "labels.csv"
SEVERAL = ";"


@reader(
    "labels_csv", "labels.csv with the columns clip, label and perhaps split", lambda tree: NAME in tree.files
)
def labels_csv(tree: Tree, split: int) -> Listing:
    """Labels in a table of one's own."""
    del split
    place, found = tree.root / NAME, Finder(tree)
    rows = csv.DictReader(io.StringIO(tree.text(NAME), newline=""))
    try:
        missing = {"clip", "label"} - set(rows.fieldnames or ())
        if missing:
            raise DataError(
                f"{place}: no column {sorted(missing)[0]!r}, expected clip,label and perhaps split"
            )
        for row in rows:
            name, label, part = row["clip"], row["label"], row.get("split") or None
            at = f"{place}:{rows.line_num}"
            if not name or not label:
                raise DataError(f"{at}: clip {shown(name)} with label {shown(label)}, expected both")
            if part is not None and part not in SPLITS:
                raise DataError(f"{at}: split {shown(part)}, expected {', '.join(SPLITS)}")
            names = tuple(dict.fromkeys(filter(None, map(str.strip, label.split(SEVERAL)))))
            found.add(name, names or (label,), None if part is None else SPLITS[part])
    except csv.Error as error:  # such as a field of more than 128 KiB
        raise DataError(f"{place}:{rows.line_num}: not CSV, {error}") from error
    several = any(len(clip.labels) > 1 for clip in found.clips)
    return Listing(found.clips, frozenset({NAME}), found.missing, several=several)
