"""Writes drawings as PNG and SVG; the same figure always gives the same bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours that differ for colour-blind readers too (Okabe and Ito 2008).
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8B6914", "#555555")
DPI = 150


def pictures(figure: Figure, name: str) -> dict[str, bytes]:
    """A figure as PNG and SVG, by the names of their files."""
    import matplotlib as mpl

    files = {}
    # else the ids inside an SVG are random, and its date and the version of matplotlib stand in the files
    with mpl.rc_context({"svg.hashsalt": name}):
        for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
            files[f"{name}.{kind}"] = buffer.getvalue()
    return files
