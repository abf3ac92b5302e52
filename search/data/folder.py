"""A folder of clips, `.npy` arrays or folders of images, labelled by their folder or by `labels.csv`.

`clips/train/walk/a.npy` and `clips/val/walk/b.npy`; or `clips/walk/a.npy`, of which every fifth validates;
or `clips/a.npy` and `clips/labels.csv` with the columns clip, label and, if wanted, split.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from costmodel.errors import DataError
from search.data.base import Data, Frames

Numbers = NDArray[np.int64]

LABELS = "labels.csv"
SPLITS = {"train": "train", "val": "validation", "validation": "validation"}
HELD_OUT = 5  # without a split of its own, every fifth clip of a class validates
IMAGES = (".png", ".jpg", ".jpeg", ".bmp")


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
    clips = _labelled(root) if (root / LABELS).is_file() else _sorted_in_folders(root)
    if not clips:
        kinds = ", ".join((*READERS, "folders of images"))
        raise DataError(f"{root}: no clips found, expected {kinds} in one folder for each class")
    classes = tuple(sorted({clip.label for clip in clips}))
    videos = _read_all(clips)
    parts = _split(clips, seed)
    label = np.array([classes.index(clip.label) for clip in clips], dtype=np.int64)
    train, validation = (StoredVideos([videos[i] for i in part], label[part]) for part in parts)
    untaught = sorted({classes[each] for each in set(validation.labels) - set(train.labels)})
    if len(train.labels) and untaught:
        raise DataError(f"{root}: labels do not match, {untaught[0]!r} is validated but never trained")
    return Data(f"{root.name}:{_fingerprint(root, clips)},seed={seed}", classes, train, validation)


def _labelled(root: Path) -> list[Clip]:
    place = root / LABELS
    with place.open(newline="") as file:
        rows = csv.DictReader(file)
        missing = {"clip", "label"} - set(rows.fieldnames or ())
        if missing:
            raise DataError(
                f"{place}: no column {sorted(missing)[0]!r}, expected clip,label and perhaps split"
            )
        return [_row(root, row, f"{place}:{rows.line_num}") for row in rows]


def _row(root: Path, row: Mapping[str, str | None], at: str) -> Clip:
    name, label, split = row["clip"], row["label"], row.get("split") or None
    if not name or not label:
        raise DataError(f"{at}: clip {name!r} with label {label!r}, expected both")
    if split is not None and split not in SPLITS:
        raise DataError(f"{at}: split {split!r}, expected {', '.join(SPLITS)}")
    path = root / name
    if not path.exists():
        raise DataError(f"{at}: labels do not match, there is no clip {name!r}")
    return Clip(path, label, None if split is None else SPLITS[split])


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


def _read_all(clips: Iterable[Clip]) -> list[Frames]:
    videos: list[Frames] = []
    for clip in clips:
        videos.append(read(clip.path))
        if videos[-1].shape[1:] != videos[0].shape[1:]:
            first, other = (_size(video) for video in (videos[0], videos[-1]))
            raise DataError(f"{clip.path}: a clip of {other}, expected {first} as the first clip has")
    return videos


def _size(video: Frames) -> str:
    height, width, channels = video.shape[1:]
    return f"{width}x{height} pixels in {channels} channel{'s' * (channels != 1)}"


def read(path: Path) -> Frames:
    """The frames (time, height, width, channels) of a clip, as bytes.

    Raises:
        DataError: the clip cannot be read.
    """
    reader = read_images if path.is_dir() else READERS.get(path.suffix.lower())
    if reader is None:
        found = path.suffix or "no suffix"
        raise DataError(f"{path}: {found}, expected {', '.join(READERS)} or a folder of images")
    return reader(path)


def read_array(path: Path) -> Frames:
    """A clip from a `.npy` file of (time, height, width[, channels]): bytes, or floats from 0 to 1."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: not a .npy array ({error})") from error
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or not array.size or array.shape[-1] > 4:
        raise DataError(
            f"{path}: an array of shape {array.shape}, expected (time, height, width[, channels])"
        )
    if array.dtype == np.uint8:
        return np.asanyarray(array)
    if array.dtype.kind != "f" or not (np.min(array) >= 0 and np.max(array) <= 1):
        raise DataError(f"{path}: {array.dtype} values outside 0 to 1, expected bytes, or floats from 0 to 1")
    return np.asarray(array * 255 + 0.5).astype(np.uint8)


def read_images(path: Path) -> Frames:
    """A clip from a folder of images, in the order of their names."""
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGES)
    if not files:
        raise DataError(f"{path}: no images, expected one for each frame: {', '.join(IMAGES)}")
    frames = [_image(file) for file in files]
    other = next(
        (file for file, frame in zip(files, frames, strict=True) if frame.shape != frames[0].shape), None
    )
    if other is not None:
        raise DataError(f"{other}: another size than {files[0].name}, expected frames of one size")
    return np.stack(frames)


def _image(path: Path) -> Frames:
    import matplotlib.image  # reads with Pillow, which comes with it

    try:
        pixels: Any = matplotlib.image.imread(path)
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{path}: not an image ({error})") from error
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    pixels = pixels[..., :3] if pixels.shape[-1] == 4 else pixels  # without its transparency
    return np.asarray(pixels if pixels.dtype == np.uint8 else pixels * 255 + 0.5, np.uint8)


# A kind of file is one entry: from its suffix to what reads it. Video files will stand here too.
READERS: Mapping[str, Callable[[Path], Frames]] = {".npy": read_array}


def _fingerprint(root: Path, clips: Iterable[Clip]) -> str:
    """A short name for the content: which files, their labels, sizes and times of change."""
    digest = hashlib.sha256()
    for clip in clips:
        stat = clip.path.stat()
        entry = (str(clip.path.relative_to(root)), clip.label, clip.split, stat.st_size, stat.st_mtime_ns)
        digest.update(repr(entry).encode())
    return digest.hexdigest()[:12]
