"""`--draw`: the drawing of a front, refused before any work where it could not be drawn."""

from __future__ import annotations

from pathlib import Path

from costmodel.errors import OptionError


def check_draw(path: Path | None, pareto: str | None) -> None:
    """Refuses what could not be drawn.

    Raises:
        OptionError: there is no front, or one of fewer than two figures.
        OutputError: the ending is no drawing's.
    """
    if path is None:
        return
    from reports.drawing import check_picture

    check_picture(path, "--draw")
    figures = [name for name in (pareto or "").split(",") if name.strip()]
    if len(figures) < 2:
        raise OptionError("--draw: draws a front; add --pareto with two figures or three")
