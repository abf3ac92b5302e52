"""What `evaluate` adds for networks that leave the number of frames to their clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from commands.printing import tell
from commands.source import Source
from costmodel.errors import OptionError
from costmodel.options import Option
from costmodel.transforms.sgs import Sgs
from reports.table import Page

if TYPE_CHECKING:
    from search.train.evaluate import ClipAccuracy

AT_BINS = Option(
    "at_bins",
    "Also with so many bins each, such as 8,4,2, without training anew; of a network with --sgs.",
    metavar="B,B",
)
Evaluated = Callable[[Source], "ClipAccuracy"]


def with_active_bins(
    page: Page, source: Source, found: ClipAccuracy, at_bins: str | None, evaluated: Evaluated, out: Path
) -> Page:
    """The page of an evaluation with the active bins of its clips, which also go to a folder.

    Args:
        page: of the accuracy.
        source: the network.
        found: its accuracy.
        at_bins: further numbers of bins, as the option has them.
        evaluated: gives the accuracy of the network with other bins.
        out: the folder.

    Raises:
        OptionError: the numbers have another form, or the network is not sampled.
    """
    numbers = _numbers(at_bins)
    sampling = source.made_by(Sgs)
    if found.sampled is None or sampling is None:
        if numbers:
            raise OptionError("--at-bins: is for networks whose clips have their own active bins; add --sgs")
        return page
    from reports.files import write_files
    from reports.sampled_clips import as_json, files_of, row_at, tables

    rows = [row_at(None, found)]
    for number in numbers:
        fewer = source.with_transform(replace(sampling, bins=number))
        rows.append(row_at(number, evaluated(fewer)))
        tell(f"{number} bins: accuracy {rows[-1]['accuracy']:.1%}")
    for path in write_files(out, files_of(source.document.name, found, rows)):
        tell(f"note: wrote {path}")
    return Page(
        lambda: {**dict(page.data()), **as_json(found, rows)},  # type: ignore[call-overload]
        lambda: [*page.parts(), *tables(found, rows)],
        page.sheet,
    )


def _numbers(text: str | None) -> list[int]:
    if text is None:
        return []
    if not all(each.isdecimal() and int(each) for each in text.split(",")):
        raise OptionError(f"--at-bins: {text!r}, expected numbers of bins such as 8,4,2")
    return [int(each) for each in text.split(",")]
