"""`ablate`: the ablations of similarity guided sampling, trained in one study."""

from __future__ import annotations

from pathlib import Path

from commands.command import Command
from commands.leaving import leaving
from commands.options import FORMAT, SEED
from commands.printing import put
from commands.searching import ENGINE, SCHEDULER, SCORE, STUDY, WITH, WORKERS, setup
from commands.source import Source
from costmodel.options import Option
from reports.table import Page, Table

EXAMPLES = """What each choice of a sampler is worth: networks that differ in one of them, trained alike.

All is kept in one study: the same command goes on where it was cut short, and no network is trained twice
under one seed. Ablations are measure, kernel, dimension, bins, frames, placement, or YAML files.

Examples:

    ablate digits --set frames=16 --set gamma_tau=2 --sgs res1 --ablation dimension --study runs/ablations.db

    ablate x3d_s --sgs res2 --ablation kernel,placement --with data=clips/ --with recipe=atfr
"""


def ablate(
    source: Source,
    ablation: str,
    score: str | None,
    score_option: tuple[str, ...],
    study: Path | None,
    seeds: int,
    engine: str,
    scheduler: str | None,
    workers: int | None,
    seed: int,
    format: str,
) -> None:
    """Prints how each row of the ablations does."""
    from commands.trajectory import progress
    from search.trials.ablations import Ablations, variants

    given = {"budget": "macs_per_clip<=1x", "score": score, "with": score_option, "workers": workers}
    found = [each for name in ablation.split(",") for each in variants(name, source)]
    chosen = setup(source, given, None, study, score="train", engine=engine, scheduler=scheduler, seed=seed)
    rows = []
    with leaving(chosen.how_to_go_on), chosen.opened() as (held, workers_of):
        trained = Ablations(chosen.request, held, workers_of, chosen.retries, progress)
        for row in trained.rows(found, range(seed, seed + seeds)):
            rows.append(row)
            shown = "left out" if row["score"] is None else f"{row['score']:.4g} +- {row['error']:.2g}"
            progress(f"{row['ablation']}, {row['row']}: {shown}")
    columns = tuple(rows[0])
    put(Page(lambda: {"rows": rows}, lambda: [Table(rows, columns, "ablations")]).render(format))


COMMAND = Command(
    ablate,
    EXAMPLES,
    (
        Option("ablation", "Names or files, such as kernel,dimension.", is_required=True, metavar="A,B"),
        SCORE,
        WITH,
        STUDY,
        Option("seeds", "How many, from --seed on.", int, 1, least=1, most=100),
        ENGINE,
        SCHEDULER,
        WORKERS,
        SEED,
        FORMAT,
    ),
    takes="spec",
)
