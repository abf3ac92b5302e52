"""The designs that no other design beats: a Pareto front, kept while designs come in pieces."""

from __future__ import annotations

import numpy as np

from costmodel.errors import OptionError

Array = np.ndarray
LARGEST_FRONT = 1_000_000
BLOCK = 256
SAMPLE = 32


class Front:
    """The non-dominated points seen so far, the smaller the better on every objective, by number.

    A point is dominated by another that is nowhere larger and somewhere smaller. Of equal points the first is
    kept. Memory is bounded by the front itself.
    """

    def __init__(self) -> None:
        self.points: Array | None = None
        self.numbers: Array = np.empty(0, dtype=np.int64)

    def add(self, points: Array, numbers: Array) -> None:
        """Takes in points, one a row, and the number of each.

        Raises:
            OptionError: more than a million points are non-dominated.
        """
        if self.points is not None and len(self.points):
            # Against the front first, which leaves little to sort.
            new = ~dominated(points, self.points, or_equal=True)
            points, numbers = points[new], numbers[new]
        if not len(points):
            self.points = points if self.points is None else self.points
            return
        if self.points is not None:
            points = np.concatenate([self.points, points])
            numbers = np.concatenate([self.numbers, numbers])
        kept = front(points)
        if len(kept) > LARGEST_FRONT:
            raise OptionError(
                f"--pareto: more than {LARGEST_FRONT} designs are not dominated; name fewer figures"
            )
        self.points, self.numbers = points[kept], numbers[kept]


def front(points: Array) -> Array:
    """The rows of the non-dominated points, ordered by the first objective; the first of equal ones."""
    order: Array = np.lexsort(points.T[::-1])
    ordered = points[order]
    distinct = np.ones(len(order), dtype=bool)
    distinct[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    order, ordered = order[distinct], ordered[distinct]
    kept: Array
    if ordered.shape[1] == 1:
        kept = order[:1]
    elif ordered.shape[1] == 2:
        # In a plane, sorted by the first objective, a point stands if none before it is as small on the
        # second.
        best = np.minimum.accumulate(ordered[:, 1])
        kept = order[np.concatenate([[True], ordered[1:, 1] < best[:-1]])]
    else:
        kept = order[_front_of_sorted(ordered)]
    return kept


def _front_of_sorted(points: Array) -> Array:
    """Rows of the front of points in lexical order: none is dominated by one that comes after it."""
    kept: list[Array] = []
    found = points[:0]
    for start in range(0, len(points), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(points)))
        rows = rows[~dominated(points[rows], found)]
        inner = points[rows]
        beaten = _pairs(inner, inner, or_equal=False)
        rows = rows[~beaten]
        kept.append(rows)
        found = np.concatenate([found, points[rows]])
    return np.concatenate(kept)


def dominated(points: Array, by: Array, *, or_equal: bool = False) -> Array:
    """Which points one of the others dominates (or equals)."""
    if not len(by):
        return np.zeros(len(points), dtype=bool)
    if by.shape[1] == 2:
        return _dominated_in_a_plane(points, by, or_equal)
    beaten = _pairs(points, _strong(by), or_equal)
    for start in range(0, len(by), BLOCK):
        left = np.flatnonzero(~beaten)
        if not len(left):
            break
        beaten[left] = _pairs(points[left], by[start : start + BLOCK], or_equal)
    return beaten


def _strong(by: Array) -> Array:
    """A few points that are good on the whole: they dominate most."""
    if len(by) <= SAMPLE:
        return by
    ranks = by.argsort(axis=0, kind="stable").argsort(axis=0).sum(axis=1)
    return by[np.argsort(ranks)[:SAMPLE]]


def _pairs(points: Array, by: Array, or_equal: bool) -> Array:
    beaten: Array = np.zeros(len(points), dtype=bool)
    # In pieces: all pairs at once would take memory as the square of the points.
    for start in range(0, len(points), 1 << 12):
        piece = points[start : start + (1 << 12)]
        nowhere_larger = np.ones((len(piece), len(by)), dtype=bool)
        somewhere_smaller = np.full((len(piece), len(by)), or_equal)
        for objective in range(points.shape[1]):
            mine, other = piece[:, objective, None], by[None, :, objective]
            nowhere_larger &= other <= mine
            if not or_equal:
                somewhere_smaller |= other < mine
        beaten[start : start + (1 << 12)] = (nowhere_larger & somewhere_smaller).any(axis=1)
    return beaten


def _dominated_in_a_plane(points: Array, by: Array, or_equal: bool) -> Array:
    order = np.lexsort((by[:, 1], by[:, 0]))
    first = by[order, 0]
    best = np.minimum.accumulate(by[order, 1])
    last = np.searchsorted(first, points[:, 0], side="right") - 1  # the last that is not larger
    least = best[np.maximum(last, 0)]
    if or_equal:
        return (last >= 0) & (least <= points[:, 1])
    before = np.searchsorted(first, points[:, 0], side="left") - 1  # the last that is smaller
    least_before = best[np.maximum(before, 0)]
    return ((last >= 0) & (least < points[:, 1])) | ((before >= 0) & (least_before <= points[:, 1]))
