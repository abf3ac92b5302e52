"""`search`: expand or contract a network along its axes under a budget."""

from __future__ import annotations

from contextlib import closing, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.options import DtypeOption, Format, FormatOption, SeedOption, Source, on_spec

EXAMPLES = """The best network under a budget: expand a small one, or contract a large one, an axis at a time.

Each step moves one axis so that the cost doubles, scores every axis, and keeps the best (Feichtenhofer
2020, sec. 3.3); the last step is contracted to meet the budget. All is kept in a study, and the same command
resumes it.

Examples:

    search x3d --start X2D --budget "macs_per_clip<=2GMAC" --score entropy --study runs/x3d.db

    search x3d --continual --start X2D --budget "macs_per_frame<=0.2GMAC" --limit "state_bytes<=8MiB"

    search x3d --start XL --contract --budget "macs_per_clip<=4GFLOP" --limit "delay<=40"

    search x3d --replay x3d_expansion --study runs/paper.db

    search my_network.yaml --budget "macs_per_clip<=16x" --limit "depth<=83" --axes Depth,Resolution
"""

Texts = list[str] | None


@on_spec
def search(
    source: Source,
    start: Annotated[str | None, typer.Option(help="The variant to start from.")] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="METRIC<=AMOUNT", help="The cost and its target: 2GMAC, 8MiB, 16x.")
    ] = None,
    limit: Annotated[Texts, typer.Option(metavar="METRIC<=AMOUNT", help="A hard limit; repeatable.")] = None,
    score: Annotated[
        str | None, typer.Option(help="What is maximised: entropy, synflow, any arithmetic of metrics.")
    ] = None,
    score_option: Annotated[
        Texts, typer.Option("--with", metavar="NAME=VALUE", help="An option of the score; repeatable.")
    ] = None,
    study: Annotated[
        Path | None, typer.Option(metavar="DB", help="The study's file; runs/SPEC.db where none is given.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="A file, or a shipped name, that supplies every option not given.")
    ] = None,
    replay: Annotated[
        str | None, typer.Option(metavar="FILE", help="Take the axis and value of each step from a file.")
    ] = None,
    contract: Annotated[bool, typer.Option("--contract", help="Start large, and divide the cost.")] = False,
    axes: Annotated[
        Texts, typer.Option(metavar="A,B", help="Only these axes of the spec; repeatable.")
    ] = None,
    factor: Annotated[
        str | None, typer.Option(help="How many times dearer each step is; 2 where none is given.")
    ] = None,
    engine: Annotated[str, typer.Option(help="Where candidates run: local.")] = "local",
    workers: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Worker processes; one for each core or GPU.")
    ] = None,
    retries: Annotated[
        int | None, typer.Option(min=0, max=100, help="How often a failed candidate is tried again; 2.")
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder for the trajectory as PNG, SVG and CSV.")
    ] = Path("out"),
    seed: SeedOption = 0,
    dtype: DtypeOption = "fp32",
    format: FormatOption = Format.TABLE,
) -> None:
    """Searches, and prints the trajectory and the command that emits the winner."""
    from search.preset import filled

    given = {
        "start": start or source.variant,
        "set": [f"{name}={_exact(value)}" for name, value in (source.sets or {}).items()],
        "budget": budget,
        "limit": limit,
        "score": score,
        "with": score_option,
        "axes": [name for text in axes or () for name in text.split(",")],
        "contract": contract,
        "replay": replay,
        "factor": factor,
        "retries": retries,
        "workers": workers,
        "continual": source.stream is not None,
    }
    options = filled(given, preset)
    _run(source, options, study, engine, (seed, dtype), out, format)


def _exact(value: Any) -> str:
    from search.text import decimal

    return decimal(value)


def _run(
    source: Source,
    options: dict[str, Any],
    study: Path | None,
    engine: str,
    fixed: tuple[int, str],
    out: Path,
    format: Format,
) -> None:
    from commands.trajectory import printed, progress
    from costmodel.errors import OptionError
    from costmodel.transforms.continual import Continual
    from search.engine import LocalEngine, gpu_count, worker_count
    from search.prepare import Request, prepare
    from search.run import Judging, run
    from search.study import open_study
    from search.text import spec_facts

    if engine != "local":
        raise OptionError(f"--engine: unknown {engine!r} (known: local)")
    document = source.document()
    seed, dtype = fixed
    request = Request(
        options["start"],
        options["set"] or (),
        options["budget"],
        options["limit"] or (),
        options["score"] or "entropy",
        options["with"] or (),
        options["factor"] or 2,
        options["axes"] or (),
        bool(options["contract"]),
        options["replay"],
        seed,
        dtype,
    )
    stream = source.stream or (Continual() if options["continual"] else None)
    ready = prepare(request, document, stream)
    path = study or Path("runs") / f"{document.name}.db"
    retries = 2 if options["retries"] is None else int(options["retries"])
    scoring = (
        closing(LocalEngine(worker_count(options["workers"]), dict(ready.score_options), gpu_count()))
        if ready.score.in_worker
        else nullcontext(None)
    )
    with open_study(path, spec_facts(document)) as opened, scoring as workers:
        judging = Judging(ready.problem, ready.score, seed, opened, workers, retries, progress)
        for note in ready.notes:
            progress(f"note: {note}")
        made = []
        for decision, known in run(ready.problem, ready.steps, judging, ready.options):
            progress(printed(ready.problem, decision, known))
            made.append(decision)
        _report(source, opened, ready, out, format, stream)


def _report(source: Source, study: Any, ready: Any, out: Path, format: Format, stream: Any) -> None:
    from commands.trajectory import progress, shown
    from reports.study import write
    from search.run import search_address

    number = study.search(search_address(ready.options), ready.options)
    typer.echo(shown(source.spec, study, number, format, stream), nl=False)
    for file in write(study, number, out):
        progress(f"wrote {file}")
