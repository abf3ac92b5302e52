"""`baselines`: compares an expansion with single axes and random search at the same training cost."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.leaving import leaving
from commands.options import FORMAT, OUT, SEED
from commands.printing import show
from commands.searching import (
    BUDGET,
    ENGINE,
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
from commands.trajectory import progress
from costmodel.errors import OptionError
from costmodel.options import Option
from reports.table import Page, Table

if TYPE_CHECKING:
    from search.trials.baselines import Trial

COLUMNS = (
    "method",
    "score",
    "deviation",
    "least",
    "most",
    "fresh",
    "fresh_deviation",
    "seeds",
    "cost",
    "training_macs",
    "trainings",
)
EXAMPLES = """An expansion against each axis alone and random search, over several seeds.

All end at the same budget. Each axis runs alone under the first seed; the two best ones, and random search,
train for as many multiply-adds as the expansion did, under every seed: an axis trains its final network
under further seeds, and the best counts. At last each final network is trained anew under seeds that chose
nothing (`fresh`), for the best of many trainings flatters. All is kept in one study: the same command goes
on where it was cut short, and no network is trained twice under one seed.

Examples:

    baselines digits --preset smoke --study runs/smoke.db --seeds 2

    baselines digits --preset digits --study runs/digits.db --seeds 3
"""


def baselines(
    source: Source,
    preset: str | None,
    budget: str | None,
    score: str | None,
    score_option: tuple[str, ...],
    study: Path | None,
    seeds: int,
    fresh: int,
    engine: str,
    scheduler: str | None,
    workers: int | None,
    out: Path,
    seed: int,
    format: str,
) -> None:
    """Prints how an expansion does against one axis alone and random search."""
    from reports.baselines import write

    given = {"budget": budget, "score": score, "with": score_option, "workers": workers}
    given |= dict.fromkeys(("limit", "factor", "retries"))  # a preset may have them
    chosen = setup(source, given, preset, study, score="train", engine=engine, scheduler=scheduler, seed=seed)
    # The comparison is at equal training cost, which a computed score has none of.
    if not chosen.ready.score.in_worker:
        raise OptionError(f"--score {chosen.ready.score.name}: takes no training, expected one such as train")
    trials = _trials(chosen, range(seed, seed + seeds), fresh)
    show(page(trials), format)
    for file in write(trials, chosen.network.document.name, out):
        progress(f"wrote {file}")


def _trials(chosen: Setup, seeds: range, fresh: int) -> list[Trial]:
    from search.trials.baselines import Comparison

    trials: list[Trial] = []
    with leaving(chosen.how_to_go_on), chosen.opened() as (study, engine):
        fixed = chosen.network, chosen.request, study, engine, chosen.retries
        for trial in Comparison(*fixed, progress, fresh).trials(seeds):
            progress(f"{trial.method}, seed {trial.seed}: {trial.score:.4g}, {trial.trainings} trainings")
            trials.append(trial)
    return trials


def page(trials: list[Trial]) -> Page:
    """The means of each method over its seeds; CSV and JSON hold every trial."""
    from search.trials.baselines import summary

    rows = summary(trials)
    every = [asdict(trial) for trial in trials]
    return Page(
        lambda: {"methods": rows, "trials": every},
        lambda: [Table(rows, COLUMNS)],
        lambda: Table(every, tuple(every[0])),
    )


COMMAND = Command(
    baselines,
    EXAMPLES,
    (
        PRESET,
        BUDGET,
        SCORE,
        WITH,
        STUDY,
        Option("seeds", "How many, from --seed on.", int, 3, least=1, most=100),
        Option(
            "fresh", "Seeds that chose nothing, to train each final network anew.", int, 2, least=0, most=100
        ),
        ENGINE,
        SCHEDULER,
        WORKERS,
        replace(OUT, help="The folder for every trial as CSV, PNG and SVG."),
        SEED,
        FORMAT,
    ),
    takes="spec",
)
