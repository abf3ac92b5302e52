"""Times of networks for a person: in model frames, in camera frames and in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from costmodel.analysis.cost import Analysis
from costmodel.analysis.rates import brief_time
from costmodel.graph import Graph
from costmodel.types import TRAINED_FPS
from reports.table import Table

UNITS = "model frames / camera frames / seconds"
TITLES = {"delay": "delay", "lookahead": "lookahead", "receptive_field": "field", "warmup": "warm-up"}
ABOUT = f"times: {UNITS}"


@dataclass(frozen=True)
class Clock:
    """How long a frame of a network is.

    Args:
        every: camera frames for each of its frames.
        fps: camera frames a second.
    """

    every: int = 1
    fps: Fraction = Fraction(TRAINED_FPS)

    @classmethod
    def of(cls, graph: Graph, frame_rate: float | None = None) -> Clock:
        """That of a network: by its own frames a second, or else the rate that its spec was trained at."""
        every = int(graph.every)
        return cls(every, Fraction(str(graph.fps if frame_rate is None else frame_rate * every)))

    def told(self, frames: float | None) -> str | None:
        """A number of its frames in three units; none stays none."""
        return None if frames is None else brief_time(Fraction(frames), self.every, self.fps, None)

    @property
    def label(self) -> str:
        """What an axis of model frames says of one of them."""
        return f"each {self.every} of the camera, {float(self.every / self.fps):.3g} s"

    def units(self, frames: int) -> dict[str, float]:
        """The same for programs, beside the number itself."""
        camera = frames * self.every
        return {"camera_frames": camera, "seconds": float(camera / self.fps)}


def brief(analysis: Analysis, name: str) -> str:
    """A figure that is a time, in model frames, camera frames and seconds; empty where it is unbounded."""
    figures = analysis.figures
    return brief_time(analysis.totals[name], figures.graph.every, figures.graph.fps, figures.fps)


def in_three_units(graph: Graph, value: object, fps: Fraction | None = None) -> str:
    """A time of a network at the camera's rate or its training's; empty where it is unbounded or none."""
    return brief_time(value, graph.every, graph.fps, fps) if isinstance(value, int | Fraction) else ""


def times(found: Iterable[tuple[str, Analysis]], label: str) -> Table:
    """The times of networks, a row for each: at the camera's rate, or that of their training.

    Args:
        found: what each is called, and its figures.
        label: what the names are, as a column says it.
    """
    rows = [_row(name, each, label) for name, each in found]
    return Table(rows, _columns(label, rows), ABOUT, drop=("warm-up", "field"))


def _row(name: str, analysis: Analysis, label: str) -> dict[str, object]:
    graph, rate = analysis.figures.graph, analysis.figures.fps
    row: dict[str, object] = {label: name, "fps": float(graph.fps if rate is None else rate)}
    for figure, title in TITLES.items():
        row[title] = brief(analysis, figure) or None
    return row


def _columns(label: str, rows: Sequence[Mapping[str, object]]) -> list[str]:
    """A time that no network has, such as the warm-up of clips, has no column."""
    return [label, "fps", *(title for title in TITLES.values() if any(row[title] for row in rows))]
