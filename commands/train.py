"""`train`: trains a network's weights on clips."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from commands.checkpoint import weights_option
from commands.command import Command
from commands.data import tell_left_out
from commands.leaving import leaving
from commands.options import FORMAT, OUT, SEED
from commands.printing import show, tell
from commands.source import Source
from costmodel.errors import OptionError
from costmodel.options import Option
from costmodel.weights import Checkpoint
from reports.table import Page, Table

if TYPE_CHECKING:
    from search.data import Data
    from search.train.options import Options, Result
    from search.train.recipe import Recipe

EXAMPLES = """Trains a network on clips, by the recipe of a paper or your own. A run cut short goes on.

Examples:

    train digits --data digits --set frames=8 --set crop=24    moving digits, on a CPU, in minutes

    train x3d_s --data clips/ --recipe x3d --batch 64          a folder of clips, a folder for each class

    train x3d_s --data clips/ --weights k400.pt --freeze       the classifier alone

    train x3d_s --data clips/ --weights k400.pt --new-classifier    all of it, for the classes of clips/

    train out/weights.safetensors --data clips/ --freeze       from what `train` wrote

    train d_resnet --variant R18-lstm2 --data clips/ --recipe d3d_rnn --weights fc.safetensors --features

    train x3d_s --data clips/ --unpadded                       without padding in time, as a stream runs

    train x3d_s --data clips/ --continual                      frame by frame

    torchrun --nproc-per-node 4 -m costmodel train x3d_s --data clips/ --out run    four GPUs, one training
