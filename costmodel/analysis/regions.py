"""Parts of a graph that hang together with the rest by one layer ahead of them and one behind, as chains.

All that lies between a layer and the first one that all its paths meet again is such a region, where nothing
else is read in it. The order inside does not depend on what runs beside it: it is found once, and for the
rest of the graph the region is a chain of few steps (Kayaaslan et al. 2018, "Scheduling series-parallel task
graphs to minimize peak memory", of graphs that are such regions throughout).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from costmodel.analysis.parts import Part, Parts, Step, joined
from costmodel.analysis.passage import Budget, Passage, TooLargeError

if TYPE_CHECKING:
    from costmodel.analysis.schedule import Task


class Regions:
    """The tasks of a segment, in an order whose steps have the smallest peaks.

    Args:
        source: numbers in what task 0 stands for.
        tasks: in topological order, numbered from 1; all but the last are read.
        budget: of moves that may be tried.
    """

    def __init__(self, source: int, tasks: Sequence[Task], budget: Budget) -> None:
        self.sizes = (source, *(task.size for task in tasks))
        self.reads = ((), *(tuple(dict.fromkeys(task.reads)) for task in tasks))
        self.last = len(tasks)
        self.is_proven = True
        self.budget = budget
        # Of each layer whose region is a chain: its steps, and the layer at the end of it.
        self.chains: dict[int, tuple[list[Step], int]] = {}
        self.inside = 0  # what stands in a chain, as bits

    def order(self, target: int) -> tuple[int, ...]:
        """All tasks; peaks up to the target count alike."""
        dominators, meets = self._dominators(), self._meets()
        for number in range(self.last - 1, 0, -1):
            meet = meets[number]
            if dominators[meet] >> number & 1:
                region = [v for v in range(number + 1, meet) if dominators[v] >> number & 1]
                steps = self._steps(number, region, meet, 0)
                self.inside |= sum(1 << each for each in (*region, meet))
                beyond, end = self.chains.get(meet, ([], meet))
                self.chains[number] = joined([*steps, *beyond], self.sizes[number]), end
        steps = self._steps(0, range(1, self.last), self.last, target)
        return tuple(task for step in steps for task in step.tasks)

    def _steps(self, source: int, region: Iterable[int], meet: int, target: int) -> list[Step]:
        """The steps of a region, from what it reads to the layer at which its paths meet."""
        parts: list[Part] = []
        made = {source: 0}  # the part whose output a task's is
        for number in region:
            if not self.inside >> number & 1:
                parts += self._parts(number, len(parts) + 1, [made[read] for read in self.reads[number]])
                made[self.chains.get(number, ([], number))[1]] = len(parts)
        of = Parts(parts, self.sizes[source], [made[read] for read in self.reads[meet]])
        order, is_best = best_order_of(of, self.budget, target)
        self.is_proven &= is_best
        steps = of.steps(order)
        alive = steps[-1].after if steps else self.sizes[source]
        return [*steps, Step((meet,), alive + self.sizes[meet], self.sizes[meet])]

    def _parts(self, number: int, place: int, reads: Sequence[int]) -> list[Part]:
        """A layer and the chain behind it."""
        size = self.sizes[number]
        chain, end = self.chains.get(number, ([], number))
        found = [Part((number,), size, size, 0 if chain else size, tuple(reads))]
        before = size
        for step in chain:
            output = self.sizes[end] if step is chain[-1] else 0
            reads = (place + len(found) - 1,)
            found.append(Part(step.tasks, step.most - before, step.after - before, output, reads))
            before = step.after
        return found

    def _dominators(self) -> list[int]:
        """For each task, those through which all paths to it lead, as bits; itself among them."""
        found = [1]
        for number in range(1, self.last + 1):
            through = -1
            for read in self.reads[number]:
                through &= found[read]
            found.append((through if self.reads[number] else 0) | 1 << number)
        return found

    def _meets(self) -> list[int]:
        """For each task, the first through which all paths from it lead; 0 for the last one."""
        through = [-1] * (self.last + 1)
        found = [0] * (self.last + 1)
        for number in range(self.last, -1, -1):
            behind = through[number] if number < self.last else 0
            found[number] = (behind & -behind).bit_length() - 1 if behind else 0
            for read in self.reads[number]:
                through[read] &= behind | 1 << number
        return found


def best_order_of(parts: Parts, budget: Budget, target: int) -> tuple[list[int], bool]:
    """The order with the smallest peak, and whether it is that; else the better of two that cost nothing."""
    try:
        return Passage(parts, budget, target).order(), True
    except TooLargeError:
        as_defined = list(range(1, len(parts.parts)))
        return min((as_defined, parts.greedy()), key=parts.peak), False
