"""Folders of data as their labels see them: files without content, for tests that read labels alone."""

from pathlib import Path

from search.data.readers import Listing, reader_of
from search.data.tree import tree_of

Found = list[tuple[str, tuple[str, ...], str | None]]


def made(root: Path, **content: str | None) -> Path:
    """Writes files; a name's double underscores are slashes, its last one a dot."""
    for name, text in content.items():
        folder, _, last = name.replace("__", "/").rpartition("/")
        place = root / folder / ".".join(last.rsplit("_", 1))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text or "")
    return root


def listed(root: Path, name: str, split: int = 1) -> Listing:
    """What the reader of that name, which a folder's own labels choose, finds there."""
    tree = tree_of(root)
    found = reader_of(tree)
    assert found.name == name
    return found.read(tree, split)


def clips(listing: Listing) -> Found:
    return [(each.name, each.labels, each.split) for each in listing.clips]
