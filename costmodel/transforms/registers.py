"""Where the delays of a stream hold the fewest numbers: retiming as a minimum-cost flow.

Every layer has a time, the input frames by which it lags behind the frame that it is aligned with. What
a layer reads waits in registers from the time of its source to its own. Which times make those registers
smallest is a linear program over differences of times; its dual is a minimum-cost flow, so it is solved in
integers (Leiserson and Saxe 1991, sec. 8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import lcm
from typing import NamedTuple

from costmodel.transforms.differences import ROOT, Differences

Times = Mapping[str, int]
Bounds = Mapping[str, tuple[int, int | None]]
# A bound on the time of one network; beyond it the best
# so far is given with the bound that it is measured by.
MOST_PROGRAMS = 400


def _ceil_div(value: int, divisor: int) -> int:
    return -(-value // divisor)


class Registers(NamedTuple):
    """What holds a layer's output back for its readers, each served from the same registers.

    Args:
        source: the layer.
        readers: who reads it, and how far each looks ahead, in input frames.
        jump: input frames between two outputs of the layer.
        floats: numbers in one output.
    """

    source: str
    readers: tuple[tuple[str, int], ...]
    jump: int
    floats: int

    @property
    def end(self) -> str:
        """The mirror vertex: when the output is read for the last time (Leiserson and Saxe 1991, sec. 8)."""
        return f"\0{self.source}"

    def waits(self, times: Times) -> list[int]:
        """The waits of its readers, in input frames, each once, the shortest first; zero left out."""
        found = {times[name] - ahead - times[self.source] for name, ahead in self.readers}
        return sorted(found - {0})

    def held(self, times: Times) -> int:
        """Outputs held by the delays that serve these waits, each fed by another where that holds fewer."""
        waits = self.waits(times)
        return sum(_ceil_div(wait - feed(wait, waits, self.jump), self.jump) for wait in waits)


def feed(wait: int, waits: Iterable[int], jump: int) -> int:
    """The shorter wait whose delay best feeds this one's: it leaves the fewest outputs to hold."""
    shorter = [0, *(each for each in waits if each < wait)]
    # Of equals the longest, which leaves the shortest wait of its own.
    return min(shorter, key=lambda each: (_ceil_div(wait - each, jump), -each))


@dataclass(frozen=True)
class Placement:
    """The times of all layers, the numbers that their delays hold, and what no retiming can go below."""

    times: Times
    floats: int
    bound: int

    @property
    def is_proven(self) -> bool:
        """Whether no retiming holds fewer numbers."""
        return self.floats <= self.bound


def place(layers: Sequence[str], registers: Sequence[Registers], output: str) -> Placement:
    """The times at which delays hold the fewest numbers, the output no later than it must be.

    Args:
        layers: the input first, then in topological order.
        registers: one for each layer that is read.
        output: the layer that answers.
    """
    earliest, latest = _range(layers, registers, output)
    free = {name for name in layers if earliest[name] < latest[name]}
    moving: list[Registers] = []
    still: list[Registers] = []
    for each in registers:
        moves = each.source in free or any(name in free for name, _ in each.readers)
        (moving if moves else still).append(each)
    times = dict(earliest)
    bound = sum(each.floats * _needed(each, earliest) for each in still)
    # Groups that share no free layer cannot help each other, and small programs are solved much faster.
    for part in _parts(moving, free):
        found, least = _Program(part, earliest, latest).solve()
        times.update((name, found[name]) for name in free & found.keys())
        bound += least
    return Placement(times, sum(each.floats * each.held(times) for each in registers), bound)


def _needed(registers: Registers, times: Times) -> int:
    """Outputs that any delays must hold at these times."""
    return _ceil_div(max(registers.waits(times), default=0), registers.jump)


def _range(
    layers: Sequence[str], registers: Sequence[Registers], output: str
) -> tuple[dict[str, int], dict[str, int]]:
    """The earliest and the latest time of each layer that leave the output's delay as it is."""
    readers = {each.source: each.readers for each in registers}
    earliest = {layers[0]: 0}
    for name in layers:
        for reader, frames in readers.get(name, ()):
            # Below zero behind a layer that looks at the past alone.
            earliest[reader] = max(earliest.get(reader, earliest[name] + frames), earliest[name] + frames)
    latest, end = dict[str, int](), max(earliest.values())
    for name in reversed(layers):
        # Later than the answer where a reader looks at the past alone: it has what it reads in time.
        known = [latest[reader] - frames for reader, frames in readers.get(name, ())]
        latest[name] = min([*known, earliest[output]] if name == output else known, default=end)
    # Frames of the input come when they come.
    latest[layers[0]] = earliest[layers[0]]
    return earliest, latest


