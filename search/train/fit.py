"""Whether a network and a data set fit each other, and the accuracy of a network on clips."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import torch
from torch import Tensor

from costmodel.errors import DataError
from costmodel.graph import Graph
from costmodel.weights import is_weights_file, read_weights_file
from search.data import Data, Videos
from search.data.file_videos import FileVideos
from search.data.views import View, batches, centre_clips
from search.train.answers import Reading
from search.train.checkpoint import WeightsPath, read
from search.train.forms import Form
from search.train.group import ALONE, Group
from search.train.metrics import loss_of, right_in

EVALUATED_AT_ONCE = 64  # bounds memory alone: in evaluation a clip's answer does not depend on its batch


def clip_of(graph: Graph) -> Graph:
    """The clip network of a stream; a clip network itself."""
    return graph if graph.clip is None else graph.clip


def view_of(graph: Graph, frames: int) -> View:
    """The rate and the size of the clips of `frames` frames that a network takes."""
    clip = clip_of(graph)
    every = Fraction(clip.every) if isinstance(clip.every, int | Fraction) else Fraction(1)
    return View(frames, every, int(clip.source.height), int(clip.source.width))


def must_fit(graph: Graph, data: Data, *, spare_classes: bool = False) -> None:
    """Raises unless a network has a score for each class of the data, and takes its channels.

    Args:
        graph: the network.
        data: the clips.
        spare_classes: whether it may have scores that no clip is labelled with.

    Raises:
        DataError: it does not fit.
    """
    scores, classes = int(graph.types[graph.output].channels), len(data.classes)
    if scores < classes or (scores > classes and not spare_classes):
        raise DataError(
            f"{graph.name}: labels don't match, it answers {scores} classes and the data has {classes}; "
            f"try --set classes={classes}"
        )
    channels = int(clip_of(graph).source.channels)
    # grey clips fit every network: `as_wide` repeats their one channel. Whether a video file is grey it does
    # not say, so that its three channels fit a network of one as well.
    fits_grey = channels == 1 and isinstance(data.train, FileVideos)
    if data.train.channels not in (1, channels) and not fits_grey:
        found = data.train.channels
        raise DataError(f"{graph.name}: takes {channels} channels, the clips have {found}; expected the same")


def as_wide(clips: Tensor, graph: Graph) -> Tensor:
    """Clips in as many channels as a network takes: grey ones repeated, coloured ones made grey for one."""
    channels = int(clip_of(graph).source.channels)
    if channels == 1 and clips.shape[1] == 3:
        return clips.mean(1, keepdim=True)
    # a view: all channels share one plane, so it must not be written into
    return clips if clips.shape[1] == channels else clips.expand(-1, channels, -1, -1, -1)


def reading_of(weights: WeightsPath) -> Reading:
    """Which answers count for a clip, as the training of these weights had it.

    Raises:
        CostModelError: there is no such file, or it is damaged.
    """
    path = Path(weights)
    if is_weights_file(path):
        about = read_weights_file(path).about
        return Reading() if about is None else Reading(about.answers, about.lead)
    content = read(path)
    return Reading(str(content.get("answers", "")), int(content.get("lead", 0)))


@torch.no_grad()
def validate(form: Form, videos: Videos, device: str, group: Group = ALONE) -> tuple[float, float]:
    """Mean loss and accuracy on one clip from the middle of each video, of which each process takes some."""
    # losses are summed and divided once: a mean of batches' means would weigh a short last batch too much
    graph = form.network.graph
    form.network.eval()
    view = view_of(graph, form.frames)
    loss, right = 0.0, 0
    every = list(batches(len(videos.labels), EVALUATED_AT_ONCE))
    for index in every[group.rank :: group.size]:
        labels = torch.from_numpy(videos.labels[index]).to(device)
        logits = form.logits(as_wide(centre_clips(videos, index, view, device=device), graph))
        loss += float(loss_of(logits, labels, reduction="sum"))
        right += right_in(logits, labels)
    loss, found = group.total(loss, right)
    return loss / len(videos.labels), found / len(videos.labels)
