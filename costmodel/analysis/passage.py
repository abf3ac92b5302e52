"""The best order of parts that share memory, led through the sets that all orders may pass.

What is alive is a submodular function of the set of parts that have run: f(A | B) + f(A & B) <= f(A) + f(B).
So an order may be led through any set that is reached below some peak and has no more alive than all sets
that lie before it: united with that set, an order has no higher peak. The search goes from one such set to
the next, from the first one forwards and from the last one backwards, always from the end at which more is
alive. Parts that have nothing in common are ordered on their own and merged, those that need most above what
they leave first (Liu 1987, "An application of generalized tree pebbling to sparse matrix factorization").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import pairwise

from costmodel.analysis.parts import Parts, at, bits, valleys

Run = Callable[[int, int, int], tuple[int, int, int]]


class TooLargeError(Exception):
    """The search has tried more moves than it may."""


class Budget:
    """How many moves may still be tried, by all searches for one order."""

    def __init__(self, moves: int) -> None:
        self.left = moves

    def spend(self, moves: int) -> None:
        """Counts moves that are tried.

        Raises:
            TooLargeError: they are too many.
        """
        self.left -= moves
        if self.left < 0:
            raise TooLargeError


class Passage:
    """The order of parts with the smallest peak, and with the lowest valleys that any order has.

    Args:
        parts: what is ordered.
        budget: of moves that may be tried.
        target: peaks up to it count alike.
    """

    def __init__(self, parts: Parts, budget: Budget, target: int = 0) -> None:
        self.of = parts
        self.budget = budget
        self.target = target

    def order(self) -> list[int]:
        """All parts.

        Raises:
            TooLargeError: the search grows too large.
        """
        return self._between(1, self.of.whole, self.of.parts[0].output, self.target)

    def _between(self, first: int, last: int, live: int, target: int) -> list[int]:
        """The order of the parts between two sets; `live` is alive at the first."""
        ahead: list[int] = []
        behind: list[int] = []
        steps = self.of.steps(list(bits(last & ~first)), first, live)
        at_last = at(steps, live, len(steps))
        while first != last:
            groups = self._groups(first, last)
            if len(groups) > 1:
                # What a group needs beside the others is not known yet: no peak is low enough.
                orders = [self._between(first, first | group, live, 0) for group in groups]
                ahead += self._merged(orders, first, live)
                break
            if live >= at_last:
                path, first, live = self._onward(first, last, live, target)
                ahead += path
            else:
                path, last, at_last = self._back(first, last, at_last, target)
                behind += path
        return [*ahead, *reversed(behind)]

    def _groups(self, first: int, last: int) -> list[int]:
        """The parts between two sets, apart where what is alive of some does not depend on the others."""
        groups: list[int] = []
        between, of = last & ~first, self.of
        ties = [
            (of.dropped_by[number] | 1 << number) & between
            for number, part in enumerate(of.parts)
            if part.output and not of.dropped_by[number] & ~last
        ]
        ties += [(of.ahead[number] | 1 << number) & between for number in bits(between)]
        for tie in filter(None, ties):
            touched = [group for group in groups if group & tie]
            groups = [group for group in groups if not group & tie]
            groups.append(tie)
            for group in touched:
                groups[-1] |= group
        return groups

    def _merged(self, orders: Sequence[Sequence[int]], first: int, live: int) -> list[int]:
        """Orders of parts that have nothing in common as one, each in its own turn."""
        falling: list[tuple[int, int, int, Sequence[int]]] = []
        rising: list[tuple[int, int, int, Sequence[int]]] = []
        for group, order in enumerate(orders):
            steps = self.of.steps(order, first, live)
            ends = valleys(steps, live)
            lowest = min(ends, key=lambda end: (at(steps, live, end), end))
            for place, (begin, end) in enumerate(pairwise(ends)):
                most = max(step.most for step in steps[begin:end])
                if end <= lowest:
                    falling.append((most - at(steps, live, begin), group, place, order[begin:end]))
                else:
                    rising.append((at(steps, live, end) - most, group, place, order[begin:end]))
        return [number for *_, parts in (*sorted(falling), *sorted(rising)) for number in parts]

    def _onward(self, first: int, last: int, live: int, target: int) -> tuple[list[int], int, int]:
        of = self.of
        ready = sum(1 << each for each in bits(last & ~first) if not of.ahead[each] & ~first)

        def opened(number: int, ran: int) -> int:
            return sum(1 << each for each in bits(of.behind[number] & last) if not of.ahead[each] & ~ran)

        return self._search(first, max(live, target), live, ready, of.forward, opened)

    def _back(self, first: int, last: int, live: int, target: int) -> tuple[list[int], int, int]:
        of = self.of
        ready = sum(1 << each for each in bits(last & ~first) if not of.behind[each] & last)

        def opened(number: int, ran: int) -> int:
            return sum(1 << each for each in bits(of.ahead[number] & ~first) if not of.behind[each] & ran)

        return self._search(last, max(live, target), live, ready, of.backward, opened)

    def _search(
        self, start: int, peak: int, live: int, ready: int, run: Run, opened: Callable[[int, int], int]
    ) -> tuple[list[int], int, int]:
        """The way to the first set in order of peaks at which no more is alive than at the start.

        Of equal peaks those sets come first that are nearer: so none lies between the start and the set found
        at which less is alive than there.
        """
        waiting = [(peak, 0, start, live, ready)]
        best = {start: (peak, 0, 0)}
        while waiting:
            peak, distance, done, now, ready = heappop(waiting)
            if peak > best[done][0]:
                continue  # an older, worse way to a set that has been reached better since
            if distance and now <= live:
                return _path(best, start, done), done, now
            self.budget.spend(ready.bit_count())
            moves = []
            for number in bits(ready):
                most, ran, after = run(done, now, number)
                moves.append((max(peak, most), ran, after, number))
                if most <= peak and after <= now:
                    moves = moves[-1:]  # what needs no more and leaves no more alive can run now
                    break
            for level, ran, after, number in moves:
                if ran not in best or level < best[ran][0]:
                    best[ran] = (level, done, number)
                    now_ready = ready & ~(1 << number) | opened(number, ran)
                    heappush(waiting, (level, distance + 1, ran, after, now_ready))
        raise AssertionError("the other end has no more alive than this one")


def _path(best: dict[int, tuple[int, int, int]], start: int, done: int) -> list[int]:
    path = []
    while done != start:
        _, done, number = best[done]
        path.append(number)
    return path[::-1]
