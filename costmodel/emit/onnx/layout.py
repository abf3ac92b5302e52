"""Where what a stream keeps lies in the tensors of its program, and how a host starts a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import prod
from typing import NamedTuple

from costmodel.emit.export import Packing


class Slot(NamedTuple):
    """One tensor of the state.

    Args:
        name: such as `res2.0.main.b.partial.0`.
        shape: channels, height and width.
        fill: what it holds of a stream that has seen no frame.
        since: the number of the run, from 0, that its layer's first frame comes in; what it holds ahead of
            that run must be `fill`.
        group: the layer, and which of what it keeps: slots of one hold values of one range.
    """

    name: str
    shape: tuple[int, int, int]
    fill: float
    since: int
    group: str = ""


@dataclass(frozen=True)
class Packed:
    """Slots side by side in one tensor: those of a map in channels, or numbers of all in a row.

    Args:
        name: of the program's input.
        is_flat: whether it is (batch, numbers).
        slots: in the order in which their layers begin, those of one fill together.
    """

    name: str
    is_flat: bool
    slots: tuple[Slot, ...]

    @property
    def output(self) -> str:
        """The name of the program's output that it goes on from."""
        return f"{self.name}_out"

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape, without the batch."""
        length = sum(map(self.length, self.slots))
        return (length,) if self.is_flat else (length, *self.slots[0].shape[1:])

    def length(self, slot: Slot) -> int:
        """How many places of its second axis a slot takes."""
        return prod(slot.shape) if self.is_flat else slot.shape[0]

    def placed(self) -> Iterator[tuple[int, Slot]]:
        """Each slot and where it begins."""
        first = 0
        for slot in self.slots:
            yield first, slot
            first += self.length(slot)

    def resets(self) -> Iterator[dict[str, object]]:
        """For each fill, from where on it is written anew after an early run; see `described`."""
        for fill, placed in groupby(self.placed(), key=lambda each: each[1].fill):
            found = list(placed)
            starts: dict[int, int] = {}
            for first, slot in found:
                starts.setdefault(slot.since, first)
            last, slot = found[-1]
            yield {
                "state": self.name,
                "fill": fill,
                "first": found[0][0],
                "end": last + self.length(slot),
                "starts": [list(each) for each in starts.items() if each[0] > 0],
            }


def packed(slots: Sequence[Slot], packing: Packing) -> tuple[Packed, ...]:
    """Slots in tensors: one for each size of map and fill, one for all, or one for each layer."""
    if packing == "one":
        return (Packed("state", True, tuple(sorted(slots, key=_order))),) if slots else ()
    if packing == "layer":
        groups = dict.fromkeys(slot.group for slot in slots)
        return tuple(Packed(each, False, tuple(s for s in slots if s.group == each)) for each in groups)
    found = []
    for _, group in groupby(sorted(slots, key=_by_map), key=lambda slot: (slot.shape[1:], slot.fill)):
        held = tuple(group)
        _, height, width = held[0].shape
        found.append(Packed(f"state_{height}x{width}{'_lowest' * (held[0].fill < 0)}", False, held))
    return tuple(found)


def _order(slot: Slot) -> tuple[float, int]:
    return -slot.fill, slot.since


def _by_map(slot: Slot) -> tuple[int, int, float, int]:
    # Large maps first, as the network makes them.
    return -slot.shape[1], -slot.shape[2], *_order(slot)


HOW = (
    "A new stream's state is filled as `fills` says. After run number n, counted from 0, fill each entry of "
    "`resets` anew from the place of the first of its `starts` [run, place] whose run is more than n up to "
    "its `end`; once there is none, nothing is left to do. The answer at step `answers[i]` of run n is the "
    "stream's own where n * cycle + answers[i] >= delay."
)


def described(
    tensors: Iterable[Packed], batch: int, cycle: int, answers: Sequence[int], delay: int, is_masked: bool
) -> dict[str, object]:
    """The layout as data, from which any host can run the program."""
    tensors = tuple(tensors)
    resets = [each for tensor in tensors for each in tensor.resets()]
    return {
        "rank": 4,
        "batch": batch,
        "cycle": cycle,
        "answers": list(answers),
        "delay": delay,
        "masked": is_masked,
        "state": [
            {"input": each.name, "output": each.output, "shape": [batch, *each.shape]} for each in tensors
        ],
        "fills": [[each["state"], each["first"], each["end"], each["fill"]] for each in resets],
        "resets": [] if is_masked else [each for each in resets if each["starts"]],
        "slots": {
            slot.name: [each.name, first, list(slot.shape), slot.since]
            for each in tensors
            for first, slot in each.placed()
        },
        "how": HOW,
    }