def _parts(registers: Sequence[Registers], free: set[str]) -> Iterator[list[Registers]]:
    """Registers in groups that no layer free to move connects: each can be placed by itself."""
    import networkx as nx

    graph: nx.Graph[str] = nx.Graph()
    for each in registers:
        graph.add_node(each.end)
        graph.add_edges_from(
            (each.end, name) for name in (each.source, *(n for n, _ in each.readers)) if name in free
        )
    for part in nx.connected_components(graph):
        yield [each for each in registers if each.end in part]


class _Relaxed(NamedTuple):
    bound: int
    number: int
    times: dict[str, int]
    held: Bounds


@dataclass
class _Program:
    """The times of one group of layers, by branch and bound over minimum-cost flows.

    A wait w at jump J holds ceil(w / J) outputs. At jump 1, and wherever phases agree, that is w / J and the
    first flow is the answer. Elsewhere the flow gives a bound below, and the number of outputs held is split:
    at most n, or more.
    """

    registers: Sequence[Registers]
    earliest: Times
    latest: Times

    def __post_init__(self) -> None:
        # Weights are divided by jumps; over the least common multiple they stay whole, as the flow needs.
        self.scale = lcm(*(each.jump for each in self.registers))
        names = {name for each in self.registers for name in (each.source, *(n for n, _ in each.readers))}
        self.free = [name for name in sorted(names) if self.earliest[name] < self.latest[name]]
        self.fixed = {name: self.earliest[name] for name in names if name not in set(self.free)}
        self.solved = 0

    def solve(self) -> tuple[Times, int]:
        """The best times found, and the bound that no times go below."""
        waiting = self._relaxed([{}])
        best, floats = waiting[0].times, self._floats(waiting[0].times)
        closed = []
        # Best bound first: where it meets what was found, no other program can do better.
        while waiting and waiting[0].bound < floats and self.solved < MOST_PROGRAMS:
            first = heappop(waiting)
            halves = self._split(first)
            if not halves:
                closed.append(first.bound)
            for half in self._relaxed(halves):
                heappush(waiting, half)
                if self._floats(half.times) < floats:
                    best, floats = half.times, self._floats(half.times)
        return best, min([floats, *closed, *(each.bound for each in waiting)])

    def _floats(self, times: Times) -> int:
        return sum(each.floats * each.held(times) for each in self.registers)

    def _split(self, relaxed: _Relaxed) -> list[Bounds]:
        """The two halves of a program, split where the flow counted too little; none if it did not."""

        def missed(each: Registers) -> int:
            wait = max(each.waits(relaxed.times), default=0)
            least, _ = relaxed.held.get(each.source, (0, None))
            return each.floats * (_ceil_div(wait, each.jump) * each.jump - max(wait, least * each.jump))

        worst = max(self.registers, key=missed)
        if missed(worst) <= 0:
            return []
        # The wait lies between n and n + 1 outputs: at most n are held, or at least n + 1.
        whole = max(worst.waits(relaxed.times)) // worst.jump
        least, most = relaxed.held.get(worst.source, (0, None))
        return [{**relaxed.held, worst.source: half} for half in ((least, whole), (whole + 1, most))]

    def _relaxed(self, programs: Iterable[Bounds]) -> list[_Relaxed]:
        """What the flow finds within bounds on the outputs held; programs without an answer are left out."""
        found = []
        for held in programs:
            differences = self._differences(held)
            times = differences.smallest()
            self.solved += 1
            if times is not None:
                bound = _ceil_div(differences.value(times), self.scale)
                found.append(_Relaxed(bound, self.solved, {**self.fixed, **times}, held))
        return found

    def _differences(self, held: Bounds) -> Differences:
        differences = Differences(self.fixed)
        for name in self.free:
            differences.add(ROOT, name, self.earliest[name])
            differences.add(name, ROOT, -self.latest[name])
        for each in self.registers:
            self._count(differences, each, *held.get(each.source, (0, None)))
        return differences

    def _count(self, differences: Differences, each: Registers, least: int, most: int | None) -> None:
        """Adds the registers of one layer, and what they hold to the weights."""
        source, end = each.source, each.end
        for reader, ahead in each.readers:
            differences.add(source, reader, ahead)
            differences.add(reader, end, -ahead)
        differences.add(source, end, (least - 1) * each.jump + 1 if least else 0)
        if most is not None:
            differences.add(end, source, -most * each.jump)
        paid = end
        if least:  # however short the wait, at least so many outputs are paid for
            paid = f"{end}\0least"
            differences.add(end, paid, 0)
            differences.add(source, paid, least * each.jump)
        weight = each.floats * (self.scale // each.jump)
        differences.weigh(paid, weight)
        differences.weigh(source, -weight)
