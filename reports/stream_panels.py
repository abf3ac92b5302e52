"""Draws how soon a stream is right after a cut, and K clips of each video beside one stream at equal cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from costmodel.escape import drawing
from reports.drawing import mark_places
from reports.times import Clock

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from search.train.cuts import Cuts

Row = Mapping[str, Any]
STREAM, CLIPS, BEFORE = "#0072B2", "#D55E00", "#999999"


def cuts_as_json(cuts: Cuts) -> dict[str, object]:
    """All that was found of cuts, for programs."""
    return {
        "cuts": cuts.cuts,
        "lookahead": cuts.lookahead,
        "delay": cuts.delay,
        "warmup": cuts.warmup,
        "median_frames": cuts.median,
        "right_in_the_end": cuts.settled,
        "rows": list(cuts.rows),
    }


def draw_streams(name: str, cuts: Cuts | None, costs: Sequence[Row], clock: Clock) -> Figure | None:
    """Accuracy after cuts, and accuracy against cost; None where neither was measured."""
    from matplotlib.figure import Figure

    number = (cuts is not None) + bool(costs)
    if not number:
        return None
    figure = Figure(figsize=(6 * number, 4.2), layout="constrained")
    figure.suptitle(drawing(name))
    panels = list(figure.subplots(1, number, squeeze=False)[0])
    if cuts is not None:
        _cuts(panels[0], cuts, clock)
    if costs:
        _costs(panels[-1], costs)
    for axis in panels:
        axis.set_ylim(0, 101)
        axis.grid(alpha=0.3)
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, fontsize="small", frameon=False)
    return figure


def _cuts(axis: Axes, cuts: Cuts, clock: Clock) -> None:
    after = [row["after"] for row in cuts.rows]
    accuracy = [100 * row["accuracy"] for row in cuts.rows]
    error = [100 * row["accuracy_error"] for row in cuts.rows]
    axis.plot(
        after, [100 * row["still_before"] for row in cuts.rows], color=BEFORE, label="still the video before"
    )
    axis.errorbar(after, accuracy, yerr=error, color=STREAM, marker=".", capsize=2, label="the new video")
    marks = [(cuts.lookahead + 1, "lookahead"), (cuts.delay + 1, "delay")]
    marks += [] if cuts.warmup is None else [(cuts.warmup + 1, "warm")]
    mark_places(axis, marks)
    if cuts.median is not None:
        axis.axvline(cuts.median, color=STREAM, linestyle=":", label=f"half are right: {cuts.median:g}")
    axis.set(xlabel=f"model frames after a cut, {clock.label}", ylabel="cuts answered (%)")
    axis.set_title(f"after {cuts.cuts} cuts")
    # marks behind the videos' end would squeeze what was measured
    axis.set_xlim(0, max(after) * 1.05)


def _costs(axis: Axes, rows: Sequence[Row]) -> None:
    sides = (
        ("clip", CLIPS, [f"{row['clips']} clips" for row in rows], "K clips"),
        ("stream", STREAM, [f"{row['frames']} frames" for row in rows], "one stream"),
    )
    for side, colour, texts, label in sides:
        known = [
            (row, text) for row, text in zip(rows, texts, strict=True) if row[f"{side}_accuracy"] is not None
        ]
        macs = [row[f"{side}_macs"] / 1e9 for row, _ in known]
        accuracy = [100 * row[f"{side}_accuracy"] for row, _ in known]
        error = [100 * row[f"{side}_error"] for row, _ in known]
        axis.errorbar(macs, accuracy, yerr=error, color=colour, marker=".", capsize=2, label=label)
        for x, y, (_, text) in zip(macs, accuracy, known, strict=True):
            # those of the two lines stand on either side, since equal cost puts them one upon the other
            place = (3, 4 if side == "stream" else -9)
            axis.annotate(text, (x, y), xytext=place, textcoords="offset points", fontsize=6, color=colour)
    axis.set(xlabel="GMACs for a video", ylabel="accuracy (%)", title="K clips beside one stream")
