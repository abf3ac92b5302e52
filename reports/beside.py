"""A clip network beside its stream: what a new frame costs, what is held, when the first answer comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from costmodel.analysis.cost import analyze
from costmodel.escape import drawing
from costmodel.graph import Graph
from reports.drawing import COLOURS
from reports.table import Row
from reports.times import Clock

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMS = ("clip, run again\nat each frame", "frame by frame")
MODES = ("clip", "continual")
GREY, BLUE = COLOURS[7], COLOURS[0]


@dataclass(frozen=True)
class Pair:
    """One figure of the clip network and of its stream, in one unit."""

    title: str
    unit: str
    clip: float
    stream: float
    more: str = "as much"

    @property
    def shown(self) -> tuple[str, str]:
        """Both as a reader sees them, to three digits."""
        return f"{_digits(self.clip)} {self.unit}", f"{_digits(self.stream)} {self.unit}"

    @property
    def ratio(self) -> str:
        """How much less or more the stream has."""
        if not (self.clip and self.stream):
            return ""
        if self.stream <= self.clip:
            return f"{_digits(self.clip / self.stream)} times less"
        return f"{_digits(self.stream / self.clip)} times {self.more}"


def pairs(stream: Graph, measured: Sequence[Row], dtype: str) -> list[Pair]:
    """What a picture of a stream beside its clip network shows.

    Args:
        stream: the network frame by frame.
        measured: rows of `bench`, of this network alone.
        dtype: what sizes in bytes are counted in.

    Returns:
        Multiply-adds and measured milliseconds of a new frame, MiB held between frames, and seconds to the
        first answer; a clip network has its first answer when its clip is full.
    """
    clip = stream.clip or stream
    ours, theirs = (analyze(graph, dtype=dtype).totals for graph in (stream, clip))
    clock = Clock.of(stream)
    scale, unit = (1e9, "G") if theirs["macs_per_frame"] >= 1e9 else (1e6, "M")
    # a clip network keeps the frames of its clip, in numbers of the same size as a state's
    size = ours["state_bytes"] / ours["state_floats"] if ours["state_floats"] else 4
    return [
        Pair(
            "multiply-adds of a new frame",
            unit,
            theirs["macs_per_frame"] / scale,
            ours["macs_per_frame"] / scale,
        ),
        Pair(
            "time of a new frame, measured", "ms", fastest(measured, "clip"), fastest(measured, "continual")
        ),
        Pair(
            "held between frames",
            "MiB",
            theirs["clip_buffer_floats"] * size / 2**20,
            ours["state_bytes"] / 2**20,
        ),
        Pair(
            "first answer after",
            "s",
            clock.units(int(clip.source.time) - 1)["seconds"],
            clock.units(ours["transient"])["seconds"],
            more="as late",
        ),
    ]


def fastest(measured: Sequence[Row], mode: str) -> float:
    """The median milliseconds of a frame on the backend that was fastest."""
    return min(float(str(row["ms_per_frame"])) for row in measured if row["mode"] == mode)


def _digits(value: float) -> str:
    """Three digits, none of them rounded away: 4.73, 15.9, 298."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def draw_beside(stream: Graph, measured: Sequence[Row], dtype: str = "fp32") -> Figure:
    """Four pairs of bars, the clip network above its stream, each with its own scale."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    found = pairs(stream, measured, dtype)
    figure = Figure(figsize=(10, 2.5), layout=ConstrainedLayoutEngine(wspace=0.06))
    figure.suptitle(drawing(f"{stream.name} on a live stream: {_input(stream)}"), fontsize=11)
    for number, (axes, pair) in enumerate(zip(figure.subplots(1, len(found)), found, strict=True)):
        _bars(axes, pair)
        if not number:
            axes.set_yticks([0, 1], FORMS, fontsize=9)
    figure.supxlabel(drawing(_conditions(measured)), fontsize=8, color="dimgrey")
    return figure


def _bars(axes: Axes, pair: Pair) -> None:
    axes.barh([0, 1], [pair.clip, pair.stream], height=0.62, color=[GREY, BLUE])
    most = max(pair.clip, pair.stream) or 1
    for place, value in enumerate((pair.clip, pair.stream)):
        inside = value > 0.55 * most  # a long bar has no room behind it
        axes.annotate(
            pair.shown[place],
            (value, place),
            xytext=(-4 if inside else 4, 0),
            textcoords="offset points",
            ha="right" if inside else "left",
            va="center",
            color="white" if inside else "black",
            fontsize=9,
        )
    axes.set(xlim=(0, most), ylim=(1.5, -0.5), xticks=[], yticks=[])
    axes.set_title(pair.title, fontsize=9)
    axes.set_xlabel(pair.ratio, fontsize=9, fontweight="bold")
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def _input(stream: Graph) -> str:
    source, clock = (stream.clip or stream).source, Clock.of(stream)
    frames = f"{source.time} frames of {source.height} x {source.width}"
    return f"clips of {frames}, {float(clock.fps / clock.every):.3g} frames a second"


def _conditions(measured: Sequence[Row]) -> str:
    """How the times were measured: what every row has in common, and the backend of each form."""
    row = measured[0]
    names = {mode: _backend(measured, mode) for mode in MODES}
    threads = f"{row['threads']} thread{'s' * (row['threads'] != 1)}"
    same = set(names.values())
    backends = same.pop() if len(same) == 1 else f"{names['clip']} and {names['continual']}"
    return (
        f"times: medians of {row['runs']} calls in turn, {row['device']}, {threads}, {row['precision']}, "
        f"{backends}; all else is computed"
    )


def _backend(measured: Sequence[Row], mode: str) -> str:
    found = min(
        (row for row in measured if row["mode"] == mode), key=lambda row: float(str(row["ms_per_frame"]))
    )
    return str(found["backend"])
