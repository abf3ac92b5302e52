"""What lies in a folder of data: each file once, none that a link brings in from elsewhere."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from costmodel.errors import DataError
from costmodel.files import read_file
from search.data.clip_files import IMAGES, READERS
from search.video.opened import SUFFIXES

CLIPS = (*SUFFIXES, *READERS)
LARGEST_TEXT = 1 << 26


@dataclass(frozen=True)
class Tree:
    """The content of a folder; names are relative to it, with slashes.

    Args:
        root: the folder.
        files: every file that belongs to no folder of images.
        image_folders: folders that hold the frames of one clip each.
        outside: links that lead out of the folder.
    """

    root: Path
    files: tuple[str, ...]
    image_folders: tuple[str, ...]
    outside: tuple[str, ...]

    @cached_property
    def clips(self) -> tuple[str, ...]:
        """What may be a clip: videos, arrays and folders of images."""
        return tuple(sorted([*filter(is_clip, self.files), *self.image_folders]))

    @cached_property
    def _by_stem(self) -> Mapping[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for name in self.clips:
            found[stem_of(name)].append(name)
        return found

    @cached_property
    def _by_folded(self) -> Mapping[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for name in self.clips:
            found[stem_of(name).casefold()].append(name)
        return found

    def clip(self, name: str, *, any_case: bool = False) -> str | None:
        """The clip of a name as labels have it: with folders or without, with or without its suffix.

        The folders that both name must be the same; a list may hold more of them, such as another machine's.

        Args:
            name: as labels have it.
            any_case: whether small letters stand for large ones too.
        """
        changed = str.casefold if any_case else str
        wanted = changed(without_suffix(name)).split("/")
        best, shared = None, 0
        for each in (self._by_folded if any_case else self._by_stem).get(wanted[-1], ()):
            parts = changed(without_suffix(each)).split("/")
            number = min(len(parts), len(wanted))
            if parts[-number:] == wanted[-number:] and number > shared:
                best, shared = each, number
        return best

    def named(self, *endings: str) -> str | None:
        """The first file whose own name ends so, whatever its case."""
        return next((name for name in self.files if _last(name).lower().endswith(endings)), None)

    def text(self, name: str) -> str:
        """The text of a file of labels.

        Raises:
            DataError: it cannot be read, or is no text.
        """
        place = self.root / name
        try:
            return read_file(place, LARGEST_TEXT).decode("utf-8-sig")  # Excel writes a mark ahead of UTF-8
        except UnicodeDecodeError as error:
            raise DataError(f"{place}: byte {error.start} is not UTF-8; expected text in UTF-8") from None
        except OSError as error:
            raise DataError(f"{place}: cannot be read, {error.strerror}") from error

    def lines(self, name: str) -> Iterator[tuple[str, str]]:
        """The lines of a file that hold something, each with its place for messages."""
        for number, line in enumerate(self.text(name).splitlines(), 1):
            if line.strip():
                yield f"{self.root / name}:{number}", line.strip()


def tree_of(root: Path) -> Tree:
    """What lies in a folder.

    Raises:
        DataError: it cannot be read.
    """
    files: list[str] = []
    images: list[str] = []
    outside: list[str] = []
    inside, seen = root.resolve(), set()
    try:
        # links are followed, since classes may be links to folders; `seen` ends a circle of them
        for folder, folders, names in os.walk(root, followlinks=True, onerror=_refuse):
            here = Path(folder).relative_to(root).as_posix()
            if (resolved := Path(folder).resolve()) in seen:
                folders.clear()
                continue
            seen.add(resolved)
            for name in list(folders):
                if not (Path(folder) / name).resolve().is_relative_to(inside):
                    outside.append(_joined(here, name))
                    folders.remove(name)
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            visible = sorted(name for name in names if not name.startswith("."))
            frames = [name for name in visible if name.lower().endswith(IMAGES)]
            if frames and not folders and not any(map(is_clip, visible)) and here != ".":
                images.append(here)
                visible = [name for name in visible if not name.lower().endswith(IMAGES)]
            for name in visible:
                place = Path(folder) / name
                is_outside = place.is_symlink() and not place.resolve().is_relative_to(inside)
                (outside if is_outside else files).append(_joined(here, name))
    except OSError as error:
        raise DataError(f"{error.filename or root}: cannot be read, {error.strerror}") from error
    return Tree(root, tuple(files), tuple(images), tuple(outside))


def is_clip(name: str) -> bool:
    """Whether a file's name is that of a video or an array."""
    return name.lower().endswith(CLIPS)


def is_video(name: str) -> bool:
    """Whether a file's name is that of a video."""
    return name.lower().endswith(SUFFIXES)


def without_suffix(name: str) -> str:
    """A name without the suffix of a video or an array."""
    suffix = next((each for each in CLIPS if name.lower().endswith(each)), "")
    return name[: len(name) - len(suffix)]


def stem_of(name: str) -> str:
    """The last part of a name, without the suffix of a video or an array."""
    return without_suffix(_last(name))


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _joined(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _refuse(error: OSError) -> None:
    raise error
