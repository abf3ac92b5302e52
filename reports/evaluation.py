"""Draws a network's accuracy frame by frame: while it warms up, by tenth of the video, and with noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from costmodel.escape import drawing
from reports.drawing import mark_places, pictures
from reports.stream_panels import cuts_as_json, draw_streams
from reports.table import Page, Table, Text
from reports.tables import frame_csv
from reports.times import UNITS, Clock

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from search.train.cuts import Cuts

COLOURS = {"zeros": "#0072B2", "replicate": "#D55E00", "last": "#0072B2", "mean": "#E69F00"}
NAMES = {"zeros": "zeros ahead of the first frame", "replicate": "the first frame repeated ahead of it"}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class StreamAccuracy:
    """The results of `evaluate --stepwise`.

    Args:
        name: the network's.
        clip_accuracy: of the clip network, on one clip from the middle.
        clip_error: its standard error.
        delay: computed steps before the first answer.
        warmup: computed steps from which on no answer depends on the initial state; None where all do.
        seen: rows of `frames`, an accuracy and its error for each initialisation, and how many videos are
            shorter and `looped`  (Hedegaard 2022, Fig. 5).
        pools: rows of pool, accuracy and cost  (Hedegaard 2022, Table 3).
        tenths: rows of tenth and accuracy  (Kopuklu 2022, Fig. 7a).
        erased: rows of the percentage that is noise, and accuracies  (Kopuklu 2022, Fig. 7b).
        frame_rate: steps a second that the network was trained at, where its weights say so.
        clock: how long a step is, at that rate or the one that its spec states.
        cuts: how soon it is right after a cut, where that was tried.
        costs: rows of K clips beside one stream at equal cost  (Feichtenhofer 2020, Fig. 3 and A.4).
    """

    name: str
    clip_accuracy: float
    clip_error: float
    delay: int
    warmup: int | None
    seen: Sequence[Row]
    pools: Sequence[Row] = field(default_factory=tuple)
    tenths: Sequence[Row] = field(default_factory=tuple)
    erased: Sequence[Row] = field(default_factory=tuple)
    frame_rate: float | None = None
    clock: Clock = Clock()
    cuts: Cuts | None = None
    costs: Sequence[Row] = field(default_factory=tuple)

    @property
    def title(self) -> str:
        """The network, its clip accuracy, and what was computed of its first answers."""
        warm = "never warm: it remembers all frames"
        if self.warmup is not None:
            warm = f"warm after {self.clock.told(self.warmup + 1)}"
        return (
            f"{self.name}: clip network {self.clip_accuracy:.1%} +- {self.clip_error:.1%}; computed: first "
            f"answer after {self.clock.told(self.delay + 1)}, {warm} ({UNITS})"
        )

    @property
    def inits(self) -> tuple[str, ...]:
        """The initial states that were tried, in the order in which they are drawn."""
        return tuple(name for name in NAMES if self.seen and name in self.seen[0])

    def as_json(self) -> dict[str, object]:
        """All of it, for programs."""
        return {
            "model": self.name,
            "clip_accuracy": self.clip_accuracy,
            "clip_accuracy_error": self.clip_error,
            "delay": self.delay,
            "warmup": self.warmup,
            "frame_rate": self.frame_rate,
            "every": self.clock.every,
            "fps": float(self.clock.fps),
            "transient": list(self.seen),
            "pools": list(self.pools),
            "tenths": list(self.tenths),
            "erased": list(self.erased),
            "cuts": None if self.cuts is None else cuts_as_json(self.cuts),
            "equal_cost": list(self.costs),
        }


def table(found: StreamAccuracy) -> pandas.DataFrame:
    """The accuracy after so many frames, and where each stands in the transient."""
    import pandas as pd

    rows = [
        {**row, **found.clock.units(row["frames"]), "phase": phase(found, row["frames"])}
        for row in found.seen
    ]
    accuracies = [name for init in found.inits for name in (init, f"{init}_error")]
    columns = ["frames", "camera_frames", "seconds", *accuracies, "phase", "looped"]
    return pd.DataFrame(rows, columns=columns)


def sheet(found: StreamAccuracy) -> Table:
    """The same for programs."""
    # pandas types its keys as hashables
    rows = [{str(key): value for key, value in row.items()} for row in table(found).to_dict("records")]
    return Table(rows, tuple(rows[0]))


def tables(found: StreamAccuracy) -> list[Table]:
    """All that was measured, for a person: times in three units."""
    rows = sheet(found).rows
    columns = [name for name in rows[0] if name not in ("camera_frames", "seconds")]
    errors = [name for name in columns if name.endswith("_error")]
    parts = [Table(_timed(found, "frames", rows), columns, found.title, drop=("looped", *errors))]
    further = (
        (found.pools, "receptive_field", "longer pools"),
        (found.tenths, "", "by tenth of the video"),
        (found.erased, "", "middle replaced by noise"),
        (found.cuts.rows if found.cuts else (), "after", _title_of_cuts(found)),
        (found.costs, "frames", "K clips beside one stream at equal cost"),
    )
    for part, column, title in further:
        if part:
            told = f"{title}; {column.replace('_', ' ')}: {UNITS}" if column else title
            least = [name for name in part[0] if name.endswith("error") or name == "clip_macs"]
            parts.append(Table(_timed(found, column, part), tuple(part[0]), told, drop=least))
    return parts


def page(found: StreamAccuracy) -> Page:
    """All of it; in a document each table stands below its title."""
    parts = tables(found)
    titled = [each for part in parts for each in (Text.of(f"{part.title}\n", "md"), part)]
    return Page(found.as_json, lambda: parts, lambda: sheet(found), lambda: titled)


def _timed(found: StreamAccuracy, column: str, rows: Sequence[Row]) -> Sequence[Row]:
    return [{**row, column: found.clock.told(row[column])} for row in rows] if column else rows


def _title_of_cuts(found: StreamAccuracy) -> str:
    cuts = found.cuts
    if cuts is None or cuts.median is None:
        return f"after {0 if cuts is None else cuts.cuts} cuts"
    return (
        f"after {cuts.cuts} cuts, half of those right in the end are from {found.clock.told(cuts.median)} on"
    )


def phase(found: StreamAccuracy, frames: int) -> str:
    """The phase of a stream after a number of frames: `first answer`, `transient` or `steady`."""
    if found.warmup is not None and frames > found.warmup:
        return "steady"
    return "first answer" if frames == found.delay + 1 else "transient"


def draw(found: StreamAccuracy) -> Figure:
    """The transient as Co3D's Fig. 5, and beside it accuracy by tenth and through noise, where measured."""
    from matplotlib.figure import Figure

    panels = [_transient]
    panels += [_tenths] if found.tenths else []
    panels += [_erased] if found.erased else []
    figure = Figure(figsize=(7 + 4 * (len(panels) - 1), 4.2), layout="constrained")
    # the transient is the figure, and has the most to show
    widths = [1.7, *(1 for _ in panels[1:])] if len(panels) > 1 else [1]
    axes = figure.subplots(1, len(panels), width_ratios=widths, squeeze=False)[0]
    top = _top(found)
    for axis, panel in zip(axes, panels, strict=True):
        panel(axis, found)
        axis.set_ylim(0, top)
        axis.grid(alpha=0.3)
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, fontsize="small", frameon=False)
    return figure


