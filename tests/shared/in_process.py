"""An engine that runs candidates where the search runs: quick, and nothing is hidden in another process."""

from search.engine.base import ENGINES, Job, Outcome, attempt
from search.score.base import Score, Task


class InProcess:
    """Runs a task when its outcome is asked for; `ran` are the keys of all that it ran."""

    def __init__(self, score: Score) -> None:
        self.score = score
        self.tasks: list[Task] = []
        self.ran: list[str] = []

    def submit(self, task: Task) -> None:
        self.tasks.append(task)

    def next_outcome(self) -> Outcome:
        task = self.tasks.pop(0)
        self.ran.append(task.key)
        return attempt(self.score, task)

    def free(self) -> int:
        return 0

    def close(self) -> None:
        self.tasks.clear()


def in_process(job: Job) -> InProcess:
    return InProcess(job.score)


ENGINES.setdefault("in_process", in_process)
