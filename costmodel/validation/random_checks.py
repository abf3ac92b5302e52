"""Networks made at random, checked one after the other; of one that fails the smallest that does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from costmodel.graph import Graph
from costmodel.validation.check import Check
from costmodel.validation.random_networks import random_continual, random_graph
from costmodel.validation.random_transforms import Made, random_made
from costmodel.validation.shrink import shown, shrunk
from costmodel.validation.validate import Stage, stages_of, validate


@dataclass(frozen=True)
class Tried:
    """A network made at random, and its checks.

    Args:
        made: the network.
        seed: with which it was made, and its weights drawn.
        checks: all of them.
    """

    made: Made
    seed: int
    checks: tuple[Check, ...]

    @property
    def name(self) -> str:
        """What it is called, and what was done to it."""
        return f"{self.made.start.name}, {self.made.flags or 'clip'}"

    @property
    def failed(self) -> tuple[str, ...]:
        """The checks that do not hold; what could not be measured is none of them."""
        return tuple(check.what for check in self.checks if check.holds is False)

    def _fails(self, graph: Graph, stages: Sequence[Stage]) -> bool:
        checks = validate(graph, self.seed, stages)
        return any(check.what in self.failed and check.holds is False for check in checks)

    def smallest(self) -> str:
        """The smallest network found in which one of the same checks fails, as a spec."""

        def fails(graph: Graph) -> bool:
            known = [stage for stage in stages if stage in stages_of(graph)]
            return bool(known) and self._fails(graph, known)

        # The others would be run anew for each network that is tried.
        whole = self.made.graph
        stages = [stage for stage in stages_of(whole) if self._fails(whole, [stage])]
        return shown(shrunk(self.made, fails), f"{', '.join(self.failed)} of {self.name}, made smaller")


def networks_of(seed: int) -> Iterator[Made]:
    """The networks of a seed: a clip network, a stream, and one behind transforms."""
    yield Made.of(random_graph(seed), ())
    graph, continual = random_continual(seed)
    yield Made.of(graph, (continual,))
    yield random_made(seed)


def tried(seed: int) -> Iterator[Tried]:
    """The networks of a seed, each with its checks."""
    for made in networks_of(seed):
        yield Tried(made, seed, tuple(validate(made.graph, seed)))
