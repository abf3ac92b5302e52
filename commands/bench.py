"""`bench`: how fast networks run, measured together."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from commands.options import Format, FormatOption, SeedOption, Source, on_spec
from costmodel.errors import one_line
from costmodel.transforms.fold import Fold
from reports import tables

EXAMPLES = """How fast networks run: throughput, latency and peak memory, all named specs in one run.

Examples:

    bench x3d_s x3d_m x3d_l --continual        steps beside the clip networks that they run

    bench x3d_m --continual --backend compiled --backend eager --threads 1

    bench x3d_m --device cuda --batch max --precision fp16 --format json
"""
COLUMNS = (
    "spec",
    "mode",
    "backend",
    "folded",
    "batch",
    "mean_ms",
    "median_ms",
    "p95_ms",
    "p99_ms",
    "per_second",
    "peak_mib",
    "ratio",
    "ratio_same_backend",
)


@partial(on_spec, default=("fold",))
def bench(
    sources: list[Source],
    device: Annotated[str, typer.Option(help="Where to run: cpu or cuda.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="Threads of the processor.")] = 1,
    batch: Annotated[
        str, typer.Option(metavar="N|max", help="Clips or streams at once; max: all that fit.")
    ] = "1",
    precision: Annotated[str, typer.Option(help="fp32 or fp16.")] = "fp32",
    backend: Annotated[
        list[str] | None,
        typer.Option(
            help="eager, compiled, exported or, on a GPU, recorded; repeatable. All where not given."
        ),
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Measured calls of each network.")] = 100,
    weights: Annotated[Path | None, typer.Option(help="A checkpoint; random values where not given.")] = None,
    seed: SeedOption = 0,
    format: FormatOption = Format.TABLE,
) -> None:
    """Prints how fast networks run."""
    from costmodel.emit.bench import Setting, bench_at, measured_batch

    def say(text: str) -> None:
        typer.echo(one_line(text), err=True)

    fold = all(source.made_by(Fold) is not None for source in sources)  # the clip network of `ratio` never is
    graphs = [source.without(Fold).graph() for source in sources]
    specs = [(graph.name, graph) for graph in graphs]
    setting = Setting(
        device,
        threads,
        1,
        precision,
        tuple(backend or ()),
        runs,
        None if weights is None else str(weights),
        fold,
        seed,
    )
    rows = bench_at(specs, measured_batch(specs, setting, batch, say), say)
    typer.echo(_text(rows, format), nl=False)


def _text(rows: list[dict[str, object]], format: Format) -> str:
    columns = tuple(dict.fromkeys((*COLUMNS, *(key for row in rows for key in row))))
    match format:
        case Format.JSON:
            return tables.plain_json({"rows": rows}) + "\n"
        case Format.CSV:
            return tables.csv_text(rows, columns)
        case Format.MD:
            return tables.markdown(rows, COLUMNS)
    return tables.table(rows, COLUMNS, "speed; ratio: the eager clip network, norms unfolded, over the step")
