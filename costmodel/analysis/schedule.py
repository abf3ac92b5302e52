"""The order of execution in which the fewest numbers are alive at once.

A graph falls apart at every layer whose output alone is alive once it has run: in every order, all that
stands before it runs before all that stands behind. So each segment between two such layers has an order of
its own, and the peak of the network is the largest of theirs. Equal segments are ordered once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from typing import NamedTuple

MOST_SEARCHED = 1_000  # layers between two through which all passes; the search grows faster than they do
MOST_STATES = 10_000
MOST_BOUNDED = 1_000
MOST_FREE = 16


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
    floor = max(part.floor for part in known)
    # The worst segment first: once its peak is known, no other need be ordered below it.
    for part in sorted(known, key=lambda part: -known[part].peak):
        if known[part].peak > floor:  # the others leave the network's peak as it is
            known[part] = part.best(floor)
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


class _State(NamedTuple):
    """What has run (a bit for each task), the tasks that may run next, and how many numbers are alive."""

    done: int
    ready: tuple[int, ...]
    live: int


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

    def best(self, target: int) -> Order:
        """The order with the smallest peak, or the first found whose peak is not above the target."""
        if len(self.tasks) > MOST_SEARCHED:
            return self.in_definition_order
        found = self._search(target)
        if found is not None:
            return found
        # Too large to search: the better of two orders that cost nothing to find.
        best = min((self.in_definition_order.tasks, self._greedy()), key=self.peak)
        return Order(best, self.peak(best), self.peak(best) == self.floor)

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
    def _needs(self) -> tuple[int, ...]:
        """What each task reads, as bits; nothing of the source."""
        return (0, *(sum(1 << read for read in set(task.reads)) for task in self.tasks))

    @cached_property
    def _read_once(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """What each task reads, each with all of its readers as bits."""
        bits = self._reader_bits
        return ((), *(tuple((read, bits[read]) for read in dict.fromkeys(task.reads)) for task in self.tasks))

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

    def _start(self) -> _State:
        ready = tuple(number for number, task in enumerate(self.tasks, start=1) if set(task.reads) <= {0})
        return _State(1, ready, self.source)

    def _run(self, state: _State, number: int) -> tuple[int, _State]:
        """The numbers alive while a task runs, and the state behind it."""
        done = state.done | 1 << number
        during = state.live + self.sizes[number]
        live = during
        for read, readers_bits in self._read_once[number]:
            if not readers_bits & ~done:
                live -= self.sizes[read]
        readers = self.readers[number]
        if not readers and number < len(self.tasks):
            live -= self.sizes[number]
        ready = [each for each in state.ready if each != number]
        ready += [each for each in readers if not self._needs[each] & ~done]
        return during, _State(done, tuple(ready), live)

    def _search(self, target: int) -> Order | None:
        """The best order, by a search over what has run, smallest peak first; None where it gets too large.

        Peaks up to the target count alike.
        """
        start, whole = self._start(), (1 << len(self.sizes)) - 1
        waiting: list[tuple[int, int, _State]] = [(target, 0, start)]
        reached: dict[int, _Way] = {start.done: _Way(target, 0, ())}
        met = 0
        while waiting:
            peak, _, state = heappop(waiting)
            if state.done == whole:
                order = _traced(reached, whole)
                # An order found at the target need not be the smallest: everything up to the target counts
                # alike.
                proven = not self.has_dead_ends and peak > target
                return Order(order, self.peak(order), proven or self.peak(order) == self.floor)
            # An older, worse way to a state that has been reached better since.
            if peak > reached[state.done].peak:
                continue
            met += 1
            if met > MOST_STATES:
                return None
            for during, tasks, after in self._moves(state, peak):
                way = _Way(max(peak, during), state.done, tasks)
                if after.done not in reached or way.peak < reached[after.done].peak:
                    reached[after.done] = way
                    # Among equal peaks the state that has run most: the end is then met soonest.
                    heappush(waiting, (way.peak, -after.done.bit_count(), after))
        return None

    def _moves(self, state: _State, peak: int) -> list[_Move]:
        """Next moves; if one is provably free, only that one.

        Tasks one behind the other that stay below the peak and end with no more alive than before, and with
        less than at any time between, can run now: any order that runs them later does no better, because
        the numbers alive are submodular in what has run.
        """
        moves = []
        for number in state.ready:
            during, after = self._run(state, number)
            moves.append(_Move(during, (number,), after))
            free = self._free_run(state, moves[-1], peak)
            if free is not None:
                return [free]
        return moves

    def _free_run(self, state: _State, move: _Move, peak: int) -> _Move | None:
        during, tasks, after = move
        while during <= peak and len(tasks) <= MOST_FREE:
            if after.live <= state.live:
                return _Move(during, tasks, after)
            readers = self.readers[tasks[-1]]
            if len(readers) != 1 or readers[0] not in after.ready:
                return None
            during, after = self._run(after, readers[0])
            tasks = (*tasks, readers[0])
        return None

    def _greedy(self) -> tuple[int, ...]:
        """Always the task that leaves the least alive."""
        state, order = self._start(), []
        while state.ready:
            moves = [(self._run(state, number), number) for number in state.ready]
            (_, state), number = min(moves, key=lambda move: (move[0][1].live, move[0][0]))
            order.append(number)
        return tuple(order)


class _Move(NamedTuple):
    """Tasks that run one after the other, the most alive meanwhile, and the state behind them."""

    during: int
    tasks: tuple[int, ...]
    after: _State


class _Way(NamedTuple):
    """How a state was reached: at which peak, from which state, by which tasks."""

    peak: int
    before: int
    tasks: tuple[int, ...]


def _traced(reached: Mapping[int, _Way], done: int) -> tuple[int, ...]:
    order: list[int] = []
    while reached[done].tasks:
        order[:0] = reached[done].tasks
        done = reached[done].before
    return tuple(order)
