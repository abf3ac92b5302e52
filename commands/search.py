"""`search`: expand or contract a network along its axes under a budget."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from commands.options import DtypeOption, Format, FormatOption, SeedOption, Source, on_spec
from commands.searching import (
    BudgetOption,
    PresetOption,
    ScoreOption,
    Setup,
    StudyOption,
    Texts,
    WithOption,
    WorkersOption,
    setup,
)
from costmodel.errors import OptionError

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


@on_spec
def search(
    source: Source,
    start: Annotated[str | None, typer.Option(help="The variant to start from.")] = None,
    budget: BudgetOption = None,
    limit: Annotated[Texts, typer.Option(metavar="METRIC<=AMOUNT", help="A hard limit; repeatable.")] = None,
    score: ScoreOption = None,
    score_option: WithOption = None,
    study: StudyOption = None,
    preset: PresetOption = None,
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
    workers: WorkersOption = None,
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
    if engine != "local":
        raise OptionError(f"--engine: unknown {engine!r} (known: local)")
    given = {
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
    }
    given |= {"start": start} if start else {}
    _run(setup(source, given, preset, study, seed=seed, dtype=dtype), out, format)


def _run(chosen: Setup, out: Path, format: Format) -> None:
    from commands.leaving import leaving
    from commands.trajectory import printed, progress
    from search.methods.run import Judging, run

    ready = chosen.ready
    with leaving(chosen.how_to_go_on), chosen.opened() as (study, engine):
        seed = chosen.request.seed
        judging = Judging(ready.problem, ready.score, seed, study, engine, chosen.retries, progress)
        for note in ready.notes:
            progress(f"note: {note}")
        for decision, known in run(ready.problem, ready.steps, judging, ready.options):
            progress(printed(ready.problem, decision, known))
        _report(chosen.network, study, ready, out, format)


def _report(network: Source, study: Any, ready: Any, out: Path, format: Format) -> None:
    from commands.trajectory import progress, shown
    from reports.study import write
    from search.methods.run import search_address

    number = study.search(search_address(ready.options), ready.options)
    typer.echo(shown(network, study, number, format), nl=False)
    for file in write(study, number, out):
        progress(f"wrote {file}")