def files_of(found: StreamAccuracy) -> dict[str, bytes]:
    """The table as CSV and the drawing as PNG and SVG, by name."""
    text = frame_csv(table(found))
    streams = draw_streams(found.name, found.cuts, found.costs, found.clock)
    further = {} if streams is None else pictures(streams, "streams")
    return {"transient.csv": text.encode()} | pictures(draw(found), "transient") | further


def _top(found: StreamAccuracy) -> float:
    """The highest accuracy shown, in percent, and a little more."""
    shown = [found.clip_accuracy, *(row[name] for row in found.seen for name in found.inits)]
    shown += [row["accuracy"] for row in found.tenths]
    shown += [row[name] for row in found.erased for name in ("last", "mean")]
    highest: float = max(shown)
    # one scale for all panels; 101, so that a line at 100 % is not cut in half
    return min(100 * highest * 1.1 + 1, 101)


def _transient(axis: Axes, found: StreamAccuracy) -> None:
    frames = [row["frames"] for row in found.seen]
    for name, style in zip(found.inits, ("-", "--"), strict=False):
        accuracy = [100 * row[name] for row in found.seen]
        axis.plot(frames, accuracy, style, color=COLOURS[name], marker=".", label=NAMES[name])
    axis.axhline(100 * found.clip_accuracy, color="black", linestyle=":", label="clip network")
    marks = [(found.delay + 1, "first answer")]
    marks += [] if found.warmup is None else [(found.warmup + 1, "warm")]
    mark_places(axis, marks)
    axis.set(xlabel=f"model frames seen, {found.clock.label}", ylabel="accuracy (%)")
    axis.set_title(drawing(f"{found.name}: accuracy against frames seen"))
    axis.set_xlim(left=0)
    axis.locator_params(axis="x", integer=True)


def _tenths(axis: Axes, found: StreamAccuracy) -> None:
    tenths = [row["tenth"] for row in found.tenths]
    accuracy = [100 * row["accuracy"] for row in found.tenths]
    axis.plot(tenths, accuracy, marker=".", color=COLOURS["mean"], label="all answers averaged")
    axis.set(xlabel="tenth of the video", ylabel="accuracy (%)", title="by tenth", xticks=range(1, 11))


def _erased(axis: Axes, found: StreamAccuracy) -> None:
    percents = [row["erased"] for row in found.erased]
    for name, label in (("mean", "all answers averaged"), ("last", "last answer")):
        axis.plot(
            percents, [100 * row[name] for row in found.erased], marker=".", color=COLOURS[name], label=label
        )
    axis.set(xlabel="noise in the middle (%)", ylabel="accuracy (%)", title="middle replaced by noise")
