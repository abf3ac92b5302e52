"""`sampling`: similarity guided sampling beside what it must beat, trained alike under several seeds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from commands.command import Command
from commands.data import tell_left_out
from commands.leaving import leaving
from commands.options import FORMAT, OUT, SEED
from commands.printing import put, tell
from commands.source import Source
from commands.train import DATA, DEVICE, THREADS, chosen_device, with_classes
from costmodel.errors import OptionError
from costmodel.options import Option
from costmodel.transforms.sgs import Sgs

EXAMPLES = """Does adaptive temporal resolution pay? A sampled network beside what it must beat.

The same recipe and seeds train the plain network, samplers of all, half and a quarter of the bins (the first
is also run with fewer, without training anew), and at the same place: bins of random embeddings, evenly
spaced frames, frames drawn at random; then clips of half of the frames, and attention over time. What is
trained is kept in the folder: the same command goes on where it was cut short.

Examples:

    sampling digits --set frames=16 --set gamma_tau=2 --sgs res1 --data digits --epochs 10 --out runs/sampling
"""


def sampling(
    source: Source,
    data: str,
    recipe: str,
    epochs: float | None,
    batch: int | None,
    seeds: int,
    out: Path,
    device: str | None,
    threads: int | None,
    seed: int,
    format: str,
) -> None:
    """Prints how each way to choose frames does."""
    from reports.files import check_folder, write_files
    from reports.sampling_trials import files_of, page
    from search.data import open_data
    from search.train.compared import Comparison
    from search.train.recipe import load_recipe

    if source.made_by(Sgs) is None:
        raise OptionError("--sgs: is missing; expected the stage behind which frames are sampled")
    check_folder(out)
    where = chosen_device(device, threads)
    chosen = load_recipe(recipe)
    chosen = chosen if batch is None else chosen.with_batch(batch)
    chosen = chosen if epochs is None else chosen.with_epochs(epochs)
    clips = open_data(data, seed)
    tell_left_out(clips)
    comparison = Comparison(with_classes(source, clips), clips, chosen, out, tell, where)
    with leaving(lambda: f"the same command goes on from {out}"):
        trials = comparison.trials(range(seed, seed + seeds))
    put(page(trials).render(format))
    for path in write_files(out, files_of(source.document.name, trials)):
        tell(f"note: wrote {path}")


COMMAND = Command(
    sampling,
    EXAMPLES,
    (
        DATA,
        Option("recipe", "x3d, atfr, digits, ..., or a YAML file.", default="digits"),
        Option("epochs", "Instead of the recipe's; its warm-up in proportion.", float),
        Option("batch", "Instead of the recipe's; its rate in proportion.", int, least=1),
        Option("seeds", "How many, from --seed on.", int, 3, least=1, most=100),
        replace(OUT, help="Folder for the trials, as JSON, CSV, PNG and SVG."),
        DEVICE,
        THREADS,
        SEED,
        FORMAT,
    ),
    takes="spec",
)