"""


DATA = Option(
    "data",
    "`digits`, `digits:train=500,val=200`, or a folder of clips: a folder for each class, or the labels of "
    "a public set; `clips/:split=2,fps=25` has options (docs/videos.md).",
    is_required=True,
)
DEVICE = Option("device", "cpu or cuda; a GPU where there is one, if not given.")
FPS = Option("fps", "Frames a second of the videos: the weights then know the network's own rate.", float)
THREADS = Option("threads", "Threads on a CPU; as many as cores, if not given.", int, least=1)


def train(
    source: Source,
    data: str,
    fps: float | None,
    recipe: str,
    epochs: float | None,
    batch: int | None,
    step: int | None,
    weights: Path | None,
    new_classifier: bool,
    freeze: bool,
    features: bool,
    unpadded: bool,
    out: Path,
    device: str | None,
    precision: str,
    threads: int | None,
    tensorboard: bool,
    seed: int,
    format: str,
) -> None:
    """Trains a network and prints how well it does."""
    from search.data import open_data
    from search.data.video_set import at_rate
    from search.train.group import joined, started_group
    from search.train.loop import train as run
    from search.train.options import Options
    from search.train.recipe import load_recipe

    group = started_group()
    chosen = load_recipe(recipe)
    chosen = chosen if step is None else chosen.at_step(step)
    # the step first, since its factors are of the recipe's own batch; what the user says comes last
    chosen = chosen if batch is None else chosen.with_batch(batch)
    chosen = chosen if epochs is None else chosen.with_epochs(epochs)
    clips = open_data(data, seed)
    clips = clips if fps is None else at_rate(clips, fps)
    tell_left_out(clips)
    source = _begun(source, weights, clips, freeze or new_classifier or features)
    kind = "unpadded" if unpadded else "stepwise" if source.is_stream else "clip"
    where = chosen_device(device, threads)
    options = Options(
        seed=seed,
        kind=kind,  # type: ignore[arg-type]
        device=where,
        precision=chosen_precision(precision, where),
        weights=None if source.weights is None else Checkpoint.of(source.weights, source),
        freeze=freeze,
        new_classifier=new_classifier,
        features=features,
        folder=out,
        group=group,
    )
    _must_fit(source, chosen, clips, options)
    _tell(chosen, clips, options)
    with leaving(lambda: how_to_go_on(out)), joined(group, where) as own:
        progress = _Progress(out if tensorboard and group.is_first else None)
        result = run(source, clips, chosen, replace(options, device=own), progress)
    _tell_waiting(clips, result)
    _print(result, out, format)


def _must_fit(source: Source, recipe: Recipe, data: Data, options: Options) -> None:
    """Refuses a batch that its processes cannot share, or that their memory cannot hold."""
    from costmodel.free_memory import free_bytes
    from search.room import must_fit

    group, at_once = options.group, recipe.clips_at_once(len(data.train.labels))
    if group.size > 1 and options.features:
        raise OptionError("--features: the head learns in one process; start it without torchrun")
    if group.size > at_once:
        given = "micro" if recipe.micro else "--batch"
        raise OptionError(
            f"{given}: {group.size} processes cannot share {at_once} clips, expected one for each or more"
        )
    # memory is predicted for whole clips on a CPU; a frozen network keeps hardly any maps for gradients
    if options.device == "cpu" and options.kind == "clip" and not (options.freeze or options.features):
        room = free_bytes()
        own = room if room is None else room // group.here
        must_fit(source.graph(), -(-at_once // group.size), own, "micro: " if recipe.micro else "--batch ")


def _begun(source: Source, weights: Path | None, data: Data, is_new: bool) -> Source:
    """The network with the weights that it starts from, and a score for each class of the data."""
    from search.train.about import must_have_learned
    from search.train.checkpoint import NEW_CLASSIFIER

    if source.file is not None and is_new and "classes" in source.document.globals:
        source = source.with_sizes({"classes": len(data.classes)})  # its classifier is new
    elif source.file is not None:
        must_have_learned(source.file, data, f"; {NEW_CLASSIFIER}")
    return with_classes(source.starting_from(weights), data)


def how_to_go_on(out: Path) -> str:
    """The line that an interrupted training prints."""
    from search.train.loop import CHECKPOINT

    if (out / CHECKPOINT).exists():
        return f"the same command goes on from {out / CHECKPOINT}"
    return "no epoch was saved yet: the same command begins anew"


def with_classes(source: Source, data: Data) -> Source:
    """The network with as many classes as the data has, where its spec has the size and it is not set."""
    if "classes" in source.settings or "classes" not in source.document.globals:
        return source
    return source.with_sizes({"classes": len(data.classes)})


def chosen_device(device: str | None, threads: int | None = None) -> str:
    """The device asked for, or a GPU where there is one; also sets the number of CPU threads."""
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    return device or ("cuda" if torch.cuda.is_available() else "cpu")


def chosen_precision(precision: str, device: str) -> str:
    """The precision asked for, or the best of the device."""
    import torch

    if precision != "auto":
        return precision
    if device == "cpu":
        return "fp32"
    # bf16 needs no scaled losses, but GPUs before Ampere lack it
    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"


def _tell_waiting(data: Data, result: Result) -> None:
    """Says how long training waited for clips of files, and what could not be decoded."""
    from search.data.file_videos import FileVideos, notes_of

    if not isinstance(data.train, FileVideos):
        return
    learning = result.seconds.get("data", 0.0) + result.seconds.get("learn", 0.0)
    share = result.seconds.get("data", 0.0) / max(learning, 1e-9)
    tell(f"note: {share:.1%} of the time of training was spent waiting for clips")
    for line in notes_of(data.train, data.validation):
        tell(f"note: {line}")


def _tell(recipe: Recipe, data: Data, options: Options) -> None:
    clips = len(data.train.labels)
    together = f", {options.group.size} processes share each batch" if options.group.size > 1 else ""
    tell(
        f"note: {clips} clips to train on, {len(data.validation.labels)} to validate with, "
        f"{len(data.classes)} classes; recipe {recipe.name}, {recipe.epochs:g} epochs, batch {recipe.batch}, "
        f"rate {recipe.learning_rate:g}; {options.device}, {options.precision}{together}"
    )
    if clips < recipe.batch:
        tell(
            f"note: fewer clips than a batch: an epoch is one step on {clips}, at the rate for {recipe.batch}"
        )


class _Progress:
    """A line for each epoch: what the loss is and how it moved, and the time left."""

    def __init__(self, tensorboard: Path | None) -> None:
        self.start = monotonic()
        self.first: float | None = None
        self.last: float | None = None
        self.log: Callable[[Mapping[str, float]], None] = (
            _tensorboard(tensorboard) if tensorboard else _nowhere
        )

    def __call__(self, row: Mapping[str, float]) -> None:
        self.first = row["epoch"] - 1 if self.first is None else self.first
        elapsed = monotonic() - self.start
        # from this run's epochs alone: those of an earlier one took no time here
        left = elapsed / (row["epoch"] - self.first) * (row["epochs"] - row["epoch"])
        validated = f", validation {row['validation_accuracy']:.1%}" if "validation_accuracy" in row else ""
        moved = "" if self.last is None else f" ({row['train_loss'] - self.last:+.3f})"
        self.last = row["train_loss"]
        tell(
            f"epoch {row['epoch']:.0f}/{row['epochs']:.0f}: loss {row['train_loss']:.3f}{moved}, "
            f"training {row['train_accuracy']:.1%}{validated}, {elapsed:.0f} s, {left:.0f} s left"
        )
        self.log(row)


def _nowhere(row: Mapping[str, float]) -> None:
    """No log beside the CSV."""


def _tensorboard(folder: Path) -> Callable[[Mapping[str, float]], None]:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise OptionError("--tensorboard: is not installed: pip install 'costmodel[tensorboard]'") from None
    writer = SummaryWriter(str(folder))

    def log(row: Mapping[str, float]) -> None:
        for name, value in row.items():
            writer.add_scalar(name, value, int(row["epoch"]))
        # after each epoch, for whoever watches
        writer.flush()

    return log


def _print(result: Result, out: Path, format: str) -> None:
    from search.train.loop import WEIGHTS

    row = {
        "accuracy": result.accuracy,
        "loss": result.loss,
        "train_accuracy": result.train_accuracy,
        "epochs": len(result.rows),
        "training_macs": result.macs,
        "seconds": sum(result.seconds.values()),
        "data_seconds": result.seconds.get("data", 0.0),
        "weights": str(out / WEIGHTS),
    }
    show(Page(lambda: row | {"rows": result.rows}, lambda: [Table([row], tuple(row), drop=LEAST)]), format)


# What a narrow terminal leaves out first; it keeps how well the network does, and where its weights are
LEAST = ("data_seconds", "seconds", "training_macs", "epochs", "train_accuracy")
COMMAND = Command(
    train,
    EXAMPLES,
    (
        DATA,
        FPS,
        Option(
            "recipe",
            "x3d, efficient3d, efficient3d_finetune, d3d, d3d_rnn, atfr, digits, or a YAML file.",
            default="x3d",
        ),
        Option("epochs", "Instead of the recipe's; its warm-up in proportion.", float),
        Option("batch", "Instead of the recipe's; its rate in proportion.", int, least=1),
        Option("step", "Step of an expansion: regularises as the recipe says for it.", int, least=0),
        *weights_option("Weights to start from."),
        Option("new_classifier", "With --weights of other classes, draw the classifier anew.", bool, False),
        Option("freeze", "Train the classifier alone.", bool, False),
        Option(
            "features", "Train the head alone, on features that the rest gives once a video.", bool, False
        ),
        Option("unpadded", "Without padding in time, so that clip and stream agree.", bool, False),
        replace(OUT, help="Folder for weights, checkpoint and metrics."),
        DEVICE,
        Option(
            "precision",
            "Half precision is for a GPU.",
            default="auto",
            choices=("auto", "fp32", "fp16", "bf16"),
        ),
        THREADS,
        Option("tensorboard", "Also log to TensorBoard.", bool, False),
        SEED,
        FORMAT,
    ),
    takes="spec",
)
