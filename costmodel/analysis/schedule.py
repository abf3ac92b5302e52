"""The order of execution in which the fewest numbers are alive at once.

A graph falls apart at every layer whose output alone is alive once it has run: in every order, all that
stands before it runs before all that stands behind. So each segment between two such layers has an order of
its own, and the peak of the network is the largest of theirs. Equal segments are ordered once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from costmodel.analysis.parts import Part, Parts
from costmodel.analysis.passage import Budget
from costmodel.analysis.regions import Regions, best_order_of

MOST_SEARCHED = 1_000  # layers between two through which all passes; the search grows faster than they do
MOST_BOUNDED = 1_000
MOST_MOVES = 500_000  # of the search in all; where that is not enough, an order is found and not proven


class Task(NamedTuple):
    """A layer of a segment: the numbers in its output, and what it reads; 0 is the segment's source."""

    size: int
    reads: tuple[int, ...]


class Order(NamedTuple):
    """Tasks, numbered from 1, in an order of execution; its peak, and whether no order has a smaller one."""

    tasks: tuple[int, ...]
    peak: int
    is_proven: bool


def best_order(source: int, tasks: Sequence[Task]) -> Order:
    """The order of all tasks with the smallest peak found; the last task's output is kept.

    Args:
        source: numbers in what task 0 stands for, the input.
        tasks: layers in topological order.
    """
    parts = list(_segments(source, tasks))
    known = {part: part.in_definition_order for part in dict.fromkeys(part for _, part in parts)}
    floor, budget = max(part.floor for part in known), Budget(MOST_MOVES)
    # The worst segment first: once its peak is known, no other need be ordered below it.
    for part in sorted(known, key=lambda part: -known[part].peak):
        if known[part].peak > floor:  # the others leave the network's peak as it is
            known[part] = part.best(floor, budget)
            floor = max(floor, known[part].peak)
    places = tuple(start + task for start, part in parts for task in known[part].tasks)
    highest = [order for order in known.values() if order.peak == floor]
    bound = max(part.floor for part in known)
    return Order(places, floor, floor == bound or any(order.is_proven for order in highest))


def _segments(source: int, tasks: Sequence[Task]) -> Iterator[tuple[int, Segment]]:
    """The segments of a network in turn, each with the number of the task whose output it starts with."""
    last = [0] * (len(tasks) + 1)
    for number, task in enumerate(tasks, start=1):
        for read in task.reads:
            last[read] = number
    start, size, needed = 0, source, 0
    for number, task in enumerate(tasks, start=1):
        needed = max(needed, last[number - 1])
        # Nobody behind reads anything from ahead of this task, so all passes through its output.
        if needed <= number:
            inside = tasks[start:number]
            relative = (Task(each.size, tuple(read - start for read in each.reads)) for each in inside)
            yield start, Segment(size, tuple(relative))
            start, size = number, task.size


@dataclass(frozen=True)
class Segment:
    """Layers between two through which all passes; the last of them stays alive."""

    source: int
    tasks: tuple[Task, ...]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Numbers in the output of each task, and in the source."""
        return (self.source, *(task.size for task in self.tasks))

    @cached_property
    def readers(self) -> tuple[tuple[int, ...], ...]:
        """For the source and each task, the tasks that read it."""
        found: list[list[int]] = [[] for _ in self.sizes]
        for number, task in enumerate(self.tasks, start=1):
            for read in dict.fromkeys(task.reads):
                found[read].append(number)
        return tuple(map(tuple, found))

    @cached_property
    def has_dead_ends(self) -> bool:
        """Whether something is read by no task: it might run anywhere behind."""
        return any(not readers for readers in self.readers[:-1])

    @cached_property
    def in_definition_order(self) -> Order:
        """The tasks as they are defined."""
        if len(self.tasks) == 1:
            return Order((1,), sum(self.sizes), True)
        order = range(1, len(self.sizes))
        peak = self.peak(order)
        return Order(tuple(order), peak, peak == self.floor)

    def peak(self, order: Iterable[int]) -> int:
        """The most numbers alive at once in an order."""
        left = [len(readers) for readers in self.readers]
        live, peak = self.source, 0
        for number in order:
            live += self.sizes[number]
            peak = max(peak, live)
            for read in set(self.tasks[number - 1].reads):
                left[read] -= 1
                live -= 0 if left[read] else self.sizes[read]
            if not self.readers[number] and number < len(self.tasks):
                live -= self.sizes[number]
        return peak

    def best(self, target: int, budget: Budget) -> Order:
        """The order with the smallest peak, or the first found whose peak is not above the target."""
        if len(self.tasks) > MOST_SEARCHED:
            return self.in_definition_order
        if self.has_dead_ends:
            return self._with_dead_ends(target, budget)
        regions = Regions(self.source, self.tasks, budget)
        order = regions.order(target)
        peak = self.peak(order)
        # An order found at the target need not be the smallest: peaks up to the target count alike.
        return Order(order, peak, (regions.is_proven and peak > target) or peak == self.floor)

    def _with_dead_ends(self, target: int, budget: Budget) -> Order:
        """The same where results are dropped unread; they might run in a later segment too, so unproven."""
        parts = []
        for number, task in enumerate(self.tasks, start=1):
            kept = task.size if self.readers[number] or number == len(self.tasks) else 0
            parts.append(Part((number,), task.size, kept, kept, task.reads))
        order, _ = best_order_of(Parts(parts, self.source, [len(parts)]), budget, target)
        peak = self.peak(order)
        return Order(tuple(order), peak, peak == self.floor)

    @cached_property
    def floor(self) -> int:
        """Lower bound on the peak of every order: the most that must be alive while some task runs.

        Alive are its inputs, its output, and every output of an ancestor that a descendant still reads.
        """
        if len(self.tasks) == 1:
            return sum(self.sizes)
        least = max(task.size + sum(self.sizes[read] for read in set(task.reads)) for task in self.tasks)
        if len(self.tasks) > MOST_BOUNDED:
            return least
        before, after = self._ancestors, self._descendants
        for number, task in enumerate(self.tasks, start=1):
            held = task.size
            for other, readers in enumerate(self._reader_bits):
                if before[number] >> other & 1 and readers & (after[number] | 1 << number):
                    held += self.sizes[other]
            least = max(least, held)
        return least

    @cached_property
    def _reader_bits(self) -> tuple[int, ...]:
        return tuple(sum(1 << reader for reader in readers) for readers in self.readers)

    @cached_property
    def _ancestors(self) -> list[int]:
        found = [0]
        for task in self.tasks:
            bits = 0
            for read in task.reads:
                bits |= found[read] | 1 << read
            found.append(bits)
        return found

    @cached_property
    def _descendants(self) -> list[int]:
        found = [0] * len(self.sizes)
        for number in range(len(self.tasks), 0, -1):
            for read in self.tasks[number - 1].reads:
                found[read] |= found[number] | 1 << number
        return found
