"""Accuracy from scores: top-k, mean average precision, each class by itself, and standard errors.

Labels are a class for each video (videos,), or, where a video has several, 0 or 1 for each (videos, classes).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

Scores = NDArray[np.floating]
Labels = NDArray[np.int64]


# Made by a call, since `class` is no name in Python; shares that would divide by no video are None.
ClassRow = TypedDict(
    "ClassRow",
    {
        "class": str,
        "videos": int,
        "recall": float | None,
        "recall_error": float | None,
        "precision": float | None,
        "average_precision": float | None,
    },
)


def loss_of(logits: Tensor, labels: Tensor, reduction: str = "mean") -> Tensor:
    """Cross-entropy; for clips of several labels the sum of each class's binary one."""
    if labels.dim() == 1:
        return cross_entropy(logits, labels, reduction=reduction)
    each = binary_cross_entropy_with_logits(
        logits[:, : labels.shape[1]], labels.to(logits.dtype), reduction=reduction
    )
    # torch's mean is over clips and classes; times the classes it is a mean over clips alone
    return each * labels.shape[1] if reduction == "mean" else each


def right_in(logits: Tensor, labels: Tensor) -> int:
    """How many clips are right: their highest score is of their label, or of one of their labels."""
    if labels.dim() == 1:
        return int((logits.argmax(1) == labels).sum())
    best = logits[:, : labels.shape[1]].argmax(1, keepdim=True)
    return int(labels.gather(1, best).sum())


def probabilities(logits: Tensor, several: bool) -> Tensor:
    """Scores from 0 to 1 of logits (clips, classes): of one class each, or of `several`."""
    return logits.sigmoid() if several else logits.softmax(1)


def top(scores: Scores, labels: Labels, number: int = 1) -> float:
    """The share of videos with a label of theirs among their `number` highest scores."""
    # stable: among equal scores the lower class counts, on every machine
    best = np.argsort(-scores, axis=1, kind="stable")[:, :number]
    return float(np.take_along_axis(one_hot(labels, scores.shape[1]), best, axis=1).any(1).mean())


def mean_average_precision(scores: Scores, labels: Labels) -> float:
    """The mean of `average_precision` over the classes that a video is labelled with."""
    wanted = one_hot(labels, scores.shape[1])
    classes = np.flatnonzero(wanted.any(0))
    return float(np.mean([average_precision(scores[:, each], wanted[:, each]) for each in classes]))


def average_precision(scores: Scores, wanted: NDArray[np.bool_]) -> float:
    """The mean precision at each wanted video, from the highest score (videos,) down.

    Videos of equal scores count together, so that their order does not matter.
    """
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(wanted[order])
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf))  # the last video of each equal score
    gained = np.diff(found[ends], prepend=0)
    return float((gained * found[ends] / (ends + 1)).sum() / found[-1])


def confusion(scores: Scores, labels: Labels) -> NDArray[np.int64]:
    """How many videos of each class (rows) are taken for each class (columns).

    A video of several labels counts once for each.
    """
    wanted = one_hot(labels, scores.shape[1])
    answered = one_hot(scores.argmax(1), scores.shape[1])
    return wanted.T.astype(np.int64) @ answered.astype(np.int64)


def per_class(scores: Scores, labels: Labels, classes: Sequence[str]) -> list[ClassRow]:
    """A row for each class: its videos, the share of them found, the share of its answers that are right."""
    wanted = one_hot(labels, scores.shape[1])
    answered = scores.argmax(1)
    return [
        _of_class(name, scores[:, number], wanted[:, number], answered == number)
        for number, name in enumerate(classes)
    ]


def _of_class(name: str, scores: Scores, wanted: NDArray[np.bool_], answered: NDArray[np.bool_]) -> ClassRow:
    videos, answers, right = (int(each.sum()) for each in (wanted, answered, wanted & answered))
    return {
        "class": name,
        "videos": videos,
        "recall": right / videos if videos else None,
        "recall_error": standard_error(right / videos, videos) if videos else None,
        "precision": right / answers if answers else None,
        "average_precision": average_precision(scores, wanted) if videos else None,
    }


def standard_error(share: float, number: int) -> float:
    """The binomial standard error of a share of `number` videos: sqrt(p (1 - p) / n).

    A share of 0 or 1 is taken as a little inside, 1 / (n + 1): no number of videos makes it certain.
    """
    inside = min(max(share, 1 / (number + 1)), number / (number + 1))
    return sqrt(inside * (1 - inside) / number)


def one_hot(labels: Labels, classes: int) -> NDArray[np.bool_]:
    """Whether each video has each class (videos, classes)."""
    if labels.ndim == 1:
        return np.asarray(labels[:, None] == np.arange(classes))
    # a network may have more scores than the data has classes, see `spare_classes`
    spare = np.zeros((len(labels), classes - labels.shape[1]), dtype=np.bool_)
    return np.concatenate([labels.astype(np.bool_), spare], axis=1)
