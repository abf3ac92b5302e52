"""What memory a network needs while it runs: weights, state, and the maps that are alive at each layer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from costmodel.analysis.temporal import step_types
from costmodel.errors import OptionError
from costmodel.graph import INPUT, Graph
from costmodel.ops.base import params_of

if TYPE_CHECKING:  # few figures depend on an order
    from costmodel.analysis.schedule import Order, Task


class Moment(NamedTuple):
    """While one layer runs: the edges whose maps are alive, its own among them, and their numbers."""

    layer: str
    floats: int
    alive: tuple[str, ...]


@dataclass(frozen=True)
class Schedule:
    """An order of execution, with what is alive at each layer.

    At each: its inputs, its output and all that a later layer still reads; nothing in place, state not
    counted.

    Args:
        moments: one for each layer, in order of execution.
        is_proven: whether no order has a smaller peak; otherwise it is the best one found.
    """

    moments: tuple[Moment, ...]
    is_proven: bool

    @cached_property
    def peak(self) -> Moment:
        """The first layer at which the most numbers are alive."""
        return max(self.moments, key=lambda moment: moment.floats)

    @property
    def order(self) -> tuple[str, ...]:
        """The layers in order of execution."""
        return tuple(moment.layer for moment in self.moments)


@dataclass(frozen=True)
class Memory:
    """Numbers held while a network runs, for one clip or one frame.

    Args:
        weights: learned values.
        state: numbers kept between frames.
        as_defined: layers run in the order of their definition.
        best: layers run in the order with the smallest peak found.
    """

    weights: int
    state: int
    as_defined: Schedule
    best: Schedule

    @property
    def floats(self) -> int:
        """Weights, state and live maps at the peak of the best order."""
        return self.weights + self.state + self.best.peak.floats


def memory(graph: Graph) -> Memory:
    """What a network holds at each layer, in the order of its definition and in the best order found.

    Raises:
        OptionError: a size is a symbol or an array, and the best order depends on the numbers.
    """
    found = _best_order(*_tasks(graph))
    names = [node.name for node in graph.nodes]
    weights = graph.map(lambda op, inputs: params_of(op.weights(*inputs)))
    kept = graph.map(lambda op, inputs: sum(each.values for each in op.carry(*inputs).kept.values()))
    as_defined = tuple(_moments(graph, names))
    best = tuple(_moments(graph, (names[task - 1] for task in found.tasks)))
    # The order of definition is proven too where its peak is that of a proven order.
    is_best = max(moment.floats for moment in as_defined) == found.peak and found.is_proven
    return Memory(
        int(sum(weights.values())),
        int(sum(kept.values())),
        Schedule(as_defined, is_best),
        Schedule(best, found.is_proven),
    )


def live_floats(graph: Graph) -> int:
    """The most numbers alive at once as layers run in the order of their definition."""
    return max(moment.floats for moment in _moments(graph, (node.name for node in graph.nodes)))


def peak_activation(graph: Graph) -> int:
    """The most numbers alive at once, in the best order found.

    Raises:
        OptionError: a size is a symbol or an array, and the best order depends on the numbers.
    """
    return _best_order(*_tasks(graph)).peak


@lru_cache(maxsize=4)  # figures and pages ask for one network's order in turn, and a search takes a while
def _best_order(source: int, tasks: tuple[Task, ...]) -> Order:
    from costmodel.analysis.schedule import best_order

    return best_order(source, tasks)


def _tasks(graph: Graph) -> tuple[int, tuple[Task, ...]]:
    """The numbers in the input, and the layers as tasks."""
    from costmodel.analysis.schedule import Task

    number = {INPUT: 0} | {node.name: place for place, node in enumerate(graph.nodes, start=1)}
    sizes = {name: each.values for name, each in step_types(graph).items()}
    for node in graph.nodes:
        if not isinstance(sizes[node.name], int) or not isinstance(node.count, int):
            raise OptionError(
                f"peak_activation_floats: {node.name} has sizes that are not numbers, and the best order of "
                "execution depends on them; give numbers"
            )
    tasks = [Task(int(sizes[node.name]), tuple(number[name] for name in node.inputs)) for node in graph.nodes]
    return int(sizes[INPUT]), tuple(tasks)


def _moments(graph: Graph, order: Iterable[str]) -> Iterable[Moment]:
    unread = {name: set(readers) for name, readers in graph.consumers.items()}
    unread[graph.output].add("")  # the answer is kept
    types = step_types(graph)
    alive = {INPUT: int(types[INPUT].values)}
    live = alive[INPUT]
    for name in order:
        alive[name] = int(types[name].values)
        live += alive[name]
        yield Moment(name, live, tuple(alive))
        for read in (*graph.by_name[name].inputs, name):
            unread[read].discard(name)
            if read in alive and not unread[read]:
                live -= alive.pop(read)
