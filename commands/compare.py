"""`compare`: networks side by side, or one network in every form that a stream can take."""

from __future__ import annotations

from pathlib import Path

from commands.command import Command
from commands.options import DTYPE, FORMAT
from commands.printing import show, tell, tell_missing
from commands.report_html import is_page, write_out
from commands.source import Source
from costmodel.errors import OptionError
from costmodel.escape import shell
from costmodel.options import Option

EXAMPLES = """Networks side by side, with ratios to the first; or one network in every form.

Each network is a line of its own, in quotes where it has options.

Examples:

    compare x3d_m "x3d_m --continual" "x3d --variant S --continual --pool 64" mine.yaml

    compare "x3d --variant M" "x3d --variant S" --x macs_per_frame --y state_bytes --out figure.png

    compare x3d_m "x3d_m --continual" --out page.html       as a page

    compare x3d_m --forms           clip, continual, causal, dissected, factorised, sampled, other heads

    compare x3d_m "x3d_m --continual" --format csv
"""
X, Y = "macs_per_frame", "state_bytes"


def compare(
    sources: list[Source],
    forms: bool,
    x: str | None,
    y: str | None,
    out: Path | None,
    dtype: str,
    fps: float | None,
    format: str,
) -> None:
    """Prints networks side by side, and draws two of their figures."""
    if forms:
        _of_forms(sources, x or y or out or fps)
        show_forms(sources[0], format)
        return
    if len(sources) < 2:
        raise OptionError("compare: one network, expected two or more, or one with --forms")
    if (x or y) and out is None:
        raise OptionError(f"--{'x' if x else 'y'}: is drawn; say where with --out FILE")
    from reports.compare import Compared, check_figures, draw, page

    found = [Compared.of(each, dtype, fps) for each in sources]
    if out is not None and is_page(out):
        from reports.html.compare import comparison

        check_figures(found, (x or X, y or Y))
        write_out(
            out, lambda line: comparison(found, x or X, y or Y, line), _command(sources, dtype, fps, x, y)
        )
        return
    if out is not None:
        from reports.drawing import write_picture

        axes = (x or X, y or Y)
        check_figures(found, axes)
        write_picture(draw(found, *axes), out)
        tell(f"wrote {out}")
    tell_missing()
    show(page(found), format)


def _command(sources: list[Source], dtype: str, fps: float | None, x: str | None, y: str | None) -> str:
    """The command line but for the file."""
    words = ["costmodel compare", *(shell(each.flags) for each in sources)]
    words += [f"--dtype {shell(dtype)}"] if dtype != "fp32" else []
    words += [f"--fps {fps:g}"] if fps is not None else []
    words += [f"--{flag} {name}" for flag, name in (("x", x), ("y", y)) if name is not None]
    return " ".join(words)


def _of_forms(sources: list[Source], drawn: object) -> None:
    """Refuses what has no effect on forms."""
    if len(sources) > 1:
        raise OptionError(f"--forms: is for one network, found {len(sources)}")
    if drawn:
        raise OptionError("--forms: prints a table; leave out --x, --y, --out and --fps")


def show_forms(source: Source, format: str) -> None:
    """Prints one network in every form."""
    from reports.forms import forms_of, page

    tell_missing()
    show(page(list(forms_of(source)), f"{source.flags}: in every form"), format)


COMMAND = Command(
    compare,
    EXAMPLES,
    (
        Option("forms", "One network in every form that a stream can take.", bool, False),
        Option("x", f"The figure drawn along, with --out; {X} unless given.", metavar="FIGURE"),
        Option("y", f"The figure drawn upwards, with --out; {Y} unless given.", metavar="FIGURE"),
        Option(
            "out", "The drawing to write: .png, .svg or .pdf; .html for a page of all.", Path, metavar="FILE"
        ),
        DTYPE,
        Option("fps", "Frames a second of the camera; adds seconds.", float),
        FORMAT,
    ),
    takes="lines",
)
