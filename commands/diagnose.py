"""`diagnose`: why a network cannot run frame by frame, or at what price, and what would do."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from textwrap import fill

from commands.command import Command
from commands.options import FORMAT
from commands.printing import show, tell
from commands.source import Source
from costmodel.analysis.rates import IN_SECONDS, checked_rate, frame_seconds, rate_note, time_text
from costmodel.diagnosis import Diagnosis, diagnose
from costmodel.diagnosis.diagnose import FIGURES, MEANINGS, Priced
from costmodel.errors import OptionError
from costmodel.files import write_whole
from costmodel.graph import Graph
from costmodel.numbers import times
from costmodel.options import Option
from costmodel.readable import plain
from costmodel.spec.write import dump
from reports.table import Page, Table, Text
from reports.tables import figure

EXAMPLES = """Why a network cannot run frame by frame, or at what price; and repairs, the cheapest first.

A repair says what it changes, what becomes of answers and trained weights, and what its stream costs.

Examples:

    diagnose slowfast --variant 8x8-R101-NL     what refuses a stream, and where

    diagnose x3d_m --fps 10                     delays in seconds at this rate of the camera

    diagnose mine.yaml --repair 2 --out fixed.yaml
"""
OBSTACLE_COLUMNS = ("effect", "layers", "reason")
REPAIR_COLUMNS = ("repair", "changes", *FIGURES, "weights", "outputs")
WIDTH = 80
WEIGHTS = {"exact": "hold", "initial": "a first value", "none": "not"}


def run(source: Source, repair: int | None, out: Path | None, fps: float | None, format: str) -> None:
    """Prints the diagnosis, and writes the repaired network where that is asked for."""
    if (repair is None) != (out is None):
        raise OptionError("--repair: is written to --out; give both, or neither")
    rate = None if fps is None else checked_rate(fps)
    found = diagnose(source.clip())
    for note in filter(None, (*found.clip.notes, rate_note(found.clip, rate))):
        tell(f"note: {note}")
    if repair is not None and out is not None:
        if not 1 <= repair <= len(found.repairs):
            raise OptionError(f"--repair: {repair}, expected 1 to {len(found.repairs)}")
        write_whole(out, dump(found.repairs[repair - 1].repair.graph).encode())
        tell(f"note: wrote {out}")
    show(page(found, rate), format)


def page(found: Diagnosis, fps: Fraction | None = None) -> Page:
    """A diagnosis as tables; times also in seconds, at the camera's rate or that of the training."""
    title = f"{found.clip.name}: {found.kind}, {MEANINGS[found.kind]}"
    reasons = [
        {"effect": each.effect, "layers": _places(each.layers), "reason": each.reason}
        for each in found.obstacles
    ]
    obstacles = Table(reasons, OBSTACLE_COLUMNS, "what stands in the way")
    rows = [_row(found.clip, number, each, fps) for number, each in enumerate(found.repairs, start=1)]
    columns = tuple(dict.fromkeys((*REPAIR_COLUMNS, *(rows[0] if rows else ()))))
    repairs = Table(rows, columns, "repairs, the cheapest first")
    return Page(
        lambda: _json(found, rows),
        lambda: [Text.of(f"{_filled(title)}\n"), _obstacles_told(found), _told(found, fps)],
        lambda: repairs,
        lambda: [Text.of(f"{title}\n", "md"), obstacles, repairs],
    )


def _obstacles_told(found: Diagnosis) -> Text:
    """Obstacles for a person: their reasons are too long for columns."""
    if not found.obstacles:
        return Text.of("nothing stands in the way\n")
    lines = [
        _filled(f"{each.effect:8} {_places(each.layers)}: {each.reason}", indent=9)
        for each in found.obstacles
    ]
    return Text.of("\n".join(("what stands in the way", *lines, "")))


def _filled(text: str, indent: int = 0) -> str:
    return fill(text, WIDTH, subsequent_indent=" " * indent)


def _told(found: Diagnosis, fps: Fraction | None) -> Text:
    """Repairs for a person, a few lines for each: their texts are too long for columns."""
    if not found.repairs:
        return Text.of("no repair that the tool knows gives a stream\n")
    lines = ["repairs, the cheapest first"]
    for number, each in enumerate(found.repairs, start=1):
        changes = each.repair.changes or ("none: as it is",)
        lines.append(_filled(f"{number:3}. {'; '.join(changes)}", indent=5))
        costs = ", ".join(_cost(found.clip, name, each, fps) for name in FIGURES)
        lines.append(_filled(f"     {costs}", indent=5))
        answers = f"answers {each.repair.outputs}; trained weights: {WEIGHTS[each.repair.carries]}"
        lines.append(_filled(f"     {answers}", indent=5))
    return Text.of("\n".join((*lines, "")))


def _cost(clip: Graph, name: str, priced: Priced, fps: Fraction | None) -> str:
    """A figure of a repair; a time in camera frames and seconds too."""
    value = priced.figures[name]
    told = time_text(value, clip.every, clip.fps, fps) if name in IN_SECONDS else ""
    return f"{name.replace('_', ' ')} {figure(plain(value))}" + (f" ({told})" if told else "")


def _row(clip: Graph, number: int, priced: Priced, fps: Fraction | None) -> dict[str, object]:
    seconds = None if fps is None else frame_seconds(clip.every, clip.fps, fps)
    timed = {
        IN_SECONDS[name]: plain(times(priced.figures[name], seconds))
        for name in FIGURES
        if name in IN_SECONDS and seconds is not None
    }
    return {
        "repair": number,
        "changes": "; ".join(priced.repair.changes),
        **{name: plain(priced.figures[name]) for name in FIGURES},
        "weights": priced.repair.carries,
        "outputs": priced.repair.outputs,
        **timed,
    }


def _json(found: Diagnosis, rows: list[dict[str, object]]) -> Mapping[str, object]:
    return {
        "model": found.clip.name,
        "class": found.kind,
        "meaning": MEANINGS[found.kind],
        "obstacles": [
            {"effect": each.effect, "layers": list(each.layers), "reason": each.reason}
            for each in found.obstacles
        ],
        "repairs": [
            {**row, "changes": list(each.repair.changes)}
            for row, each in zip(rows, found.repairs, strict=True)
        ],
    }


def _places(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


COMMAND = Command(
    run,
    EXAMPLES,
    (
        Option("repair", "The number of the repair to write as a spec, with --out.", int, least=1),
        Option("out", "The file for the repaired spec.", Path, metavar="FILE"),
        Option("fps", "Frames a second of the camera, for times in seconds.", float),
        FORMAT,
    ),
    takes="spec",
)
