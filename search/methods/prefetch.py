"""Foresees which candidates a search will ask for next, so that no worker waits for the end of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from costmodel.errors import OptionError
from search.problem.designs import Design
from search.problem.steps import Decision, Judge, Judged, Problem

Steps = Callable[[Problem, Judge], Iterator[Decision]]

# What is known of designs at a step: a score or a failure; no score and no failure while it runs; else None.
Known = Callable[[Sequence[Design], int], Sequence[Judged | None]]


class _AskedError(Exception):
    """A search asks for scores that nothing is known of."""

    def __init__(self, designs: list[Design], step: int) -> None:
        super().__init__(step)
        self.designs, self.step = designs, step


def foreseen(problem: Problem, steps: Steps, known: Known) -> tuple[list[Design], int]:
    """The designs that a search asks for next if none of those running becomes the best, and their step.

    The search itself is asked: it runs once more on what is known. Of a step with a single candidate
    nothing need be known, for it is chosen whatever it scores.

    Args:
        problem: what is searched for.
        steps: the search.
        known: what is known of designs.
    """

    def judge(designs: Sequence[Design], step: int) -> list[Judged]:
        found = known(designs, step)
        unknown = [design for design, each in zip(designs, found, strict=True) if each is None]
        if unknown:
            raise _AskedError(unknown, step)
        judged = [each for each in found if each is not None]
        # It may still be running, and then has no score.
        if len(judged) == 1 and not judged[0].failure:
            return [Judged(judged[0].key, judged[0].score or 0.0)]
        return judged

    try:
        for _ in steps(problem, judge):
            pass
    except _AskedError as asked:
        return asked.designs, asked.step
    except OptionError:  # all that could decide is still running
        pass
    return [], 0
