"""The lines of `stream`: an answer each, what it runs on, and how fast it went."""

from __future__ import annotations

import json
import sys
from time import perf_counter
from typing import TYPE_CHECKING

from commands.printing import put_more, tell
from costmodel.escape import terminal
from reports.times import UNITS, Clock

if TYPE_CHECKING:
    from search.live.loop import Answer, Live
    from search.live.speed import Prepared


TOGETHER_SECONDS = 0.1  # in which answers to files are written at once, where no terminal shows them


class Shown:
    """Prints answers, a line each: as they come to live sources and on a terminal, else a few at once."""

    def __init__(self, running: Live, classes: tuple[str, ...], top: int, format: str) -> None:
        self.running, self.classes, self.top, self.format = running, classes, top, format
        self._waits = not (sys.stdout.isatty() or any(feed.is_live for feed in running.feeds))
        self._written = perf_counter()

    def __call__(self, answer: Answer) -> None:
        """Prints an answer, and on standard error when a recording begins."""
        if answer.fed.starts:
            tell(f"note: {answer.fed.recording}: begins")
        if answer.scores is None:
            return
        put_more(self._json(answer) if self.format == "json" else self._text(answer))
        now = perf_counter()
        # whoever reads them through a pipe waits for them
        if not self._waits or now - self._written > TOGETHER_SECONDS:
            sys.stdout.flush()
            self._written = now

    def best(self, answer: Answer) -> list[tuple[str, float]]:
        """The classes with the highest scores."""
        if answer.scores is None:
            return []
        scores, numbers = answer.scores.topk(min(self.top, len(answer.scores)))
        return [
            (self.classes[at], score) for at, score in zip(numbers.tolist(), scores.tolist(), strict=True)
        ]

    def lines(self, answer: Answer) -> list[str]:
        """What is written on a frame."""
        head = f"{float(answer.fed.seconds):.2f} s, {answer.phase}"
        return [head, *(f"{name[:40]} {score:.0%}" for name, score in self.best(answer))]

    def _json(self, answer: Answer) -> str:
        row = {
            "source": self.running.feeds[answer.stream].source.name,
            "recording": answer.fed.recording,
            "time": round(float(answer.fed.seconds), 6),
            "about": round(float(answer.about), 6),
            "frames": answer.frames,
            "phase": answer.phase,
            "top": [{"class": name, "score": score} for name, score in self.best(answer)],
            "latency_ms": round(answer.latency * 1000, 3),
        }
        return json.dumps(row) + "\n"

    def _text(self, answer: Answer) -> str:
        several = f"{self.running.feeds[answer.stream].source.name}  " if len(self.running.feeds) > 1 else ""
        found = ", ".join(f"{name} {score:.1%}" for name, score in self.best(answer))
        line = (
            f"{float(answer.fed.seconds):9.3f} s  {answer.phase:8}  {found}  {answer.latency * 1000:.1f} ms"
        )
        # names of files and classes may hold what moves a terminal's cursor
        return terminal(f"{several}{line}") + "\n"


def warn(trouble: str) -> None:
    """Says at once what goes wrong with a source."""
    tell(f"warning: {trouble}")


def tell_start(running: Live, ready: Prepared, every: int) -> None:
    """Says at which rate it runs, on what, and when its first answers come.

    Args:
        running: the stream.
        ready: what it runs on.
        every: camera frames for each of its own.
    """
    rate, number = running.rate, len(running.feeds)
    clock = Clock(every, rate * every)
    warm = "never warm: it remembers all frames"
    if running.steady is not None:
        warm = f"warm after {clock.told(running.steady)}"
    tell(
        f"note: {number} {'source' if number == 1 else 'sources'} at {float(rate):g} frames a second of the "
        f"network, on {ready.backend}; first answer after {clock.told(running.delay + 1)}, {warm} ({UNITS})"
    )


def tell_end(running: Live, ready: Prepared) -> None:
    """Says how fast it went beside what was predicted, and what was dropped."""
    tally = running.tally
    if not tally.steps:
        return
    reached = tally.frames / tally.seconds if tally.seconds else 0.0
    settled = tally.settled_frames / tally.settled_seconds if tally.settled_seconds else None
    once = "" if settled is None else f", {settled:.1f} once settled"
    tell(
        f"note: {tally.frames} frame{'s' * (tally.frames != 1)} in {tally.seconds:.1f} s: "
        f"{reached:.1f} frames a second{once}; "
        f"{ready.per_second:.1f} predicted by timing {ready.backend} alone"
    )
    for feed in running.feeds:
        name = feed.source.name
        if feed.dropped:
            tell(f"note: {name}: {feed.dropped} frames dropped, as they came faster than they were answered")
        if feed.source.is_live and feed.joined > 1:
            tell(f"note: {name}: joined {feed.joined} times, its stream begun anew each time")
    if tally.missed:
        tell(f"note: {tally.missed} ticks without a frame; the one before stood in")
