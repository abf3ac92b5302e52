"""Prints a network's accuracy on clips: in total, by class, and which classes it confuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from costmodel.errors import OptionError
from reports.table import Page, Table

if TYPE_CHECKING:
    from search.train.evaluate import ClipAccuracy
    from search.train.sampled import ActiveBins

Row = Mapping[str, Any]
CLASS_COLUMNS = ("class", "videos", "recall", "recall_error", "precision", "average_precision")
# What a narrow terminal leaves out first: an accuracy is read beside what it costs
LEAST = ("looped", "extended", "crops", "clips", "views", "crop", "top5_error", "macs_per_view", "videos")
CONFUSION_COLUMNS = ("class", "taken_for", "videos")


def row_of(found: ClipAccuracy) -> dict[str, object]:
    """The accuracy of a network with its standard error, on what it was measured, and what it cost."""
    from search.data.file_videos import FileVideos

    views = found.views
    return {
        **found.metrics(),
        # with `all` or `sliding` longer videos have more clips: then the mean over videos
        "clips": views.clips if views.along == "even" else round(found.number / views.crops, 2),
        "crops": views.crops,
        "views": views.clips * views.crops if views.along == "even" else round(found.number, 2),
        "crop": found.view.width,
        "macs_per_view": found.macs_per_view,
        "macs": found.macs,
        **({} if found.sampled is None else _sampled(found.sampled)),
        "videos": len(found.scores),
        # those in files go on with their last frame, those in memory loop
        ("extended" if isinstance(found.data.validation, FileVideos) else "looped"): found.looped,
    }


def _sampled(bins: ActiveBins) -> dict[str, object]:
    return {"active_bins": bins.mean, "macs_per_view_of_all_bins": bins.most}


def confused(found: ClipAccuracy) -> list[Row]:
    """A row for each class that was taken for another one, the most frequent mistake first."""
    from search.train.metrics import confusion

    table, names = confusion(found.scores, found.data.validation.labels), found.data.classes
    rows = [
        {"class": names[one], "taken_for": names[other], "videos": int(table[one, other])}
        for one in range(len(names))
        for other in range(len(names))
        if one != other and table[one, other]
    ]
    return sorted(rows, key=lambda row: -row["videos"])


def page(found: ClipAccuracy, *, classes: bool = False, confusion: bool = False) -> Page:
    """The figures, and where asked for those of each class and of classes confused.

    As CSV it is the table that was asked for.

    Raises:
        OptionError: when it is written as CSV, which has one table, and both were asked for.
    """
    row = row_of(found)
    by_class = found.by_class() if classes else []
    taken = confused(found) if confusion else []
    further: dict[str, object] = {"classes": by_class} if classes else {}
    further |= {"confusion": taken} if confusion else {}
    parts = [Table([row], tuple(row), drop=LEAST)]
    parts += [Table(by_class, CLASS_COLUMNS, "each class")] if classes else []
    parts += [Table(taken, CONFUSION_COLUMNS, "confused")] if confusion else []

    def sheet() -> Table:
        if classes and confusion:
            raise OptionError("--per-class and --confusion: --format csv has one table; leave one out")
        return parts[-1]

    return Page(lambda: row | further, lambda: parts, sheet)
