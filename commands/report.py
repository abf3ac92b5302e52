"""`report`: files about a network: tables, a page and a drawing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.options import DtypeOption, Source, on_spec

app = typer.Typer(no_args_is_help=True, help="Files about a network: tables, a page and a drawing.")

MEMORY = """Where a network's memory goes, layer by layer, as CSV, Markdown, PNG and SVG.

With --continual the state kept between frames, else the clip buffer and maps of a clip. Beside it the totals,
the layer of the peak, memory traffic, and clips of 4, 16 and 64 frames beside the network frame by frame. For
CoX3D-M also Table 4 of its paper, row by row.

Examples:

    report memory x3d_m --continual

    report memory x3d --variant L --continual --state smallest --out reports/l

    report memory my_network.yaml --dtype fp16
"""


GALLERY = """A page with one row for each network that comes with the tool, as a clip and frame by frame.

Examples:

    report gallery                     writes out/gallery.md

    report gallery --out docs
"""


@app.callback()
def report() -> None:
    """Files about a network."""


@app.command("memory", help=MEMORY)
@on_spec
def memory(
    source: Source,
    dtype: DtypeOption = "fp32",
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write to.")] = Path("out"),
) -> None:
    """Writes the memory report and prints the files' paths."""
    from reports.files import check_folder, write_files
    from reports.memory import MemoryReport
    from reports.memory_page import files_of

    check_folder(out)
    made = MemoryReport(source.clip(), source.continual().stream_of, source.is_stream, dtype)
    for note in made.graph.notes:
        typer.echo(f"note: {note}", err=True)
    for path in write_files(out, files_of(made)):
        typer.echo(path)


STUDY = """The trajectory of a search, as X3D's Fig. 2, as PNG, SVG and CSV.

Examples:

    report study runs/x3d.db

    report study runs/x3d.db --search 2 --out reports/search
"""


@app.command("study", help=STUDY)
def study(
    file: Annotated[Path, typer.Argument(metavar="DB", help="A study that `search` wrote.")],
    search: Annotated[
        int | None, typer.Option(help="One search of the study; the last if not given.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write to.")] = Path("out"),
) -> None:
    """Writes the trajectory and prints the files' paths."""
    from reports.files import check_folder
    from reports.study import write
    from search.study.study import read_study

    check_folder(out)
    with read_study(file) as opened:
        for path in write(opened, search, out):
            typer.echo(path)


@app.command("gallery", help=GALLERY)
def gallery(
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write to.")] = Path("out"),
) -> None:
    """Writes the gallery and prints the file's path."""
    from reports.files import check_folder, write_files
    from reports.gallery import gallery as gallery_page

    check_folder(out)
    for path in write_files(out, {"gallery.md": gallery_page().encode()}):
        typer.echo(path)
