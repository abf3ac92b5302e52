"""A data set of files as they lie on disk: labels read, every clip looked at, nothing dropped in silence."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from costmodel.errors import DataError
from search.data.base import Data
from search.data.cut import Numbers
from search.data.file_videos import FileVideos
from search.data.folder import HELD_OUT
from search.data.readers import Labelled, Listing, Reader
from search.data.readers.base import shown
from search.data.tree import Tree
from search.video.cache import Cache
from search.video.decoders import Decoders
from search.video.index import Index
from search.video.recording import Recording

FPS = Fraction(30)  # of the clock, where nothing is said: what the specs' `every` counts in
SHOWN = 3
LONGEST = 200
# Why something is no clip of the set, or not a whole one, in the order in which it is told.
UNDECODED = "cannot be decoded"
DAMAGED = "damaged"
MISSING = "labelled, but not there"
UNLABELLED = "without a label"
NO_CLIP = "no clip and no label"
OUTSIDE = "out of the folder"
OTHER_PART = "of no part that is used"
NOTES: Mapping[str, tuple[str, str]] = {
    UNDECODED: ("video that cannot be decoded is left out", "videos that cannot be decoded are left out"),
    DAMAGED: (
        "video is damaged, and used as far as it goes",
        "videos are damaged, and used as far as they go",
    ),
    MISSING: ("label names a clip that is not there", "labels name clips that are not there"),
    UNLABELLED: ("clip has no label, and is left out", "clips have no label, and are left out"),
    NO_CLIP: ("file is no clip that is read, and left out", "files are no clips that are read, and left out"),
    OUTSIDE: (
        "link leads out of the folder, and is left out",
        "links lead out of the folder, and are left out",
    ),
    OTHER_PART: ("clip is in neither part of the set", "clips are in neither part of the set"),
}


@dataclass(frozen=True)
class Opening:
    """How files are opened.

    Args:
        fps: ticks a second of the clock that clips are taken by.
        split: its number, of sets that come with several.
        workers: processes that decode.
        cache: where decoded clips are stored, if anywhere.
    """

    fps: Fraction = FPS
    split: int = 1
    workers: int = 0
    cache: Cache | None = None


def video_set(tree: Tree, reader: Reader, opening: Opening, seed: int) -> Data:
    """The data set of a folder whose labels a reader knows.

    Raises:
        DataError: no clip is left, or what is left cannot be trained on.
    """
    listing = reader.read(tree, opening.split)
    left = _left(tree, listing)
    index = Index(None if opening.cache is None else opening.cache.folder)
    known = _recordings(tree, listing, left, index)
    clips = [clip for clip in listing.clips if clip.name in known]
    if not clips:
        first = next(iter([*left[UNDECODED], *left[MISSING]]), "")
        raise DataError(f"{tree.root}: no clip left{f', such as {first[:LONGEST]}' * bool(first)}")
    classes = listing.classes or tuple(sorted({name for clip in clips for name in clip.labels}))
    labels = _numbers(clips, classes, several=listing.several)
    recordings = [_part(clip, known[clip.name]) for clip in clips]
    decoders = Decoders(opening.workers, opening.cache)
    parts = _split(tree, clips, seed)
    _must_be_taught(tree, clips, parts)
    train, validation = (
        FileVideos([recordings[i] for i in part], labels[part], opening.fps, decoders) for part in parts
    )
    return Data(
        # the folder's name, not its path: the same clips elsewhere are the same data
        _with_rate(f"{tree.root.name}:{_fingerprint(tree, clips, recordings)},seed={seed}", opening.fps),
        classes,
        train,
        validation,
        mirrors=listing.mirrors,
        fps=float(opening.fps),
        left={why: tuple(names) for why, names in left.items() if names},
    )


def notes_of(left: Mapping[str, Sequence[str]]) -> list[str]:
    """A line for each reason: how many, and the first names."""
    lines = []
    for why, (one, many) in NOTES.items():
        names = left.get(why, ())
        if names:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            shown = ", ".join(name[:LONGEST] for name in names[:SHOWN])
            lines.append(f"{len(names)} {one if len(names) == 1 else many}: {shown}{more}")
    return lines


def unread(tree: Tree, used: Iterable[str], clips: Iterable[str]) -> dict[str, list[str]]:
    """What of a folder is neither a clip of the set nor its labels."""
    taken, known = frozenset(clips), frozenset((*used, *tree.clips))
    return {
        UNLABELLED: [name for name in tree.clips if name not in taken],
        NO_CLIP: [name for name in tree.files if name not in known],
        OUTSIDE: list(tree.outside),
    }


def _left(tree: Tree, listing: Listing) -> dict[str, list[str]]:
    rest = [stem for stem in map(tree.clip, listing.left_out) if stem is not None]
    taken = [clip.name for clip in listing.clips]
    found = defaultdict(list, unread(tree, listing.used, [*taken, *rest]))
    found[MISSING], found[OTHER_PART] = list(listing.missing), rest
    return found


def _recordings(
    tree: Tree, listing: Listing, left: Mapping[str, list[str]], index: Index
) -> dict[str, Recording]:
    """What is known of each clip that can be read; what cannot is added to what is left out."""
    rate = listing.rate or FPS  # of what does not know its own

    def looked_at(name: str) -> Recording | str:
        try:
            return index.recording(tree.root / name, rate)
        except DataError as error:
            # said with the name in the folder, which stands beside it
            return str(error).removeprefix(f"{tree.root}/")

    names = list(dict.fromkeys(clip.name for clip in listing.clips))
    # decoders let go of Python's lock, so that threads look at several files at once
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 16)) as pool:
        found = dict(zip(names, pool.map(looked_at, names), strict=True))
    index.write()
    known = {}
    for name, each in found.items():
        if isinstance(each, str):
            left[UNDECODED].append(each)
            continue
        known[name] = each
        if each.damage:
            left[DAMAGED].append(f"{name} ({each.damage})")
    return known


def _part(clip: Labelled, known: Recording) -> Recording:
    return known if clip.part is None else known.part(*clip.part)


def _numbers(clips: Sequence[Labelled], classes: Sequence[str], *, several: bool) -> Numbers:
    number = {name: place for place, name in enumerate(classes)}
    for clip in clips:
        unknown = next((name for name in clip.labels if name not in number), None)
        if unknown is not None:
            raise DataError(
                f"{clip.name}: class {shown(unknown)} is none of the {len(classes)} that the set names"
            )
    if not several:
        return np.array([number[clip.labels[0]] for clip in clips], dtype=np.int64)
    found = np.zeros((len(clips), len(classes)), dtype=np.int64)
    for row, clip in zip(found, clips, strict=True):
        row[[number[name] for name in clip.labels]] = 1
    return found


def _split(tree: Tree, clips: Sequence[Labelled], seed: int) -> tuple[Numbers, Numbers]:
    """The clips to train on and those to validate with, as they say, or every fifth of each class."""
    if any(clip.split for clip in clips):
        unsaid = next((clip for clip in clips if clip.split is None), None)
        if unsaid is not None:
            raise DataError(
                f"{tree.root / unsaid.name}: no split, though other clips have one; expected train or val"
            )
        validates = np.array([clip.split == "validation" for clip in clips])
    else:
        random = np.random.default_rng(seed)
        validates = np.zeros(len(clips), dtype=np.bool_)
        alike: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, clip in enumerate(clips):
            alike[clip.labels].append(number)
        for _, mine in sorted(alike.items()):
            validates[random.permutation(mine)[: len(mine) // HELD_OUT]] = True
    return np.flatnonzero(~validates), np.flatnonzero(validates)


def _must_be_taught(tree: Tree, clips: Sequence[Labelled], parts: tuple[Numbers, Numbers]) -> None:
    taught, asked = ({name for i in part for name in clips[i].labels} for part in parts)
    if taught and asked - taught:
        raise DataError(
            f"{tree.root}: labels do not match, {min(asked - taught)!r} is validated but never trained"
        )


def _fingerprint(tree: Tree, clips: Sequence[Labelled], recordings: Sequence[Recording]) -> str:
    """A short name for the content: which files, their labels, sizes and times of change."""
    digest = hashlib.sha256()
    for clip, known in zip(clips, recordings, strict=True):
        stat = (tree.root / clip.name).stat()
        entry = (clip.name, clip.labels, clip.split, str(known.begin), str(known.seconds))
        digest.update(repr((*entry, stat.st_size, stat.st_mtime_ns)).encode())
    return digest.hexdigest()[:12]


def at_rate(data: Data, fps: float) -> Data:
    """The same data, its clips taken at so many ticks a second: one in `every` of them is a model frame.

    Of videos that are held in memory it is what their rate is said to be.
    """
    if not (isinstance(data.train, FileVideos) and isinstance(data.validation, FileVideos)):
        return replace(data, fps=fps)
    rate = Fraction(fps).limit_denominator(1001)
    key = _with_rate(data.key.partition(",fps=")[0], rate)
    return replace(data, fps=fps, key=key, train=data.train.at(rate), validation=data.validation.at(rate))


def _with_rate(key: str, rate: Fraction) -> str:
    return key if rate == FPS else f"{key},fps={float(rate):g}"
