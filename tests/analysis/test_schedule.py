import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from time import perf_counter

import pytest

from costmodel.analysis import schedule
from costmodel.analysis.schedule import Task, best_order

CHAIN = [Task(3, (0,)), Task(9, (1,)), Task(2, (2,))]


def smallest_peak(source: int, tasks: Sequence[Task]) -> int:
    """The smallest peak, by trying every order: what is alive is counted anew for every set that has run."""
    sizes = (source, *(task.size for task in tasks))
    count = len(tasks)

    def alive(done: frozenset[int]) -> int:
        needed = {read for number, task in enumerate(tasks, 1) if number not in done for read in task.reads}
        return sum(sizes[each] for each in done | {0} if each in needed or each == count)

    @cache
    def after(done: frozenset[int]) -> int:
        ready = [n for n in range(1, count + 1) if n not in done and set(tasks[n - 1].reads) <= done | {0}]
        return min((max(alive(done) + sizes[n], after(done | {n})) for n in ready), default=0)

    return after(frozenset())


def nested(
    rng: random.Random, source: int, tasks: list[Task], layers: int, depth: int = 2, most: int = 12
) -> int:
    """Adds layers and forks, one inside the other, of outputs of random sizes; the last task."""
    edge = source
    for _ in range(layers):
        if depth and rng.random() < 0.5:
            branches = rng.randint(2, 4 if depth > 1 else 3)
            ends = [nested(rng, edge, tasks, rng.randint(0, 2), depth - 1, most) for _ in range(branches)]
            reads = tuple(ends)
        else:
            reads = (edge,)
        tasks.append(Task(rng.randint(1, most), reads))
        edge = len(tasks)
    return edge


def any_graph(rng: random.Random, count: int) -> list[Task]:
    """Tasks that read any before them, nothing left unread."""
    tasks = [
        Task(rng.randint(1, 12), tuple({rng.randint(0, n) for _ in range(rng.randint(1, 2))}))
        for n in range(count)
    ]
    unread = set(range(count + 1)) - {read for task in tasks for read in task.reads}
    return [*tasks, Task(rng.randint(1, 12), tuple(unread))]


def cases(make: str, count: int) -> Iterator[tuple[int, list[Task]]]:
    rng = random.Random(5)
    for _ in range(count):
        tasks: list[Task] = []
        if make == "nested":
            nested(rng, 0, tasks, rng.randint(1, 4), rng.randint(1, 3), rng.choice((3, 12, 99)))
        else:
            tasks = any_graph(rng, rng.randint(2, 8))
        if 4 <= len(tasks) <= 12:
            yield rng.randint(1, 12), tasks


@pytest.mark.parametrize("make", ["nested", "any"])
def test_no_order_has_a_smaller_peak(make: str):
    for source, tasks in cases(make, 1500):
        found = best_order(source, tasks)
        assert found.is_proven
        assert found.peak == smallest_peak(source, tasks), tasks


@pytest.mark.parametrize("make", ["nested", "any"])
def test_the_order_runs_every_task_behind_what_it_reads_and_has_its_peak(make: str):
    for source, tasks in cases(make, 100):
        order = best_order(source, tasks).tasks
        assert sorted(order) == list(range(1, len(tasks) + 1))
        when = {0: -1} | {number: place for place, number in enumerate(order)}
        assert all(when[read] < when[number] for number, task in enumerate(tasks, 1) for read in task.reads)


def test_a_chain_has_one_order():
    assert best_order(4, CHAIN) == ((1, 2, 3), 12, True)


def test_the_branch_that_ends_small_runs_first():
    fork = [Task(20, (0,)), Task(20, (1,)), Task(15, (0,)), Task(2, (3,)), Task(10, (2, 4))]
    assert best_order(10, fork) == ((3, 4, 1, 2, 5), 42, True)


def test_a_peak_that_is_allowed_is_not_allowed_beside_others():
    tasks = [
        *(Task(78, (0,)), Task(96, (0,)), Task(39, (1,)), Task(42, (0,)), Task(15, (2,)), Task(31, (3, 4))),
        *(Task(41, (0, 1)), Task(2, (3,)), Task(1, (3,)), Task(66, (0,)), Task(31, (0, 7))),
        Task(28, (5, 6, 8, 9, 10, 11)),
    ]
    assert best_order(3, tasks).peak == smallest_peak(3, tasks) == 174


def test_a_search_that_grows_too_large_says_that_its_order_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(schedule, "MOST_MOVES", 3)
    tasks = any_graph(random.Random(4), 10)
    found = best_order(2, tasks)
    assert not found.is_proven
    assert found.peak >= smallest_peak(2, tasks)


def test_a_result_that_nothing_reads_is_dropped_and_leaves_the_proof_open():
    unread = [Task(5, (0,)), Task(3, (0,)), Task(9, (2,)), Task(2, (0, 2))]
    assert best_order(4, unread) == ((1, 2, 4, 3), 3 + 2 + 9, False)


def test_time_grows_with_the_number_of_layers_alone():
    def seconds(count: int) -> float:
        tasks: list[Task] = []
        for number in range(count):
            start = 4 * number
            tasks += [
                Task(5 + number % 7, (start,)),
                Task(9, (start + 1,)),
                Task(3, (start + 2,)),
                Task(3, (start + 3, start)),
            ]
        begin = perf_counter()
        assert best_order(3, tasks).is_proven
        return perf_counter() - begin

    small, large = (min(seconds(count) for _ in range(3)) for count in (1000, 8000))
    assert large < 8 * 5 * small


def pyramid(tasks: list[Task], edge: int, depth: int, size: Callable[[int], int]) -> int:
    """Adds a U-Net: two layers a level, a skip with a layer of its own, and what joins them."""
    for _ in range(2):
        tasks.append(Task(size(depth), (edge,)))
        edge = len(tasks)
    if depth == 0:
        return edge
    tasks.append(Task(size(depth), (edge,)))
    skip = len(tasks)
    tasks.append(Task(size(depth - 1), (edge,)))
    below = pyramid(tasks, len(tasks), depth - 1, size)
    tasks.append(Task(size(depth), (below, skip)))
    return len(tasks)


def test_the_peak_of_a_network_nested_a_hundred_levels_deep_is_proven():
    tasks: list[Task] = []
    pyramid(tasks, 0, 100, lambda depth: 2 << depth)
    assert len(tasks) > 500
    assert best_order(1 << 101, tasks).is_proven
    small: list[Task] = []
    pyramid(small, 0, 2, lambda depth: 2 << depth)
    assert best_order(8, small).peak == smallest_peak(8, small)


@pytest.mark.parametrize("shape", ["nested", "pyramid"])
def test_the_peak_of_nested_networks_of_random_sizes_is_proven(shape: str):
    rng = random.Random(7)
    for _ in range(10):
        tasks: list[Task] = []
        if shape == "pyramid":
            pyramid(tasks, 0, rng.randint(40, 100), lambda depth: rng.randint(1, 1000))
        while len(tasks) < 200:
            nested(rng, len(tasks), tasks, 20, 4, 1000)
        assert best_order(500, tasks).is_proven
