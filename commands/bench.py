"""`bench`: how fast networks run, measured in turn in one process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from commands.checkpoint import weights_option
from commands.command import Command
from commands.options import FORMAT, SEED
from commands.printing import show, tell, tell_missing
from commands.source import Source
from costmodel.errors import OptionError
from costmodel.options import Option
from costmodel.transforms.continual import Continual
from costmodel.transforms.fold import Fold
from costmodel.weights import Checkpoint
from reports.beside import draw_beside
from reports.chunks import draw_chunks
from reports.drawing import check_picture, write_picture
from reports.table import Page, Table

if TYPE_CHECKING:
    from costmodel.emit.bench import Benched, Setting, Theirs

EXAMPLES = """How fast networks run: throughput, latency and peak memory, all named specs in one run.

Examples:

    bench x3d_s x3d_m x3d_l --continual        steps beside the clip networks that they run

    bench x3d_m --continual --backend compiled --backend eager --threads 1

    bench mine.yaml --continual --against my/net.py:make       beside the module, run on each new frame's clip

    bench x3d_m --continual --draw beside.svg      a picture: the clip network beside its stream

    bench x3d_s --continual --chunks 1,2,4,8 --draw chunks.png     ms a frame against lookahead

    bench x3d_m --device cuda --batch max --precision fp16 --format json
"""
COLUMNS = (
    "spec",
    "mode",
    "backend",
    "folded",
    "batch",
    "chunk",
    "lookahead",
    "ms_per_frame",
    "mean_ms",
    "median_ms",
    "p95_ms",
    "p99_ms",
    "per_second",
    "peak_mib",
    "ratio",
    "ratio_same_backend",
    "ratio_module",
    "error",
)
KIND_COLUMNS = ("spec", "chunk", "kind", "layers", "macs", "bytes", "ms_per_frame", "bound_ms")
KINDS = (
    "kinds of layers in eager steps; bound: a matrix product, or memory, at the speed measured in this run, "
    "for each layer the longer"
)
# What says something of steps of several frames alone.
OF_CHUNKS = ("chunk", "lookahead", "ms_per_frame")
# What a narrow terminal leaves out first: it keeps the ratio, the calls per second and the peak of memory.
LEAST_COLUMNS = (
    *("p99_ms", "p95_ms", "mean_ms", "batch", "folded", "ratio_same_backend", "ratio_module", "median_ms"),
    "backend",
)


def bench(
    sources: list[Source],
    device: str,
    threads: int,
    batch: str,
    precision: str,
    backend: tuple[str, ...],
    runs: int,
    weights: Path | None,
    against: str | None,
    chunks: str | None,
    profile: bool,
    draw: Path | None,
    seed: int,
    format: str,
) -> None:
    """Prints how fast networks run."""
    if draw is not None:
        if chunks is None and not (len(sources) == 1 and sources[0].is_stream):
            raise OptionError(
                "--draw: draws one network as a stream beside its clips, with --continual; or several frames "
                "at a step, with --chunks, such as 1,2,4,8"
            )
        check_picture(draw, "--draw")
    from costmodel.emit.bench import Benched, Setting, bench_at, measured_batch
    from costmodel.emit.half import half_precision_note

    if profile and not all(source.is_stream for source in sources):
        raise OptionError("--profile: is of steps; add --continual")

    fold = all(source.made_by(Fold) is not None for source in sources)  # the clip network of `ratio` never is
    # folding is left to the measurement, which needs the weights with their norms first
    plain = [source.without(Fold).taking(weights) for source in sources]
    specs = [
        Benched(each.graph().name, each.graph(), _carried(each), _chunks(each, chunks)) for each in plain
    ]
    setting = Setting(device, threads, 1, precision, backend, runs, fold, seed)
    if precision == "fp16" and (note := half_precision_note(device)):
        tell(f"warning: {note}")
    # before anything is measured: a factory may have a mistake
    theirs = None if against is None else _module(sources[0], against)
    rows = bench_at(specs, measured_batch(specs, setting, batch, tell), tell, theirs)
    kinds = _profiled(specs, setting) if profile else []
    tell_missing()
    if draw is not None:
        drawn = draw_beside(plain[0].graph(), rows, precision) if chunks is None else draw_chunks(rows)
        write_picture(drawn, draw)
    show(page(rows, kinds), format)


def _profiled(specs: list[Benched], setting: Setting) -> list[dict[str, object]]:
    from costmodel.emit.bench import profiled

    return profiled(specs, setting, tell)


def _chunks(source: Source, text: str | None) -> tuple[int, ...]:
    """The frames at a step that a stream is to be measured with; each is refused that it cannot take."""
    if text is None:
        return ()
    stream = source.made_by(Continual)
    if stream is None:
        raise OptionError(f"--chunks: {source.graph().name} is run on clips; add --continual")
    numbers = text.split(",")
    if not all(each.isdigit() for each in numbers):
        raise OptionError(f"--chunks: {text!r}, expected numbers of frames, such as 1,2,4,8")
    for each in numbers:
        # No source of one frame at a step has answers to choose from.
        answers = stream.answers if int(each) > 1 else "all"
        source.with_transform(replace(stream, chunk=int(each), answers=answers)).graph()
    return tuple(dict.fromkeys(map(int, numbers)))


def _module(source: Source, place: str) -> Theirs:
    """The module that a factory makes, on clips of a network's sizes."""
    from costmodel.emit.bench import Theirs
    from costmodel.importers import order_of

    order, clip = order_of(source.making.axes), source.clip().source
    shape = [1 if axis == "batch" else int(getattr(clip, axis)) for axis in order]
    if order[0] != "batch":
        raise OptionError(f"--axes: {source.making.axes!r}, expected N first, as batches are made")
    return Theirs(place, source.making.module(place), shape)


