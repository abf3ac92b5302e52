"""`baselines`: an expansion against what it must beat, at the same training cost and final budget."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.leaving import leaving
from commands.options import Format, FormatOption, SeedOption, Source, on_spec
from commands.searching import (
    BudgetOption,
    PresetOption,
    ScoreOption,
    Setup,
    StudyOption,
    WithOption,
    WorkersOption,
    setup,
)
from commands.trajectory import progress
from costmodel.errors import OptionError
from reports import tables

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


@on_spec
def baselines(
    source: Source,
    preset: PresetOption = None,
    budget: BudgetOption = None,
    score: ScoreOption = None,
    score_option: WithOption = None,
    study: StudyOption = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="How many, from --seed on.")] = 3,
    fresh: Annotated[
        int, typer.Option(min=0, max=100, help="Seeds that chose nothing, to train each final network anew.")
    ] = 2,
    workers: WorkersOption = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder for every trial as CSV, PNG and SVG.")
    ] = Path("out"),
    seed: SeedOption = 0,
    format: FormatOption = Format.TABLE,
) -> None:
    """Prints how an expansion does against one axis alone and random search."""
    from reports.baselines import write

    given = {"budget": budget, "score": score, "with": score_option, "workers": workers}
    given |= dict.fromkeys(("limit", "factor", "retries"))  # a preset may have them
    chosen = setup(source, given, preset, study, score="train", seed=seed)
    if not chosen.ready.score.in_worker:
        raise OptionError(f"--score {chosen.ready.score.name}: takes no training, expected one such as train")
    trials = _trials(chosen, range(seed, seed + seeds), fresh)
    _print(trials, format)
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


def _print(trials: list[Trial], format: Format) -> None:
    from search.trials.baselines import summary

    rows = summary(trials)
    every = [asdict(trial) for trial in trials]
    match format:
        case Format.JSON:
            text = tables.plain_json({"methods": rows, "trials": every}) + "\n"
        case Format.CSV:
            text = tables.csv_text(every, tuple(every[0]))
        case Format.MD:
            text = tables.markdown(rows, COLUMNS)
        case _:
            text = tables.table(rows, COLUMNS)
    typer.echo(text, nl=False)
