"""What is known of the videos of a folder, kept in a file: a large set opens without a look into each."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from costmodel.errors import DataError
from costmodel.files import OutputError, write_whole
from search.video.opened import must_be_small
from search.video.recording import Recording, recording

INDEX = "videos.json"
Row = list[object]  # size and time of change of the file, then what is known of it


@dataclass
class Index:
    """Recordings; those of video files are known from an earlier time, as long as the file is the same.

    Args:
        folder: where `videos.json` stands; None keeps nothing.
    """

    folder: Path | None
    _rows: dict[str, Row] = field(default_factory=dict)
    _is_new: bool = False

    def __post_init__(self) -> None:
        if self.folder is not None:
            # one that is damaged is begun anew, as one that is not there
            with suppress(OSError, ValueError, AttributeError):
                self._rows = dict(json.loads((self.folder / INDEX).read_text()).items())

    def recording(self, path: Path, rate: Fraction) -> Recording:
        """What is known of a clip.

        Args:
            path: of a file, or of a folder of images.
            rate: frames a second of what does not know its own.

        Raises:
            DataError: it is none that can be read.
        """
        if self.folder is None or not path.is_file():
            return recording(path, rate)
        stat, name = path.stat(), str(path.resolve())
        same = [stat.st_size, stat.st_mtime_ns]
        known = _read(path, same, self._rows.get(name))
        if known is not None:
            return known
        found = recording(path, rate)
        if found.kind == "video":
            self._rows[name], self._is_new = same + _written(found), True
        return found

    def write(self) -> None:
        """Keeps what is new; a full disk is no reason to stop."""
        if self.folder is not None and self._is_new:
            with suppress(OutputError):
                write_whole(self.folder / INDEX, json.dumps(self._rows).encode())


def _written(found: Recording) -> Row:
    rate = None if found.rate is None else str(found.rate)
    return [found.height, found.width, str(found.seconds), found.start, rate, found.damage]


def _read(path: Path, same: list[int], row: object) -> Recording | None:
    """A recording as it was written; None where the file is another one by now, or the row is none."""
    if not isinstance(row, list) or row[:2] != same:
        return None
    try:
        height, width, seconds, start, rate, damage = row[2:]
        known = Recording(
            path,
            "video",
            int(height),
            int(width),
            Fraction(seconds),
            start=int(start),
            rate=None if rate is None else Fraction(rate),
            damage=str(damage),
        )
        must_be_small(path, known.width, known.height)
    except (DataError, TypeError, ValueError, ZeroDivisionError):
        return None
    return known if min(known.height, known.width) > 0 and known.seconds > 0 else None
