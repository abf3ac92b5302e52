"""Clips of one batch that have unequal numbers of frames, in groups of equal ones."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

Rows = list[int]


@dataclass(frozen=True)
class Groups:
    """Clips in groups of equal shape.

    Every layer runs once a group, so that nothing stands in for frames that a clip has not: no padding, pool
    or norm has to know of them.

    Args:
        rows: the places in the batch of each group's clips.
        clips: (clips of the group, channels, time, height, width) of each group.
    """

    rows: tuple[Rows, ...]
    clips: tuple[Tensor, ...]

    @staticmethod
    def of(rows: Sequence[Rows], clips: Sequence[Tensor]) -> Groups:
        """Groups of these places and clips."""
        return Groups(tuple(rows), tuple(clips))

    @staticmethod
    def by(keys: Sequence[Hashable]) -> list[Rows]:
        """The places of equal keys together, in the order of the first of each."""
        found: dict[Hashable, Rows] = {}
        for row, key in enumerate(keys):
            found.setdefault(key, []).append(row)
        return list(found.values())

    @property
    def batch(self) -> int:
        """Clips in all."""
        return sum(map(len, self.rows))

    @property
    def frames(self) -> list[int]:
        """The frames of each clip, in the order of the batch."""
        return [number for _, number in sorted(self._by_row())]

    def merged(self) -> Groups:
        """The same clips, groups of equal shape put together."""
        alike = Groups.by([each.shape[1:] for each in self.clips])
        return Groups.of(
            [[row for group in groups for row in self.rows[group]] for groups in alike],
            [_cat([self.clips[group] for group in groups]) for groups in alike],
        )

    def split_as(self, rows: Sequence[Rows]) -> Groups:
        """The same clips in these groups, each of which is a part of one of its own."""
        if tuple(rows) == self.rows:
            return self
        place = {row: (group, at) for group, rows in enumerate(self.rows) for at, row in enumerate(rows)}
        parts = []
        for each in rows:
            ((group, _), *_) = found = [place[row] for row in each]
            parts.append(self.clips[group][[at for _, at in found]])
        return Groups.of(rows, parts)

    def joined(self, frames: int) -> Tensor:
        """One tensor of all clips in the order of the batch, with zeros behind the frames of each."""
        filled = [functional.pad(each, (0, 0, 0, 0, 0, frames - each.shape[2])) for each in self.clips]
        order = [row for rows in self.rows for row in rows]
        back = sorted(range(len(order)), key=order.__getitem__)
        return torch.cat(filled)[back]

    def _by_row(self) -> list[tuple[int, int]]:
        pairs = zip(self.rows, self.clips, strict=True)
        return [(row, each.shape[2]) for rows, each in pairs for row in rows]


def over_groups(run: Callable[..., Tensor], inputs: Sequence[Tensor | Groups]) -> Groups:
    """What a layer answers to inputs of which some are in groups, run once a group."""
    grouped = [each for each in inputs if isinstance(each, Groups)]
    rows = grouped[0].rows
    if any(each.rows != rows for each in grouped[1:]):
        of_row = [{row: number for number, rows in enumerate(each.rows) for row in rows} for each in grouped]
        rows = tuple(Groups.by([tuple(of[row] for of in of_row) for row in range(grouped[0].batch)]))
    parts = [_parts(each, rows) for each in inputs]
    return Groups.of(rows, [run(*part) for part in zip(*parts, strict=True)])


def _parts(given: Tensor | Groups, rows: Sequence[Rows]) -> Sequence[Tensor]:
    if isinstance(given, Groups):
        return given.split_as(rows).clips
    return [given[each] for each in rows]


def _cat(clips: Sequence[Tensor]) -> Tensor:
    return clips[0] if len(clips) == 1 else torch.cat(list(clips))