def _carried(source: Source) -> Checkpoint | None:
    """Its weights, which are carried through the transforms that they were trained without."""
    return None if source.weights is None else Checkpoint.of(source.weights, source)


def page(rows: list[dict[str, object]], kinds: Sequence[dict[str, object]] = ()) -> Page:
    """A row for each measured network, and for each kind of layer where its time was asked for."""
    # the table leaves out what is alike in all rows, such as the device; CSV has it
    every = tuple(dict.fromkeys((*COLUMNS, *(key for row in rows for key in row))))
    title = "speed; over the step, ratio: the eager clip network, norms unfolded"
    if "ratio_module" in _columns(rows):
        title += "; ratio_module: the module"
    if "error" in _columns(rows):
        title += "; error: beside fp32, of the largest answer"
    shown = Table(rows, _columns(rows), title, drop=LEAST_COLUMNS)
    profile = Table(kinds, KIND_COLUMNS, KINDS)
    if not kinds:
        return Page(lambda: {"rows": rows}, lambda: [shown], lambda: Table(rows, every))
    found = {"rows": rows, "profile": list(kinds)}
    return Page(lambda: found, lambda: [shown, profile], lambda: Table(rows, every))


def _columns(rows: list[dict[str, object]]) -> list[str]:
    """The columns that say something: without `--against` no row has a module's ratio."""
    said = {"ratio_module": any(row.get("ratio_module") for row in rows)}
    said["error"] = any(row.get("error") is not None for row in rows)
    said |= dict.fromkeys(OF_CHUNKS, any(row.get("chunk") != 1 for row in rows))
    return [name for name in COLUMNS if said.get(name, True)]


COMMAND = Command(
    bench,
    EXAMPLES,
    (
        Option("device", "Where to run: cpu or cuda.", default="cpu"),
        Option("threads", "Threads of the processor.", int, 1, least=1),
        Option("batch", "Clips or streams at once; max: all that fit.", default="1", metavar="N|max"),
        Option("precision", "fp32, fp16, or bf16: products of pointwise layers alone.", default="fp32"),
        Option(
            "backend",
            "eager, compiled, exported or, on a GPU, recorded; repeatable. All where not given, but for "
            "exported on a GPU, and compiled of --chunks.",
            is_repeatable=True,
        ),
        Option("runs", "Measured calls of each network.", int, 100, least=1),
        *weights_option("A checkpoint; random values where not given."),
        Option(
            "against",
            "The factory of a module, imported and RUN beside them on each new frame's clip.",
            metavar="FACTORY",
        ),
        Option(
            "chunks",
            "Frames at a step, each of which is measured; multiples of the cycle.",
            metavar="K,K",
        ),
        Option("profile", "Time by kind of layer in eager steps, beside its bound.", bool, False),
        Option(
            "draw",
            "Draws clip beside stream, as .png, .svg or .pdf; with --chunks, ms a frame against lookahead.",
            Path,
            metavar="FILE",
        ),
        SEED,
        FORMAT,
    ),
    takes="specs",
    has=("fold",),
)
