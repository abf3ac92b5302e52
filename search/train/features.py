"""What a network without its head answers to every frame of every video, computed once and stored."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from costmodel.emit import StreamNetwork, emit
from costmodel.errors import DataError
from costmodel.graph import Graph
from costmodel.transforms.continual import continual
from costmodel.transforms.head import Head, kept
from search.data import Data, Videos
from search.data.views import Numbers, clips_at, evaluated_times
from search.train import checkpoint
from search.train.fit import as_wide, view_of
from search.train.sequences import Features

FILE = "features.npz"
VIDEOS_AT_ONCE = 8


@dataclass(frozen=True)
class Stored:
    """The features (frames, channels) of each video, of both parts of the data."""

    train: list[Features]
    validation: list[Features]

    @property
    def longest(self) -> int:
        """Frames of the longest sequence."""
        return max(len(each) for each in (*self.train, *self.validation))


def stored(
    clip: Graph, tensors: Mapping[str, Tensor], data: Data, device: str, folder: Path | None
) -> Stored:
    """The features of all videos: read from the folder if they were stored there before, computed otherwise.

    They are those of the stream from its first frame on, of a centre crop, so that the head learns from what
    it will read.

    Args:
        clip: the clip network with its head.
        tensors: its weights.
        data: the videos.
        device: where the rest of the network runs.
        folder: where they are stored; nowhere if None.

    Raises:
        DataError: a video is too short for the first feature, or the file cannot be written.
    """
    stream = continual(Head()(clip))
    mine = kept(stream, tensors)
    key = _key(stream, mine, data)
    path = None if folder is None else folder / FILE
    found = None if path is None else _read(path, key)
    if found is not None:
        return found
    network = emit(stream)
    assert isinstance(network, StreamNetwork)
    network.load_state_dict(mine)
    network.to(torch.device(device)).eval()
    found = Stored(*(_of_videos(network, videos, device) for videos in (data.train, data.validation)))
    if path is not None:
        _write(path, key, found)
    return found


@torch.no_grad()
def _of_videos(network: StreamNetwork, videos: Videos, device: str) -> list[Features]:
    found: dict[int, Features] = {}
    every = view_of(network.graph, 1).every
    # the videos of a batch step together, so they must end together
    for index, frames in _of_equal_length(videos, every):
        view = view_of(network.graph, frames)
        starts = np.zeros(len(index), np.int64)
        times = evaluated_times(videos, index, view, starts)
        clips = as_wide(clips_at(videos, index, times, view, device=device), network.graph)
        # a stream keeps its state between calls: the next batch must not begin in the last one's
        network.reset()
        features, _ = network.forward_steps(clips)
        if not features.shape[2]:
            needed = network.program.delay + 1
            raise DataError(f"a video of {frames} frames: has no feature yet, expected {needed} or more")
        values = features.flatten(3).mean(3) if features.dim() > 3 else features
        found |= zip(index.tolist(), values.transpose(1, 2).cpu().numpy(), strict=True)
    # grouped by length above: back in the order of the labels
    return [found[number] for number in range(len(videos.labels))]


def _of_equal_length(videos: Videos, every: Fraction) -> Iterator[tuple[Numbers, int]]:
    """Groups of a few videos that have the same number of frames at the network's rate."""
    frames = np.array([int((int(length) - 1) / every) + 1 for length in videos.lengths])
    for number in np.unique(frames):
        same = np.flatnonzero(frames == number)
        for first in range(0, len(same), VIDEOS_AT_ONCE):
            yield same[first : first + VIDEOS_AT_ONCE], int(number)


def _key(stream: Graph, tensors: Mapping[str, Tensor], data: Data) -> str:
    """A digest of all that features depend on: layers, weights, and the data."""
    layers = [(node.name, repr(node.op), node.inputs) for node in stream.nodes]
    found = hashlib.sha256(repr((layers, stream.every, str(stream.clip), data.key)).encode())
    for name in sorted(tensors):
        # by value, not by file: a head may be trained again from a copy of the same weights
        found.update(name.encode() + tensors[name].detach().cpu().numpy().tobytes())
    return found.hexdigest()


def _write(path: Path, key: str, found: Stored) -> None:
    content = io.BytesIO()
    parts = {"train": found.train, "validation": found.validation}
    arrays = {name: np.concatenate(each) for name, each in parts.items()}
    # one array a part and the lengths: arrays of unequal length could only be stored as pickles
    lengths = {f"{name}_lengths": np.array([len(one) for one in each]) for name, each in parts.items()}
    np.savez(content, allow_pickle=False, key=np.array(key), **arrays, **lengths)
    checkpoint.write(path, content.getvalue())


def _read(path: Path, key: str) -> Stored | None:
    """The stored features; None where the file is missing, damaged, or of another network or data."""
    try:
        with np.load(path, allow_pickle=False) as content:
            if str(content["key"]) != key:
                return None
            return Stored(*(_split(content, name) for name in ("train", "validation")))
    # no error: what cannot be read is computed again
    except (EOFError, KeyError, OSError, ValueError, zipfile.BadZipFile):
        return None


def _split(content: Mapping[str, np.ndarray], name: str) -> list[Features]:
    return np.split(content[name], np.cumsum(content[f"{name}_lengths"])[:-1])
