"""The memory report as a page: totals, what is held over the order of execution, layers, clips, traffic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reports import published
from reports.html.bars import by_layer, by_stage
from reports.html.memory import Held, size
from reports.html.parts import Tile, definitions
from reports.html.sections import Drawing, Section, page, section_of
from reports.memory import MemoryReport
from reports.memory_page import CHIP
from reports.table import Table

if TYPE_CHECKING:
    import pandas

DEFINED = (
    *("state_floats", "clip_buffer_floats", "largest_activation_floats", "worst_case_floats"),
    *("peak_activation_floats", "traffic_bytes"),
)


def memory_page(report: MemoryReport, command: str) -> bytes:
    """The page.

    Args:
        report: the memory of a network.
        command: the command line that makes it.
    """
    analysis = report.analysis
    held = Held(analysis)
    how = "frame by frame" if report.is_stream else f"clips of {report.clip.source.time} frames"
    drawn = [Drawing(held.chart, about="Dark: maps that are still needed; pale: what is held all the time.")]
    bars = [Drawing(by_stage(analysis), "By stage"), Drawing(by_layer(analysis), "The layers that hold most")]
    layers = report.layers.assign(share=[f"{share:.1%}" for share in report.layers["share"]])
    sections = [
        section_of(_table(report.totals), "Totals", f"In numbers, and in bytes of {report.dtype}."),
        Section("Over the order of execution", "What one run holds while its layers run in turn.", drawn),
        Section("By stage and layer", "Blue: numbers kept between frames. Ochre: the largest map.", bars),
        section_of(_table(layers), "Layers", "Each with its formula and the equation that it is."),
        section_of(_table(report.clips), "Clips of other lengths", _clips(report)),
        section_of(
            _table(report.traffic),
            "Memory traffic",
            "Each layer by itself moves each of its tensors once (Williams 2009).",
        ),
    ]
    if report.on_chip is not None:
        sections.append(section_of(_table(report.chip), "On a chip, in 8 bits", CHIP))
    if report.is_stream and published.is_cox3d_m(report.clip):
        sections.append(section_of(_table(published.table_4()), "Table 4 of the paper"))
    return page(
        f"Memory of {report.graph.name}, {how}",
        sections,
        command,
        kicker="Where the memory goes",
        lead="Equations are those of Hedegaard and Iosifidis (2022).",
        tiles=_tiles(report, held),
        notes=report.graph.notes,
        known=definitions(DEFINED),
    )


def _tiles(report: MemoryReport, held: Held) -> list[Tile]:
    totals = report.analysis.totals
    figures: Mapping[str, tuple[float, str, str]] = {
        "Held at the peak": (held.peak, "peak_activation_floats", f"at {held.schedule.peak.layer}"),
        held.kept_words.capitalize(): (held.kept, "state_floats", "from one run to the next"),
        "Maps at the peak": (held.peak - held.kept, "peak_activation_floats", "that are still needed"),
        "Weights": (totals["weight_bytes"], "", f"of {report.dtype}"),
    }
    return [
        Tile(title, *size(count).split(" ", 1), note, term)  # type: ignore[call-arg]
        for title, (count, term, note) in figures.items()
    ]


def _clips(report: MemoryReport) -> str:
    if report.refusal:
        return f"Not frame by frame: {report.refusal}"
    if report.needs_less_from is None:
        return "No clip needs more memory than the network frame by frame."
    return f"From clips of {report.needs_less_from} frames on, frame by frame needs less."


def _table(frame: pandas.DataFrame) -> Table:
    # from pandas' own numbers, which print otherwise, to Python's
    rows = [{str(key): _plain(value) for key, value in row.items()} for row in frame.to_dict("records")]
    return Table(rows, list(map(str, frame.columns)))


def _plain(value: object) -> object:
    item = getattr(value, "item", None)
    found = item() if callable(item) else value
    return None if found != found else found
