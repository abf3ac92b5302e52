"""`report html`: a network, or several, as one file for a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from commands.command import Command
from commands.options import DTYPE, FPS, OUT
from commands.printing import tell
from commands.source import Source
from costmodel.errors import OptionError
from costmodel.escape import shell
from costmodel.options import Option

SRAM = Option("sram", "Memory of a device, such as 16MiB: a line beside what is held.", metavar="SIZE")
PAGE_OUT = replace(OUT, help="The folder to write to, or a file that ends in .html for a page.")
HELP = """A network as one HTML file, clip and frame by frame side by side.

Costs, times in model frames, camera frames and seconds, memory over the order of execution, all layers in a
table that sorts, filters and folds, the graph, the figures as formulas, and what each figure means. The file
needs no network and no other file. Several networks stand on one page.

Examples:

    report html x3d_m --continual --out report.html

    report html x3d_s x3d_m --continual --fps 30 --out both.html

    report html x3d_m --continual --sram 16MiB --out fits.html
"""


def is_page(out: Path) -> bool:
    """Whether a path names a page, not a folder."""
    return out.suffix.lower() in (".html", ".htm")


def write_out(out: Path, page: Callable[[str], bytes], command: str) -> None:
    """Writes a page and prints its path.

    Args:
        out: the file.
        page: makes it, given the command line that does.
        command: that command line but for the file.
    """
    from reports.html.frame import environment, write_page

    environment()
    write_page(out, page(f"{command} --out {shell(str(out))}"))
    print(out)


def html(
    sources: list[Source],
    dtype: str,
    fps: float | None,
    sram: str | None,
    depth: int | None,
    out: Path,
) -> None:
    """Writes the page and prints the file's path."""
    from reports.html.frame import check_file, environment, write_page
    from reports.html.network import NetworkPage, page

    check_file(out)
    environment()  # a missing extra is told before anything is worked out
    limit = None if sram is None else sram_bytes(sram)
    found = [
        NetworkPage(each, each.clip(), each.continual().stream_of, dtype, fps, limit, depth)
        for each in sources
    ]
    for each in found:
        for note in each.notes:
            tell(f"note: {note}")
    write_page(out, page(found, _command(sources, dtype, fps, sram, depth, out)))
    print(out)


def sram_bytes(text: str) -> int:
    """The bytes that `--sram` says.

    Raises:
        OptionError: it is no size.
    """
    from costmodel.analysis.quantities import Quantity, amount

    try:
        found, _ = amount(text, Quantity("state_bytes"))
    except OptionError as error:
        raise OptionError(f"--sram {text}: {error}") from error
    if found <= 0:
        raise OptionError(f"--sram {text}: expected a size above zero, such as 512KiB or 16MiB")
    return int(found)


def _command(
    sources: list[Source], dtype: str, fps: float | None, sram: str | None, depth: int | None, out: Path
) -> str:
    """The command line that makes the page."""
    options = sources[0].flags.removeprefix(_argument(sources[0])).strip()  # all networks share them
    words = ["costmodel report html", *map(_argument, sources), options]
    words += [f"--dtype {shell(dtype)}"] if dtype != "fp32" else []
    words += [f"--fps {fps:g}"] if fps is not None else []
    words += [f"--sram {shell(sram)}"] if sram is not None else []
    words += [f"--depth {depth}"] if depth is not None else []
    return " ".join([*(word for word in words if word), f"--out {shell(str(out))}"])


def _argument(source: Source) -> str:
    """SPEC as a command line has it, which its flags begin with; a path may hold spaces."""
    known = (shell(each) for each in (source.spec, f"./{source.spec}"))
    found = (each for each in known if source.flags.startswith(each))
    return next(found, source.flags.partition(" ")[0])


COMMAND = Command(
    html,
    HELP,
    (
        DTYPE,
        FPS,
        SRAM,
        Option(
            "depth", "Parts of a layer's name that tell stages apart, if not as suits.", int, least=1, most=20
        ),
        Option("out", "The file to write.", Path, Path("report.html"), metavar="FILE"),
    ),
    takes="specs",
)
