"""What a reader of labels gives, and which readers there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from costmodel.errors import DataError, nearest
from search.data.tree import Tree

Split = Literal["train", "validation"]
SPLITS: Mapping[str, Split] = {"train": "train", "val": "validation", "validation": "validation"}
LONGEST_SHOWN = 80


@dataclass(frozen=True)
class Labelled:
    """A clip that has labels.

    Args:
        name: of its file or folder, in the tree.
        labels: the names of its classes.
        split: the part that it belongs to, None where nothing says so.
        part: the seconds from which to which it is meant, None for all of it.
    """

    name: str
    labels: tuple[str, ...]
    split: Split | None = None
    part: tuple[Fraction, Fraction] | None = None


@dataclass(frozen=True)
class Listing:
    """What a reader found.

    Args:
        clips: those that have labels, and are there.
        used: files that the labels stand in.
        missing: clips that have labels, and are not there.
        left_out: clips that the set itself leaves out, or gives to a part that is not used.
        classes: in their order, where the set says it; else they are sorted.
        mirrors: whether a mirrored clip keeps its label.
        several: whether a clip may have several labels.
        rate: frames a second of folders of images.
    """

    clips: Sequence[Labelled]
    used: frozenset[str] = frozenset()
    missing: Sequence[str] = ()
    left_out: Sequence[str] = ()
    classes: tuple[str, ...] | None = None
    mirrors: bool = True
    several: bool = False
    rate: Fraction | None = None


@dataclass(frozen=True)
class Reader:
    """A way to say which clip is what.

    Args:
        name: as `--data FOLDER:reader=NAME` names it.
        about: what it reads, in one line.
        claims: whether a folder holds such labels.
        read: reads them; gets the number of the split, of sets that have several.
    """

    name: str
    about: str
    claims: Callable[[Tree], bool] = field(repr=False)
    read: Callable[[Tree, int], Listing] = field(repr=False)


READERS: dict[str, Reader] = {}


def reader(
    name: str, about: str, claims: Callable[[Tree], bool]
) -> Callable[[Callable[[Tree, int], Listing]], Callable[[Tree, int], Listing]]:
    """Registers a function as a reader."""

    def register(read: Callable[[Tree, int], Listing]) -> Callable[[Tree, int], Listing]:
        assert name not in READERS, f"two readers are called {name}"
        READERS[name] = Reader(name, about, claims, read)
        return read

    return register


def reader_of(tree: Tree, name: str | None = None) -> Reader:
    """The reader of a name, or the one whose labels a folder holds; else its folders are the classes.

    Raises:
        DataError: there is no such reader, or two could read the folder.
    """
    if name is not None:
        if name not in READERS:
            raise DataError(f"reader={name}: unknown{nearest(name, READERS)}")
        return READERS[name]
    found = [each for each in READERS.values() if each.claims(tree)]
    if len(found) > 1:
        names = " and ".join(each.name for each in found)
        raise DataError(
            f"{tree.root}: holds labels of {names}; choose one: {tree.root}:reader={found[0].name}"
        )
    return found[0] if found else READERS["folders"]


class Finder:
    """Collects the clips that labels name: those that are there, and those that are not.

    Args:
        tree: the folder.
        any_case: whether a clip is also found where its letters are of another case.
    """

    def __init__(self, tree: Tree, *, any_case: bool = False) -> None:
        self.tree, self.any_case = tree, any_case
        self.clips: list[Labelled] = []
        self.missing: list[str] = []

    def add(
        self,
        name: str,
        labels: tuple[str, ...],
        split: Split | None,
        part: tuple[Fraction, Fraction] | None = None,
    ) -> None:
        """Takes one clip by the name that its label gives it."""
        found = self.tree.clip(name)
        if found is None and self.any_case:
            found = self.tree.clip(name, any_case=True)
        if found is None:
            self.missing.append(name)
        else:
            self.clips.append(Labelled(found, labels, split, part))


def shown(text: str | None) -> str:
    """A text in quotes, cut where it is long."""
    return repr(text if text is None or len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}...")
