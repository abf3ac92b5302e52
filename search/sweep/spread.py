"""A sweep spread over the workers of a cluster: the same rows in the same order, the same front."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from functools import lru_cache

from costmodel.errors import OptionError
from search.engine.cluster import Cluster, Ended
from search.sweep.evaluator import Evaluator
from search.sweep.one_by_one import OneByOne
from search.sweep.sweep import PIECE, Part, Sweep

# Pieces in one call: of a front little comes back, and a call takes as long as some pieces.
PIECES_OF_A_FRONT = 32
LOSSES = 3  # workers that one part may lose


def parts_on(cluster: Cluster, sweep: Sweep) -> Iterator[Part]:
    """The parts of a sweep in order, each worked out on a worker; one that is lost is done by another.

    Raises:
        OptionError: a part cannot be worked out, or lost several workers.
        SchedulerError: the scheduler is gone.
    """
    sent, step = _sent(sweep), PIECE * (PIECES_OF_A_FRONT if sweep.pareto else 1)
    starts = range(0, sweep.grid.designs, step)
    waiting, lost, found = list(reversed(starts)), dict.fromkeys(starts, 0), dict[int, Part]()
    for start in starts:
        while start not in found:
            # not far ahead of what is taken: what came early is held
            for member in cluster.idle():
                if waiting and waiting[-1] <= start + 4 * step * len(cluster.members):
                    first = waiting.pop()
                    stop = min(first + step, sweep.grid.designs)
                    cluster.call(str(first), member, {}, "search.sweep.spread:part", sent, first, stop)
            for ended in cluster.ended():
                _take(ended, waiting, lost, found)
        yield found.pop(start)


def part(sent: bytes, start: int, stop: int) -> Part:
    """One part, on a worker."""
    return _received(sent).part(start, stop)


def _take(ended: Ended, waiting: list[int], lost: dict[int, int], found: dict[int, Part]) -> None:
    start = int(ended.key)
    if isinstance(ended.value, Part):
        found[start] = ended.value
        return
    lost[start] += 1
    if not ended.is_lost or lost[start] == LOSSES:
        raise OptionError(f"--engine dask: designs from {start}: {ended.reason}")
    waiting.append(start)


def _sent(sweep: Sweep) -> bytes:
    """All that a worker needs, without the formulas that were worked out here."""
    known, later = sweep.evaluator, sweep.later
    evaluator = Evaluator(known.network, known.metrics, known.fps)
    fresh = later and OneByOne(later.network, later.metrics, later.fps, later.batch)
    return pickle.dumps((evaluator, sweep.grid, sweep.where, sweep.pareto, fresh))


@lru_cache(maxsize=2)
def _received(sent: bytes) -> Sweep:
    # kept: a worker works the formulas out once for all of its parts
    return Sweep(*pickle.loads(sent))
