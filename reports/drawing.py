"""Writes drawings as PNG and SVG; the same figure always gives the same bytes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.files import OutputError, write_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colours that differ for colour-blind readers too (Okabe and Ito 2008).
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8B6914", "#555555")
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")  # beside colours, for print and for colour-blind readers
DPI = 150
KINDS = ("png", "svg", "pdf")
METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


def pictures(figure: Figure, name: str) -> dict[str, bytes]:
    """A figure as PNG and SVG, by the names of their files."""
    return {f"{name}.{kind}": _bytes(figure, kind, name) for kind in ("png", "svg")}


def _bytes(figure: Figure, kind: str, name: str) -> bytes:
    """A figure as a file of a kind."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    # else the ids inside an SVG are random, and its date and the version of matplotlib stand in the files
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(buffer, format=kind, dpi=DPI, metadata=METADATA[kind])
    return buffer.getvalue()


def check_picture(path: Path, option: str = "--out") -> str:
    """The kind of drawing that a path's ending says.

    Raises:
        OutputError: the ending is none of these.
    """
    kind = path.suffix.removeprefix(".").lower()
    if kind not in KINDS:
        raise OutputError(
            f"{option} {path}: expected a drawing, one of {', '.join(f'.{each}' for each in KINDS)}"
        )
    return kind


def write_picture(figure: Figure, path: Path) -> None:
    """Writes a figure as what the path's ending says.

    Raises:
        OutputError: the ending is none of these, or nothing can be written there.
    """
    kind = check_picture(path)
    write_all({path: _bytes(figure, kind, path.stem)})


def mark_places(axis: Axes, marks: Iterable[tuple[int, str]]) -> None:
    """Upright lines at places that were computed, named at their feet, beside what was measured."""
    for place, name in marks:
        axis.axvline(place, color="grey", linewidth=1)
        # in data across and in the panel down: at its foot whatever is drawn
        axis.annotate(
            f"{name}: {place}",
            (place, 0),
            xycoords=("data", "axes fraction"),
            xytext=(4, 6),
            textcoords="offset points",
            rotation=90,
            va="bottom",
            color="dimgrey",
        )
