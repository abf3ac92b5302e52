"""`report`: files about a network: tables, a page and a drawing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command, Group
from commands.options import DTYPE, OUT
from commands.printing import put, tell
from commands.report_html import COMMAND as HTML
from commands.report_html import PAGE_OUT, SRAM, is_page, sram_bytes, write_out
from commands.report_study import study_page
from commands.source import Source
from commands.study_file import study_of
from costmodel.errors import OptionError
from costmodel.escape import shell
from costmodel.options import Option

if TYPE_CHECKING:
    from reports.memory import MemoryReport

MEMORY = """Where a network's memory goes, layer by layer.

As CSV, Markdown, PNG and SVG: with --continual the state kept between frames, else the clip buffer and maps
of a clip. Beside it the totals, the layer of the peak, memory traffic, and clips of 4, 16 and 64 frames
beside the network frame by frame. For CoX3D-M also Table 4 of its paper, row by row.

Examples:

    report memory x3d_m --continual

    report memory x3d --variant L --continual --state smallest --out reports/l

    report memory my_network.yaml --dtype fp16

    report memory x3d_m --continual --out memory.html      as a page

    report memory x3d_s --continual --state window --npu --sram 4MiB      what a chip would hold, in 8 bits
"""


GALLERY = """A page with one row for each network that comes with the tool.

Examples:

    report gallery                     writes out/gallery.md

    report gallery --out docs

    report gallery --out gallery.html          as a page
"""

FORMS = """Pages with every form of each shipped network.

Examples:

    report forms                       writes out/gallery/NAME.md

    report forms --out docs
"""

SHIPPED = """The figures that `list` prints, worked out once.

Examples:

    report shipped > specs/figures.json       after a change of a spec or of a rule
"""

PUBLIC = """Public networks' own figures beside those of their specs.

Examples:

    report public                      writes out/public-networks.md

    report public --out docs
"""

LAYERS = """A page of every layer that a spec may have.

What each does, its fields, an example, and what it keeps on a stream or why it is refused.

Examples:

    report layers                      writes out/layers.md

    report layers --out docs
"""

LANGUAGE = """The page of the spec language.

Keys, arithmetic, layers, padding, blocks, axes and names, with specs that can be read as they stand.

Examples:

    report language                    writes out/spec-language.md

    report language --out docs
"""

FRONTS = """The fronts of families as streams, by MACs and state, drawn.

X3D, MoViNet, TSM, the 3D MobileNets and the D-ResNets, each over the grid of its spec, and what was published
of each. Takes a minute.

Examples:

    report fronts                      writes out/fronts.md and its drawing

    report fronts --out docs
"""


SAMPLED_SPEED = """The eager time of a sampled clip, by its active bins.

Against its multiply-adds: medians of calls in turn, of one clip on one thread of this machine, beside the
network without sampling.

Examples:

    report sampling x3d_s --sgs res2 --out docs/images
"""
RUNS = Option("runs", "Measured calls of each.", int, 30, least=1)


def sampled_speed(source: Source, runs: int, out: Path) -> None:
    """Writes the table and the drawing and prints the files' paths."""
    from reports.files import check_folder, write_files
    from reports.sampled_speed import files_of, speed

    check_folder(out)
    rows = speed(source, runs, tell)
    for path in write_files(out, files_of(source.document.name, rows)):
        print(path)


NPU = Option("npu", "Adds what a chip (NPU) would hold of the stream in 8 bits.", bool, False)


def memory(source: Source, dtype: str, npu: bool, sram: str | None, out: Path) -> None:
    """Writes the memory report and prints the files' paths."""
    from costmodel.analysis.npu import on_chip
    from reports.files import check_folder, write_files

    # pandas and matplotlib load here, not when the list of commands or a help is printed
    from reports.html.memory_page import memory_page
    from reports.memory import MemoryReport
    from reports.memory_page import files_of

    if not is_page(out):
        check_folder(out)
    # both forms, whichever is asked for: the report compares clips with the network frame by frame
    made = MemoryReport(source.clip(), source.continual().stream_of, source.is_stream, dtype)
    command = f"costmodel report memory {source.flags} --dtype {dtype}"
    if sram is not None and not npu:
        raise OptionError("--sram: is asked of a chip here; add --npu")
    if npu:
        limit = None if sram is None else sram_bytes(sram)
        made = replace(made, on_chip=on_chip(made.graph), sram=limit)
        command += " --npu" + (f" --sram {shell(sram)}" if sram is not None else "")
        tell(_chip_line(made))
    for note in made.graph.notes:
        tell(f"note: {note}")
    if is_page(out):
        write_out(out, lambda line: memory_page(made, line), command)
        return
    for path in write_files(out, files_of(made)):
        print(path)


