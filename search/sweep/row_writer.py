"""Rows of a sweep into CSV or Parquet, whole at every moment, with a note beside it of how far it got."""

from __future__ import annotations

import json
import shutil
import signal
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from costmodel.errors import OptionError

if TYPE_CHECKING:
    import pyarrow.parquet

Table = dict[str, np.ndarray]
ASKED = (signal.SIGINT, signal.SIGTERM)
BYTES_A_CELL = {".csv": 11, ".parquet": 6}


def room_for(path: Path, rows: int, columns: int) -> None:
    """Makes sure that a file of that many rows can be written.

    Raises:
        OptionError: the folder is missing, the kind of file is not known, or the disk is too small.
    """
    if path.suffix not in BYTES_A_CELL:
        raise OptionError(f"--out {path}: expected a file that ends in .csv or .parquet")
    if path.suffix == ".parquet":
        _pyarrow(path)
    if not path.parent.is_dir():
        raise OptionError(f"--out {path}: there is no folder {path.parent}")
    # Told before hours of work, not by a full disk after them.
    needed = rows * columns * BYTES_A_CELL[path.suffix]
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise OptionError(
            f"--out {path}: {rows} designs need about {needed / 2**30:,.1f} GiB, "
            f"{free / 2**30:,.1f} GiB are free; "
            "take fewer points, or keep some with --where or --pareto"
        )


def _pyarrow(path: Path) -> ModuleType:
    try:
        import pyarrow
    except ImportError:
        raise OptionError(f"--out {path}: Parquet needs pyarrow: pip install 'costmodel[parquet]'") from None
    loaded: ModuleType = pyarrow
    return loaded


class RowFile:
    """A file of rows that is written piece by piece.

    As long as it is not finished, `PATH.incomplete` stands beside it and says how far it got.

    Raises:
        OptionError: the file cannot be written.
    """

    def __init__(self, path: Path, designs: int, figures: Collection[str]) -> None:
        self.path, self.designs, self.figures = path, designs, figures
        self.rows = self.done = 0
        self.note = path.with_name(path.name + ".incomplete")
        self._writer: pyarrow.parquet.ParquetWriter | None = None
        self._whole = 0

    def __enter__(self) -> Self:
        try:
            self.note_progress(0)
            self._file = self.path.open("wb")
        except OSError as error:
            raise OptionError(f"--out {self.path}: cannot be written: {error.strerror}") from error
        return self

    def write(self, rows: Table, done: int) -> None:
        """Adds rows, and notes how many designs are done.

        Raises:
            OptionError: the disk is full, or the folder is gone.
        """
        with _uninterrupted():
            self._write(rows, done)

    def _write(self, rows: Table, done: int) -> None:
        try:
            (self._parquet if self.path.suffix == ".parquet" else self._csv)(rows)
            self._file.flush()
            self.rows += len(rows["valid"])
            self._whole = self._file.tell()
            self.done = done
            self.note_progress(done)
        except OSError as error:
            raise OptionError(f"--out {self.path}: {error.strerror} after {self.rows} rows") from error

    def note_progress(self, done: int) -> None:
        """Notes how far the file got."""
        progress = {"designs_done": done, "designs": self.designs, "rows": self.rows}
        self.note.write_text(json.dumps(progress) + "\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
        elif kind is not None:
            self._file.truncate(self._whole)  # a full disk may have cut a row
        self._file.close()
        if kind is None:
            self.note.unlink()

    def _csv(self, rows: Table) -> None:
        self._file.write(csv_of(rows, self.figures, header=self._file.tell() == 0).encode())

    def _parquet(self, rows: Table) -> None:
        pyarrow = _pyarrow(self.path)
        from pyarrow import parquet

        missing = ~rows["valid"]
        table = pyarrow.table(
            {
                name: pyarrow.array(each, mask=missing if name in self.figures else None)
                for name, each in rows.items()
            }
        )
        if self._writer is None:
            self._writer = parquet.ParquetWriter(self._file, table.schema)
        # The first piece decides the types; in a later one a column may be whole by chance.
        self._writer.write_table(table.cast(self._writer.schema))


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Holds SIGINT and SIGTERM back until what is being written is whole."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []
    before = {each: signal.signal(each, lambda number, _: caught.append(number)) for each in ASKED}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    for number in caught[:1]:
        signal.raise_signal(number)


def csv_of(rows: Table, figures: Collection[str], *, header: bool = True) -> str:
    """Rows as CSV: flags as true and false, the figures of what is no network left out."""
    cells = [_cells(name, each, rows["valid"], figures) for name, each in rows.items()]
    # One format for a whole row: the csv module takes more than twice as long, and numbers need no quoting.
    line = ",".join(["%s"] * len(cells))
    lines = [",".join(rows)] if header else []
    lines += [line % row for row in zip(*cells, strict=True)]
    return "".join(f"{each}\n" for each in lines)


def _cells(name: str, values: np.ndarray, valid: np.ndarray, figures: Collection[str]) -> list[object]:
    if values.dtype == bool:
        return ["true" if each else "false" for each in values.tolist()]
    found: list[object] = values.tolist()
    if name not in figures or valid.all():
        return found
    return [each if is_valid else "" for each, is_valid in zip(found, valid.tolist(), strict=True)]
