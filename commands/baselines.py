"""`baselines`: an expansion against what it must beat, at the same training cost and final budget."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from commands.options import Format, FormatOption, SeedOption, Source, on_spec
from reports import tables

EXAMPLES = """An expansion against each axis alone and random search, over several seeds.

All end at the same budget. Each axis runs alone under the first seed; the two best ones, and random search,
train for as many multiply-adds as the expansion did, under every seed: an axis trains its final network
under further seeds, and the best counts. At last each final network is trained anew under seeds that chose
nothing (`fresh`), for the best of many trainings flatters. All is kept in one study: the same command goes
on where it was cut short, and no network is trained twice under one seed.

Examples:

    baselines digits --preset smoke --study runs/smoke.db --seeds 2

    baselines digits --preset digits --study runs/digits.db --seeds 3    hours; resumable
"""

Texts = list[str] | None


@on_spec
def baselines(
    source: Source,
    preset: Annotated[str | None, typer.Option(help="A file, or a shipped name, with the options.")] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="METRIC<=AMOUNT", help="The cost and its target.")
    ] = None,
    score: Annotated[str | None, typer.Option(help="What is maximised.")] = None,
    score_option: Annotated[
        Texts, typer.Option("--with", metavar="NAME=VALUE", help="An option of the score; repeatable.")
    ] = None,
    study: Annotated[
        Path | None, typer.Option(metavar="DB", help="The study's file; runs/SPEC.db where none is given.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="How many, from --seed on.")] = 3,
    fresh: Annotated[
        int, typer.Option(min=0, max=100, help="Seeds that chose nothing, to train each final network anew.")
    ] = 2,
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes.")] = None,
    seed: SeedOption = 0,
    format: FormatOption = Format.TABLE,
) -> None:
    """Prints how an expansion does against one axis alone and random search."""
    from commands.trajectory import progress
    from search.baselines import Comparison, Trial, summary
    from search.engine import LocalEngine, gpu_count, worker_count
    from search.prepare import Request, prepare
    from search.preset import filled
    from search.study import open_study
    from search.text import decimal, spec_facts

    given = {
        "start": source.variant,
        "set": [f"{name}={decimal(value)}" for name, value in (source.sets or {}).items()],
        "budget": budget,
        "limit": None,
        "score": score,
        "with": score_option,
        "factor": None,
        "retries": None,
        "workers": workers,
    }
    options = filled(given, preset)
    request = Request(
        start=options["start"],
        sets=options["set"] or (),
        budget=options["budget"],
        limits=options["limit"] or (),
        score=options["score"] or "train",
        score_options=options["with"] or (),
        factor=options["factor"] or 2,
        seed=seed,
    )
    document = source.document()
    ready = prepare(request, document, source.stream)
    if not ready.score.in_worker:
        raise typer.BadParameter("takes no training; expected a score such as train", param_hint="--score")
    engine = LocalEngine(worker_count(options["workers"]), dict(ready.score_options), gpu_count())
    path = study or Path("runs") / f"{document.name}.db"
    retries = 2 if options["retries"] is None else int(options["retries"])
    trials: list[Trial] = []
    with open_study(path, spec_facts(document)) as opened, closing(engine):
        comparison = Comparison(document, source.stream, request, opened, engine, retries, progress, fresh)
        for trial in comparison.trials(range(seed, seed + seeds)):
            progress(f"{trial.method}, seed {trial.seed}: {trial.score:.4g}, {trial.trainings} trainings")
            trials.append(trial)
    rows = summary(trials)
    columns = (
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
    match format:
        case Format.JSON:
            text = tables.plain_json({"methods": rows, "trials": [asdict(trial) for trial in trials]}) + "\n"
        case Format.CSV:
            text = tables.csv_text([asdict(trial) for trial in trials], tuple(asdict(trials[0])))
        case Format.MD:
            text = tables.markdown(rows, columns)
        case _:
            text = tables.table(rows, columns)
    typer.echo(text, nl=False)
