"""`reproduce --measure`: the accuracies that a paper prints, beside those of weights that somebody has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from commands.data import tell_left_out
from commands.evaluate import at_its_rate, tell_decoded
from commands.source import Source
from commands.train import chosen_device, with_classes
from costmodel.errors import CostModelError, OptionError, nearest
from costmodel.weights import Checkpoint
from reports.cells import MEASURES, Cell, Paper, Table
from reports.measured import NO_NETWORK, NO_WEIGHTS, Measured, measurable
from reports.networks import Networks
from reports.paper_tables import find_table

if TYPE_CHECKING:
    from search.data import Data
    from search.train.evaluate import ClipAccuracy

ONE_VIEW, ZEROS = "1x1", "zeros"
# why an evaluation may lack a figure
ABSENT = {"top5": "five classes or fewer", "mean_average_precision": "each clip has one label"}


def measured(
    name: str, data: str, weights: Sequence[str], device: str | None, threads: int | None, seed: int
) -> list[Measured]:
    """Each accuracy of a table, with what was measured where a row has weights.

    Args:
        name: the table, such as co3d:1 or mine.yaml:1.
        data: as `--data` has it.
        weights: each `ROW=FILE`; ROW may be a pattern of several rows.
        device: where the networks run.
        threads: on a CPU.
        seed: of data that are drawn.

    Raises:
        CostModelError: the table, a row, a file or the data is missing or does not fit.
    """
    from search.data import open_data

    paper, table = find_table(name, "--measure")
    cells = list(measurable(table))
    if not cells:
        has = [label for label, each in paper.tables.items() if any(measurable(each))]
        raise OptionError(f"--measure: {name} has no accuracies to measure (tables that do: {_listed(has)})")
    files = files_of_rows(table, weights)
    where = chosen_device(device, threads)
    opened = open_data(data, seed)
    tell_left_out(opened)
    rows = [
        _Row.of(paper, [each for each in cells if each.row == label], file) for label, file in files.items()
    ]
    # all before any: the first row may take hours, and the weights of the last be of another network
    ready = [row.ready(opened) for row in rows]
    found = {row.label: list(row.measured(at_its_rate(row.source, opened), where)) for row in ready}
    tell_decoded(opened, 0, 0)
    return [each for label in table.rows for each in found.get(label, _without(cells, label))]


def files_of_rows(table: Table, given: Sequence[str]) -> dict[str, Path]:
    """The file of weights of each row that has one.

    Raises:
        OptionError: none is given, one is no ROW=FILE, a row is not known, or has two.
    """
    rows = list(dict.fromkeys(cell.row for cell in measurable(table) if cell.text("network")))
    if not given:
        raise OptionError(f"--measure: needs --weights ROW=FILE, ROW being one of {_listed(rows)}")
    found: dict[str, Path] = {}
    for text in given:
        row, _, file = text.rpartition("=")
        if not row or not file:
            raise OptionError(f"--weights: {text!r}, expected ROW=FILE, ROW being one of {_listed(rows)}")
        meant = [row] if row in rows else [each for each in rows if fnmatchcase(each, row)]
        if not meant:
            raise OptionError(f"--weights: no row to measure is called {row!r}{nearest(row, rows)}")
        twice = next((each for each in meant if each in found), None)
        if twice is not None:
            raise OptionError(f"--weights: {twice!r} has two files, {found[twice]} and {file}")
        found |= dict.fromkeys(meant, Path(file))
    return found


def _without(cells: Sequence[Cell], label: str) -> list[Measured]:
    mine = [each for each in cells if each.row == label]
    return [Measured(each, NO_WEIGHTS if each.text("network") else NO_NETWORK) for each in mine]


@dataclass(frozen=True)
class _Row:
    """A row of a table with the weights that it is measured for."""

    cells: Sequence[Cell]
    source: Source

    @classmethod
    def of(cls, paper: Paper, cells: Sequence[Cell], file: Path) -> _Row:
        """A row, once its file is known to be of its network, as far as the file says."""
        network = Networks().network(cells[0], paper.networks)
        source = Source(network.document, network.settings, network.transforms, network.variant, network.spec)
        with _named(cells[0].row):
            return cls(cells, source.taking(file))

    @property
    def label(self) -> str:
        return self.cells[0].row

    @property
    def weights(self) -> Checkpoint:
        return Checkpoint.of(self.source.needed_weights, self.source)

    def ready(self, data: Data) -> _Row:
        """The row for the classes of the data, once weights and data fit its network."""
        from search.train.about import must_have_learned
        from search.train.checkpoint import load_weights
        from search.train.evaluate import views_of
        from search.train.fit import must_fit, reading_of
        from search.train.forms import form_of

        row = replace(self, source=with_classes(self.source, data))
        with _named(self.label):
            if row.source.file is not None:
                must_have_learned(row.source.file, data)
            must_fit(row.source.clip(), data)
            load_weights(form_of(row.source.clip(), "clip", reading_of(row.weights)).network, row.weights)
            for cell in self.cells:
                views_of(cell.text("clips") or ONE_VIEW)
        return row

    def measured(self, data: Data, device: str) -> Iterator[Measured]:
        """Its accuracies."""
        return self._on_stream(data, device) if self.source.is_stream else self._on_clips(data, device)

    def _on_clips(self, data: Data, device: str) -> Iterator[Measured]:
        from search.train.evaluate import on_clips, views_of

        ran: dict[str, ClipAccuracy] = {}
        for cell in self.cells:
            views = cell.text("clips") or ONE_VIEW
            if views not in ran:
                ran[views] = on_clips(self.source.clip(), self.weights, data, views_of(views), device)
            name, metrics = MEASURES[cell.text("measures")], ran[views].metrics()
            if name not in metrics:
                yield Measured(cell, f"not measured: {ABSENT[name]}", str(self.weights))
                continue
            error = metrics.get(f"{name}_error")
            yield Measured(
                cell,
                f"views {views}",
                str(self.weights),
                100 * metrics[name],
                None if error is None else 100 * error,
                len(data.validation.labels),
                ran[views].looped,
            )

    def _on_stream(self, data: Data, device: str) -> Iterator[Measured]:
        """The answer to the last frame that the stream needs to be warm, in the middle of each video."""
        from search.train.forms import warm_frames
        from search.train.streaming import Streamed

        streamed = Streamed(self.source.graph(), self.weights, data, device=device)
        frames = warm_frames(streamed.network.graph)
        row = streamed.row(frames, (ZEROS,))
        share, error = 100 * row[ZEROS], 100 * row[f"{ZEROS}_error"]
        for cell in self.cells:
            if cell.text("measures") != "top1":
                yield Measured(cell, "not measured: of a stream only top-1 is", str(self.weights))
                continue
            of, looped = f"stream, after {frames} frames", int(row["looped"])
            yield Measured(cell, of, str(self.weights), share, error, streamed.number, looped)


@contextmanager
def _named(row: str) -> Iterator[None]:
    """Names the row in what goes wrong with its weights."""
    try:
        yield
    except CostModelError as error:
        raise OptionError(f"--weights {row}: {error}") from error


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