def _chip_line(made: MemoryReport) -> str:
    """What a chip holds, in one line."""
    found = made.on_chip
    assert found is not None
    kept = found.peak.state + found.peak.written
    fits = "" if made.sram is None else "; it fits" if found.sram <= made.sram else "; it does not fit"
    return (
        f"on a chip, in 8 bits: {_mib(found.weights)} of weights in flash, {_mib(found.sram)} of SRAM, "
        f"{_mib(kept)} of it state, at {found.peak.layer}{fits}"
    )


def _mib(count: int) -> str:
    return f"{count / 2**20:.2f} MiB"


STUDY = """The trajectory of a search, drawn as X3D's Fig. 2, as CSV, a page.

The page has the trajectory, each decision and why, scores over costs, learning curves, all candidates, and
what the search cost.

Examples:

    report study runs/x3d.db

    report study runs/x3d.db --out study.html      one page for a browser

    report study runs/x3d.db --search 2 --out reports/search
"""


def study(file: Path, search: int | None, costs: str | None, out: Path) -> None:
    """Writes the trajectory, or a page of all, and prints the files' paths."""
    if is_page(out):
        study_page(file, search, costs, out)
        return
    if costs is not None:
        raise OptionError("--costs: is for a page; give --out FILE.html")
    from reports.files import check_folder
    from reports.study import write

    check_folder(out)
    with study_of(file) as opened:
        for path in write(opened, search, out):
            print(path)


def gallery(out: Path) -> None:
    """Writes the gallery and prints the file's path."""
    if is_page(out):
        from reports.html.gallery import gallery as as_page

        write_out(out, as_page, "costmodel report gallery")
        return
    from reports.files import check_folder, write_files
    from reports.gallery import gallery as gallery_page

    check_folder(out)
    for path in write_files(out, {"gallery.md": gallery_page().encode()}):
        print(path)


def forms(out: Path) -> None:
    """Writes a page of forms for each shipped spec and prints the files' paths."""
    from reports.files import check_folder, write_files
    from reports.forms import documents

    check_folder(out)
    for path in write_files(out, {f"gallery/{name}.md": text.encode() for name, text in documents()}):
        print(path)


def shipped() -> None:
    """Prints the figures of shipped specs as they are kept beside them."""
    from reports.shipped import index

    put(index())


def public(out: Path) -> None:
    """Writes the page of public networks and prints the file's path."""
    from reports.files import check_folder, write_files
    from reports.public import public as public_page

    check_folder(out)
    for path in write_files(out, {"public-networks.md": public_page().encode()}):
        print(path)


def layers(out: Path) -> None:
    """Writes the page of layers and prints the file's path."""
    from reports.files import check_folder, write_files
    from reports.layers import layers as layers_page

    check_folder(out)
    for path in write_files(out, {"layers.md": layers_page().encode()}):
        print(path)


def language(out: Path) -> None:
    """Writes the page of the spec language and prints the file's path."""
    from reports.files import check_folder, write_files
    from reports.language import language as language_page

    check_folder(out)
    for path in write_files(out, {"spec-language.md": language_page().encode()}):
        print(path)


def fronts(out: Path) -> None:
    """Writes the page of fronts with its drawing, and prints the files' paths."""
    from reports.files import check_folder, write_files
    from reports.fronts_page import files_of

    check_folder(out)
    for path in write_files(out, files_of()):
        print(path)


_DB = Option("file", "A study that `search` wrote.", Path, is_positional=True, is_required=True, metavar="DB")
COMMAND = Group(
    "Files about a network: tables, a page and a drawing.",
    {
        "html": HTML,
        "memory": Command(memory, MEMORY, (DTYPE, NPU, SRAM, PAGE_OUT), takes="spec"),
        "study": Command(
            study,
            STUDY,
            (
                _DB,
                Option("search", "One search of the study; the last if not given.", int),
                Option(
                    "costs",
                    "Further costs of each candidate, with commas, such as params,state_bytes; for a page.",
                    metavar="NAMES",
                ),
                PAGE_OUT,
            ),
        ),
        "gallery": Command(gallery, GALLERY, (PAGE_OUT,)),
        "forms": Command(forms, FORMS, (OUT,)),
        "shipped": Command(shipped, SHIPPED),
        "public": Command(public, PUBLIC, (OUT,)),
        "layers": Command(layers, LAYERS, (OUT,)),
        "language": Command(language, LANGUAGE, (OUT,)),
        "fronts": Command(fronts, FRONTS, (OUT,)),
        "sampling": Command(sampled_speed, SAMPLED_SPEED, (RUNS, OUT), takes="spec"),
    },
)
