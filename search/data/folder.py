"""A folder of clips, `.npy` arrays or folders of images, labelled by their folder or by `labels.csv`.

`clips/train/walk/a.npy` and `clips/val/walk/b.npy`; or `clips/walk/a.npy`, of which every fifth validates;
or `clips/a.npy` and `clips/labels.csv` with the columns clip, label and, if wanted, split.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import DataError
from costmodel.files import read_file
from search.data.base import Data, Frames
from search.data.clip_files import READERS, files_of, read

Numbers = NDArray[np.int64]

LABELS = "labels.csv"
SEVERAL = ";"
SPLITS = {"train": "train", "val": "validation", "validation": "validation"}
HELD_OUT = 5  # without a split of its own, every fifth clip of a class validates
LARGEST_LABELS = 1 << 26
LONGEST_SHOWN = 80


@dataclass(frozen=True)
class Clip:
    """A clip on disk, the name of its class, and the part that it belongs to, if it says so."""

    path: Path
    label: str
    split: str | None = None


@dataclass(frozen=True)
class StoredVideos:
    """Videos held in memory, or mapped from their files, all of one height, width and number of channels."""

    videos: Sequence[Frames]
    labels: Numbers

    @cached_property
    def lengths(self) -> Numbers:
        """Frames of each video."""
        return np.array([len(video) for video in self.videos], dtype=np.int64)

    @property
    def height(self) -> int:
        """Height of every frame."""
        return int(self.videos[0].shape[1])

    @property
    def width(self) -> int:
        """Width of every frame."""
        return int(self.videos[0].shape[2])

    @property
    def channels(self) -> int:
        """Channels of every frame."""
        return int(self.videos[0].shape[3])

    def frames(self, index: Numbers, times: Numbers) -> Frames:
        """Frames (clips, time, height, width, channels) of the videos `index` at `times`."""
        return np.stack([self.videos[video][at] for video, at in zip(index, times, strict=True)])


def folder(root: Path, seed: int = 0) -> Data:
    """The data set of a folder.

    Raises:
        DataError: there are no clips, a clip cannot be read or has another size, or labels do not match.
    """
    if not root.is_dir():
        raise DataError(f"--data {root}: neither a folder nor a known data set; expected a path, or `digits`")
    try:
        clips = _labelled(root) if (root / LABELS).exists() else _sorted_in_folders(root)
    except OSError as error:
        raise DataError(f"{error.filename or root}: cannot be read, {error.strerror}") from error
    if not clips:
        kinds = ", ".join(("videos", *READERS, "folders of images"))
        raise DataError(f"{root}: no clips found, expected {kinds} in one folder for each class")
    named = [_names(clip) for clip in clips]
    classes = tuple(sorted({name for names in named for name in names}))
    videos = _read_all(root, clips)
    parts = _split(clips, seed)
    label = _numbers(named, classes)
    train, validation = (StoredVideos([videos[i] for i in part], label[part]) for part in parts)
    taught, asked = ({name for i in part for name in named[i]} for part in parts)
    untaught = sorted(asked - taught)
    if len(train.labels) and untaught:
        raise DataError(f"{root}: labels do not match, {untaught[0]!r} is validated but never trained")
    # the folder's name, not its path: the same clips elsewhere are the same data
    return Data(f"{root.name}:{_fingerprint(root, clips)},seed={seed}", classes, train, validation)


def names_in(root: Path) -> list[str]:
    """The clips of a folder that `folder` reads, relative to it."""
    clips = _labelled(root) if (root / LABELS).exists() else _sorted_in_folders(root)
    return [clip.path.relative_to(root).as_posix() for clip in clips]


def _names(clip: Clip) -> tuple[str, ...]:
    """The classes of a clip: those that its label joins by semicolons, such as `walk;wave`."""
    return tuple(dict.fromkeys(filter(None, (name.strip() for name in clip.label.split(SEVERAL))))) or ("",)


def _numbers(named: Sequence[Sequence[str]], classes: Sequence[str]) -> Numbers:
    """The class of each clip; where a clip has several, 0 or 1 for each class (clips, classes)."""
    if all(len(names) == 1 for names in named):
        return np.array([classes.index(names[0]) for names in named], dtype=np.int64)
    return np.array([[name in names for name in classes] for names in named], dtype=np.int64)


def _labelled(root: Path) -> list[Clip]:
    place = root / LABELS
    rows = csv.DictReader(io.StringIO(_text(place), newline=""))
    try:
        missing = {"clip", "label"} - set(rows.fieldnames or ())
        if missing:
            raise DataError(
                f"{place}: no column {sorted(missing)[0]!r}, expected clip,label and perhaps split"
            )
        return [_row(root, row, f"{place}:{rows.line_num}") for row in rows]
    except csv.Error as error:  # such as a field of more than 128 KiB
        raise DataError(f"{place}:{rows.line_num}: not CSV, {error}") from error


def _text(place: Path) -> str:
    try:
        return read_file(place, LARGEST_LABELS).decode("utf-8-sig")  # Excel writes a mark ahead of UTF-8
    except UnicodeDecodeError as error:
        raise DataError(f"{place}: byte {error.start} is not UTF-8; expected CSV in UTF-8") from None
    except OSError as error:
        raise DataError(f"{place}: cannot be read, {error.strerror}") from error


def _row(root: Path, row: Mapping[str, str | None], at: str) -> Clip:
    name, label, split = row["clip"], row["label"], row.get("split") or None
    if not name or not label:
        raise DataError(f"{at}: clip {_shown(name)} with label {_shown(label)}, expected both")
    if split is not None and split not in SPLITS:
        raise DataError(f"{at}: split {_shown(split)}, expected {', '.join(SPLITS)}")
    path = root / name
    try:
        is_there = path.exists()
    except (OSError, ValueError):  # a name too long for a file, or with a zero byte
        is_there = False
    if not is_there:
        raise DataError(f"{at}: labels do not match, there is no clip {_shown(name)}")
    if Path(name).is_absolute() or not _is_inside(root, path):
        raise DataError(f"{at}: clip {_shown(name)} lies outside the folder, expected one inside")
    return Clip(path, label, None if split is None else SPLITS[split])


def _shown(text: str | None) -> str:
    return repr(text if text is None or len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}...")


def _is_inside(root: Path, path: Path) -> bool:
    """Whether a path, with all links in it followed, lies in the folder: a data set reads nothing else."""
    return path.resolve().is_relative_to(root.resolve())


def _sorted_in_folders(root: Path) -> list[Clip]:
    parts = {name: split for name, split in SPLITS.items() if (root / name).is_dir()}
    if parts:
        return [clip for name, split in parts.items() for clip in _in_classes(root / name, split)]
    return _in_classes(root, None)


def _in_classes(root: Path, split: str | None) -> list[Clip]:
    return [
        Clip(path, kind.name, split)
        for kind in sorted(root.iterdir())
        if kind.is_dir() and not kind.name.startswith(".")
        for path in sorted(kind.iterdir())
        if path.suffix.lower() in READERS or path.is_dir()
    ]


def _split(clips: Sequence[Clip], seed: int) -> tuple[Numbers, Numbers]:
    """The clips to train on and those to validate with, as they say, or drawn for each class."""
    if any(clip.split for clip in clips):
        unsaid = next((clip for clip in clips if clip.split is None), None)
        if unsaid is not None:
            raise DataError(f"{unsaid.path}: no split, though other clips have one; expected train or val")
        validates = np.array([clip.split == "validation" for clip in clips])
    else:
        random = np.random.default_rng(seed)
        validates = np.zeros(len(clips), dtype=np.bool_)
        for label in sorted({clip.label for clip in clips}):
            mine = np.array([i for i, clip in enumerate(clips) if clip.label == label])
            validates[random.permutation(mine)[: len(mine) // HELD_OUT]] = True
    return np.flatnonzero(~validates), np.flatnonzero(validates)


def _read_all(root: Path, clips: Iterable[Clip]) -> list[Frames]:
    videos: list[Frames] = []
    held = 0
    for clip in clips:
        videos.append(_read_inside(root, clip.path))
        if videos[-1].shape[1:] != videos[0].shape[1:]:
            first, other = (_size(video) for video in (videos[0], videos[-1]))
            raise DataError(f"{clip.path}: a clip of {other}, expected {first} as the first clip has")
        held += 0 if isinstance(videos[-1], np.memmap) else videos[-1].nbytes
        if held > _most_held():
            raise DataError(f"{clip.path}: the clips so far take half of the memory; save them as .npy")
    return videos


def _read_inside(root: Path, path: Path) -> Frames:
    for file in files_of(path):
        if not _is_inside(root, file):
            raise DataError(f"{file}: leads out of the folder, expected a file inside")
    return read(path)


@cache
def _most_held() -> int:
    """Bytes that clips may take: half of the memory, before the system kills the process for it."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):  # not a POSIX system
        return 8 << 30


def _size(video: Frames) -> str:
    height, width, channels = video.shape[1:]
    return f"{width}x{height} pixels in {channels} channel{'s' * (channels != 1)}"


def _fingerprint(root: Path, clips: Iterable[Clip]) -> str:
    """A short name for the content: which files, their labels, sizes and times of change."""
    digest = hashlib.sha256()
    for clip in clips:
        stat = clip.path.stat()
        entry = (str(clip.path.relative_to(root)), clip.label, clip.split, stat.st_size, stat.st_mtime_ns)
        digest.update(repr(entry).encode())
    return digest.hexdigest()[:12]
