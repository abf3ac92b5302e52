"""`data`: writes a data set to try things on, and shows what is read of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command, Group
from commands.options import FORMAT, SEED
from commands.printing import show, tell
from costmodel.errors import OptionError
from costmodel.options import Option
from reports.table import Page, Table

if TYPE_CHECKING:
    from search.data import Data, Videos

DIGITS = """The moving digits as MP4 files in folders of classes, to try the tool on videos in minutes.

Examples:

    data moving-digits --out digits/ --videos 200

    train x3d --data digits/ --set crop=32 --set frames=8 --recipe digits --epochs 5 --out run
"""
SHOW = """What is read of a folder: parts, classes, sizes, rates, lengths, and by name all that is left out.

Examples:

    data show clips/

    data show ucf101/:split=2 --format json

    data show videos/:reader=path_label
"""
COLUMNS = ("part", "videos", "classes", "shortest", "longest", "sizes", "rates", "kinds")


def moving_digits(out: Path, videos: int, length: int, seed: int, format: str) -> None:
    """Writes videos, and prints how many of which part."""
    from search.data.written import write_digits

    # `train` would have nothing to validate with, or classes that it never saw
    if videos < 60:
        raise OptionError(
            f"--videos: {videos}, expected 60 or more: twelve classes, a fifth to validate with"
        )
    written = list(write_digits(out, videos, seed, length))
    rows = [
        {"part": part, "videos": sum(each.part == part for each in written), "folder": str(out / part)}
        for part in ("train", "val")
    ]
    show(Page(lambda: {"rows": rows}, lambda: [Table(rows, tuple(rows[0]))]), format)


def show_data(data: str, seed: int, format: str) -> None:
    """Prints what a data set holds."""
    from search.data import open_data

    found = open_data(data, seed)
    tell_left_out(found)
    rows = [_row(name, part) for name, part in (("train", found.train), ("val", found.validation))]
    document = {
        "key": found.key,
        "mirrors": found.mirrors,
        "fps": found.fps,
        "classes": list(found.classes),
        "rows": rows,
        "left_out": {why: list(names) for why, names in found.left.items() if names},
    }
    show(Page(lambda: document, lambda: [Table(rows, COLUMNS)]), format)


def tell_left_out(data: Data) -> None:
    """Says what of a folder is no clip of the data, or not a whole one."""
    from search.data.video_set import notes_of

    for line in notes_of(data.left):
        tell(f"note: {line}")


def _row(name: str, part: Videos) -> dict[str, object]:
    from search.data.file_videos import FileVideos

    labels = part.labels
    row: dict[str, object] = {
        "part": name,
        "videos": len(labels),
        "classes": int(labels.any(0).sum()) if labels.ndim == 2 else len(set(labels.tolist())),
        "shortest": int(part.lengths.min()),
        "longest": int(part.lengths.max()),
    }
    if not isinstance(part, FileVideos):
        return row | {"sizes": f"{part.width}x{part.height}", "kinds": "in memory", "rates": ""}
    known = part.recordings
    return row | {
        "sizes": _range([(each.width * each.height, f"{each.width}x{each.height}") for each in known]),
        "rates": _range([(each.rate or 0, f"{float(each.rate or 0):.4g}") for each in known]),
        "kinds": ", ".join(sorted({each.kind for each in known})),
    }


def _range(values: Sequence[tuple[Fraction | int, str]]) -> str:
    """The least and the greatest of values, as their texts."""
    least, most = min(values)[1], max(values)[1]
    return least if least == most else f"{least} to {most}"


COMMAND = Group(
    "A data set to try things on, and what is read of a folder.",
    {
        "moving-digits": Command(
            moving_digits,
            DIGITS,
            (
                Option("out", "The folder to write to.", Path, is_required=True, metavar="DIR"),
                Option("videos", "How many in all, a fifth of them to validate with.", int, 200),
                Option("length", "Frames of each, 30 a second.", int, 32, least=1, most=10_000),
                SEED,
                FORMAT,
            ),
        ),
        "show": Command(
            show_data,
            SHOW,
            (
                Option(
                    "data",
                    "As `--data` takes it: a folder, perhaps with options behind a colon, or `digits`.",
                    is_positional=True,
                    is_required=True,
                    metavar="DATA",
                ),
                SEED,
                FORMAT,
            ),
        ),
    },
)
