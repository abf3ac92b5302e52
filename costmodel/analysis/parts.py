"""Parts of a graph that share memory: what is alive is known from which of them have run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple


class Part(NamedTuple):
    """Tasks that run one after the other.

    Args:
        tasks: their numbers, in order.
        during: the most alive while they run, above what is alive before.
        left: what they add to it behind them, before what they read is dropped.
        output: what is dropped of that when all readers have run.
        reads: the parts whose outputs they read.
    """

    tasks: tuple[int, ...]
    during: int
    left: int
    output: int
    reads: tuple[int, ...]


class Step(NamedTuple):
    """Tasks of an order between two moments: the most alive meanwhile, and what is alive behind them."""

    tasks: tuple[int, ...]
    most: int
    after: int


class Parts:
    """Parts in topological order, numbered from 1; what has run is a set of them, as bits.

    Args:
        parts: they read 0, the source.
        source: numbers in the source, which are dropped when all its readers have run.
        kept: parts (or the source) that are still read behind all of them.
    """

    def __init__(self, parts: Sequence[Part], source: int, kept: Sequence[int]) -> None:
        self.parts = (Part((), 0, source, source, ()), *parts)
        count = len(self.parts)
        # What must have run ahead of a part, and what can only run behind it.
        self.ahead, self.behind = [0] * count, [0] * count
        for number, part in enumerate(self.parts):
            for read in part.reads:
                self._put_in_order(read, number)
        beyond = 1 << count  # stands for all that comes behind, and never runs
        self.dropped_by = [self.behind[number] | beyond * (number in kept) for number in range(count)]
        # What each part reads that may be dropped with it.
        self.drops = [
            tuple(read for read in dict.fromkeys(part.reads) if self.parts[read].output)
            for part in self.parts
        ]
        for twins in self._twins():
            for one, other in pairwise(twins):
                for first, second in zip(one, other, strict=True):
                    self._put_in_order(first, second)
        for first, second in self._postponed():
            self._put_in_order(first, second)

    @property
    def whole(self) -> int:
        """All parts."""
        return (1 << len(self.parts)) - 1

    def greedy(self) -> list[int]:
        """Always the part that leaves the least alive."""
        done, live, found = 1, self.parts[0].output, []
        while done != self.whole:
            ready = (each for each in bits(self.whole & ~done) if not self.ahead[each] & ~done)
            moves = [(*self.forward(done, live, number), number) for number in ready]
            _, done, live, number = min(moves, key=lambda move: (move[2], move[0]))
            found.append(number)
        return found

    def peak(self, order: Sequence[int]) -> int:
        """The most alive at once."""
        return max((step.most for step in self.steps(order)), default=0)

    def steps(self, order: Sequence[int], done: int = 1, live: int | None = None) -> list[Step]:
        """The steps of an order of parts, from a set that has run and what is alive then; else from none."""
        live = self.parts[0].output if live is None else live
        found = []
        for number in order:
            most, done, live = self.forward(done, live, number)
            found.append(Step(self.parts[number].tasks, most, live))
        return found

    def forward(self, done: int, live: int, number: int) -> tuple[int, int, int]:
        """The most alive while a part runs, what has run then, and what is alive behind it."""
        part = self.parts[number]
        after, ran = live + part.left, done | 1 << number
        for read in self.drops[number]:
            if not self.dropped_by[read] & ~ran:
                after -= self.parts[read].output
        return live + part.during, ran, after

    def backward(self, done: int, live: int, number: int) -> tuple[int, int, int]:
        """The most alive while the last part of a set ran, what had run before, and what was alive then."""
        part = self.parts[number]
        before = live - part.left
        for read in self.drops[number]:
            if not self.dropped_by[read] & ~done:
                before += self.parts[read].output
        return before + part.during, done & ~(1 << number), before

    def _put_in_order(self, first: int, second: int) -> None:
        self.ahead[second] |= 1 << first
        self.behind[first] |= 1 << second

    def _twins(self) -> list[list[tuple[int, ...]]]:
        """Chains of parts that may change places, in an order that is as good as any.

        They read the same and are read by the same. Where they are equal, one may always be ahead; of single
        layers the one with the smaller output.
        """
        found: dict[object, list[tuple[int, ...]]] = defaultdict(list)
        for chain in self._chains():
            first, last = self.parts[chain[0]], chain[-1]
            facts = [self.parts[number][1:4] for number in chain]
            alone = len(chain) == 1 and first.during == first.left == first.output
            key = (first.reads, self.dropped_by[last], 0 if alone else tuple(facts))
            found[key].append(chain)
        sizes = [sorted(each, key=lambda chain: self.parts[chain[0]].left) for each in found.values()]
        return [each for each in sizes if len(each) > 1]

    def _postponed(self) -> list[tuple[int, int]]:
        """Pairs of which the second may always run behind the first.

        It leaves as much alive as it needs, and the first reads all that it reads: run ahead of it, it would
        have nothing dropped, and add its output while the first runs.
        """
        above = list(self.ahead)  # all that must have run ahead of a part
        for number in range(1, len(self.parts)):
            for read in bits(self.ahead[number]):
                above[number] |= above[read]
        found = []
        for second, part in enumerate(self.parts):
            if part.during != part.left or not self.behind[second]:
                continue
            firsts = ~(above[second] | 1 << second)
            for reader in bits(self.behind[second]):
                firsts &= above[reader]
            reads = set(part.reads)
            found += [
                (first, second) for first in bits(firsts) if first and reads <= set(self.parts[first].reads)
            ]
        pairs = set(found)
        # Where either may be the second, the one with the larger output is.
        return [
            (first, second)
            for first, second in found
            if (second, first) not in pairs
            or (self.parts[first].left, first) < (self.parts[second].left, second)
        ]

    def _chains(self) -> Iterator[tuple[int, ...]]:
        chain: tuple[int, ...] = ()
        for number in range(1, len(self.parts)):
            before = number - 1
            if chain and self.ahead[number] == 1 << before and self.dropped_by[before] == 1 << number:
                chain += (number,)
                continue
            if chain:
                yield chain
            chain = (number,)
        if chain:
            yield chain


def bits(given: int) -> Iterator[int]:
    """The numbers in a set."""
    while given:
        lowest = given & -given
        yield lowest.bit_length() - 1
        given ^= lowest


def at(steps: Sequence[Step], live: int, place: int) -> int:
    """What is alive ahead of the step at a place; `live` is alive ahead of the first."""
    return steps[place - 1].after if place else live


def valleys(steps: Sequence[Step], live: int) -> list[int]:
    """The places of an order, each behind so many steps, at which it may stand while others run.

    From the place at which the least is alive on: the least behind the most that is still to come. Ahead of
    it the same backwards. All others are no better than one of these.
    """
    count = len(steps)
    alive = [live, *(step.after for step in steps)]
    lowest = min(range(count + 1), key=lambda place: alive[place])
    found, place = [lowest], lowest
    while place < count:
        highest = max(range(place, count), key=lambda step: (steps[step].most, step))
        place = min(range(highest + 1, count + 1), key=lambda end: (alive[end], -end))
        found.append(place)
    place = lowest
    while place > 0:
        highest = max(range(place), key=lambda step: (steps[step].most, -step))
        place = min(range(highest + 1), key=lambda end: (alive[end], end))
        found.insert(0, place)
    return found


def joined(steps: Sequence[Step], live: int) -> list[Step]:
    """The same order in as few steps as tell all there is to know of it."""
    ends = [end for end in valleys(steps, live) if end]
    return [
        Step(
            tuple(task for step in steps[begin:end] for task in step.tasks),
            max(step.most for step in steps[begin:end]),
            steps[end - 1].after,
        )
        for begin, end in pairwise([0, *ends])
    ]
