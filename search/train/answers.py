"""How the answers that a network gives to every frame become one answer for the whole clip."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from costmodel.analysis.temporal import timing
from costmodel.errors import OptionError
from costmodel.graph import Graph

LAST, MEAN = "last", "mean"


@dataclass(frozen=True)
class Reading:
    """Which of its answers count, where a network answers every frame; one that answers once is not changed.

    Args:
        answers: `last`, `mean`, or the numbers of frames, from 0, whose answers are averaged (`3,7,15`);
            what suits the network where empty.
        lead: frames fed ahead of the clip, to fill what the layers remember  (Kopuklu 2022, sec. 3.3).
    """

    answers: str = ""
    lead: int = 0

    def fed(self, graph: Graph) -> Graph:
        """The clip network at the length that it is fed: `lead` frames more, where it answers every frame."""
        if not self.lead:
            return graph
        longer = replace(graph, source=graph.source.with_time(int(graph.source.time) + self.lead))
        gained = int(longer.types[longer.output].time) - int(graph.types[graph.output].time)
        # a network that answers once, or at a stride, gains fewer answers than frames: it gets its clip alone
        return longer if gained == self.lead else graph

    def chosen(self, graph: Graph) -> str:
        """The answers that count for a clip network: `last`, `mean`, or numbers of frames.

        Where nothing is said: the last one of a network that looks back alone, for it has seen the most
        (Kopuklu 2022, sec. 3.2 and Fig. 5); the mean of one that also looks ahead.
        """
        if self.answers:
            return self.answers
        return LAST if timing(graph)[graph.output].delay == 0 else MEAN

    def reader(self, graph: Graph) -> Reader:
        """Averages the answers that count into one answer for each clip.

        Raises:
            OptionError: the choice has another form, or names a frame that is not answered.
        """
        chosen, answers = self.chosen(graph), int(graph.types[graph.output].time)
        if chosen == LAST:
            return Reader((answers - 1,))
        if chosen == MEAN:
            return Reader(tuple(range(answers)))
        numbers = [each.strip() for each in chosen.split(",")]
        # isdecimal() refuses a minus sign, which as an index would count from the end
        if not all(each.isdecimal() and int(each) < answers for each in numbers):
            raise OptionError(
                f"answers: {chosen!r}, expected last, mean, or numbers of answers from 0 to {answers - 1} "
                f"such as {max(answers - 2, 0)},{answers - 1}"
            )
        return Reader(tuple(map(int, numbers)))


@dataclass(frozen=True)
class Reader:
    """Averages the answers at the chosen frames; over height and width it always averages."""

    frames: tuple[int, ...]

    def __call__(self, answer: Tensor) -> Tensor:
        """Scores (clips, classes) of an answer (clips, classes[, time[, height, width]])."""
        if answer.dim() == 2:
            return answer
        sequence = over_places(answer)
        # slices are views; the list of numbers below copies
        if self.frames == (sequence.shape[2] - 1,):
            return sequence[:, :, -1]
        if len(self.frames) == sequence.shape[2]:
            return sequence.mean(2)
        return sequence[:, :, list(self.frames)].mean(2)


def over_places(answer: Tensor) -> Tensor:
    """An answer (clips, classes[, time][, height, width]) with maps averaged to one score for each class."""
    # three axes are classes over time, which has no height and width to average
    return answer.mean((-2, -1)) if answer.dim() > 3 else answer
