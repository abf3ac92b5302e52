"""`search`: expand or contract a network along its axes under a budget."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.options import DTYPE, FORMAT, FPS, OUT, SEED, TRAIN
from commands.printing import show
from commands.searching import (
    BUDGET,
    ENGINE,
    LIMIT,
    PRESET,
    SCHEDULER,
    SCORE,
    STUDY,
    WITH,
    WORKERS,
    Setup,
    setup,
)
from commands.source import Source
from costmodel.options import Option

if TYPE_CHECKING:
    from search.problem.request import Prepared
    from search.study.study import Study

EXAMPLES = """The best network under a budget: expand a small one, or contract a large one, an axis at a time.

Each step moves one axis so that the cost doubles, scores every axis, and keeps the best (Feichtenhofer
2020, sec. 3.3); the last step is contracted to meet the budget. All is kept in a study, and the same command
resumes it.

Examples:

    search x3d --start X2D --budget "macs_per_clip<=2GMAC" --score entropy --study runs/x3d.db

    search x3d --continual --start X2D --budget "macs_per_frame<=0.2GMAC" --limit "state_bytes<=8MiB"

    search x3d --over form --fps 30 --budget "macs_per_frame<=0.2GMAC" --limit "lookahead<=100ms"

    search x3d --start XL --contract --budget "macs_per_clip<=4GFLOP" --limit "delay<=40"

    search digits --preset digits --repeat 3              each candidate under three seeds

    search x3d --replay x3d_expansion --study runs/paper.db

    search my_network.yaml --budget "macs_per_clip<=16x" --limit "depth<=83" --axes Depth,Resolution
"""


def search(
    source: Source,
    start: str | None,
    budget: str | None,
    limit: tuple[str, ...],
    score: str | None,
    score_option: tuple[str, ...],
    study: Path | None,
    preset: str | None,
    replay: str | None,
    contract: bool,
    axes: tuple[str, ...],
    over: tuple[str, ...],
    factor: str | None,
    meet: str,
    engine: str,
    scheduler: str | None,
    workers: int | None,
    retries: int | None,
    repeat: int,
    keep: str,
    out: Path,
    seed: int,
    dtype: str,
    fps: float | None,
    train: int | None,
    format: str,
) -> None:
    """Searches, and prints the trajectory and the command that emits the winner."""
    given = {
        "budget": budget,
        "limit": limit,
        "score": score,
        "with": score_option,
        "axes": [name for text in axes for name in text.split(",")],
        "over": over,
        "contract": contract,
        "replay": replay,
        "factor": factor,
        "retries": retries,
        "workers": workers,
    }
    # left out, not None: `setup` then takes `--variant` as the start
    given |= {"start": start} if start else {}
    chosen = setup(
        source,
        given,
        preset,
        study,
        engine=engine,
        scheduler=scheduler,
        seed=seed,
        dtype=dtype,
        repeat=repeat,
        fps=fps,
        batch=train,
        meet=meet,
    )
    _run(chosen, keep, out, format)


def _run(chosen: Setup, keep: str, out: Path, format: str) -> None:
    from commands.leaving import leaving
    from commands.trajectory import Pace, printed, progress
    from search.methods.run import Judging, run
    from search.study.weights import KeptWeights

    ready = chosen.ready
    with leaving(chosen.how_to_go_on), chosen.opened() as (study, engine):
        seed = chosen.request.seed
        judging = Judging(ready.problem, ready.score, seed, study, engine, chosen.retries, progress)
        judging.repeat = chosen.request.repeat
        # typed as text by the option, whose choices are those of `Keep`
        judging.weights = KeptWeights(chosen.path, keep)  # type: ignore[arg-type]
        for note in ready.notes:
            progress(f"note: {note}")
        pace = Pace(ready.problem, is_replay=ready.options["mode"] == "replay")
        # a decision is in the study before it is told, so that a kill after the line loses nothing
        for decision, known in run(ready.problem, ready.steps, judging, ready.options):
            progress(printed(ready.problem, decision, known))
            if told := pace(decision, known):
                progress(told)
        _report(chosen.network, study, ready, out, format)


def _report(network: Source, study: Study, ready: Prepared, out: Path, format: str) -> None:
    from commands.trajectory import page, progress
    from reports.study import write
    from search.methods.run import search_address

    # read back from the study: what is printed is what a later `study show` will print
    number = study.search(search_address(ready.options), ready.options)
    show(page(network, study, number), format)
    for file in write(study, number, out):
        progress(f"wrote {file}")


COMMAND = Command(
    search,
    EXAMPLES,
    (
        Option("start", "The variant to start from."),
        BUDGET,
        LIMIT,
        SCORE,
        WITH,
        STUDY,
        PRESET,
        Option("replay", "Take the axis and value of each step from a file.", metavar="FILE"),
        Option("contract", "Start large, and divide the cost.", bool, False),
        Option("axes", "Only these axes of the spec; repeatable.", metavar="A,B", is_repeatable=True),
        Option(
            "over",
            "Forms that steps may take: form, or a field of a transform; repeatable.",
            metavar="NAME=A,B",
            is_repeatable=True,
        ),
        Option("factor", "How many times dearer each step is; 2 where none is given."),
        Option(
            "meet",
            "How a step above the budget is taken back: along the last axis, as X3D's, or the best of all.",
            default="best",
            choices=("best", "last"),
        ),
        ENGINE,
        SCHEDULER,
        WORKERS,
        Option("retries", "How often a failed candidate is tried again; 2.", int, least=0, most=100),
        Option(
            "repeat",
            "Seeds that each candidate is trained under; the mean counts.",
            int,
            1,
            least=1,
            most=100,
        ),
        Option(
            "keep",
            "Trained weights kept in STUDY.weights: of the best network of each step, of all, or none.",
            default="best",
            choices=("best", "all", "none"),
        ),
        replace(OUT, help="The folder for the trajectory as PNG, SVG and CSV."),
        SEED,
        DTYPE,
        FPS,
        TRAIN,
        FORMAT,
    ),
    takes="spec",
)
