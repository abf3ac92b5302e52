"""The options of a training that are no part of its recipe, and the result of a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from costmodel.errors import OptionError
from costmodel.weights import About, Checkpoint
from search.train.forms import Form
from search.train.group import ALONE, Group
from search.train.kinds import Kind

Row = dict[str, float]
Report = Callable[[Row], None]

PRECISIONS = {"fp32": None, "fp16": torch.float16, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Options:
    """How a training runs, apart from its recipe.

    Args:
        seed: of the weights, the order of clips, crops and dropout.
        kind: whether clips are padded in time, unpadded, or run frame by frame.
        device: such as `cpu` or `cuda`.
        precision: `fp32`, `bf16`, or on a GPU `fp16`.
        weights: a file of weights to start from, or a checkpoint with how it is read.
        freeze: whether the classifier alone learns; one of other classes is drawn anew.
        new_classifier: whether one of other classes is drawn anew, and all layers learn.
        features: whether the head alone learns, from features that the rest gives once for each video.
        folder: where weights, checkpoints and metrics are written; nowhere if None.
        validate_every: epochs between validations; 0 for the last epoch alone.
        spare_classes: whether the network may have scores that no clip is labelled with.
        group: the processes that train together; no part of the text of the options, for it changes nothing.

    Raises:
        OptionError: this machine has no such device, or the device not the precision.
    """

    seed: int = 0
    kind: Kind = "clip"
    device: str = "cpu"
    precision: str = "fp32"
    weights: Path | Checkpoint | None = None
    freeze: bool = False
    new_classifier: bool = False
    features: bool = False
    folder: Path | None = None
    validate_every: int = 1
    spare_classes: bool = False
    group: Group = field(default=ALONE, repr=False)

    def __post_init__(self) -> None:
        gpu = torch.cuda.is_available()
        if self.device != "cpu" and not (gpu and self.device.startswith("cuda")):
            raise OptionError(f"--device: {self.device!r} is not there, expected cpu{' or cuda' * gpu}")
        if self.precision not in PRECISIONS:
            raise OptionError(f"--precision: {self.precision!r}, expected {', '.join(PRECISIONS)}")
        if self.precision == "fp16" and self.device == "cpu":
            raise OptionError("--precision: fp16 needs a GPU, expected fp32 or bf16 on a CPU")


@dataclass
class Result:
    """The result of a training.

    Args:
        accuracy: on the validation part, one clip from the middle of each video.
        loss: on the same clips.
        train_accuracy: over the last epoch, on augmented clips.
        rows: the metrics of each epoch.
        macs: multiply-adds of the training: three times the forward ones, for each clip that was learned.
        seconds: by what they were spent on: `data`, `learn`, `validate`, `save`.
        form: the trained network.
        about: what a file of its weights says of itself.
    """

    accuracy: float
    loss: float
    train_accuracy: float
    rows: list[Row]
    macs: int
    seconds: dict[str, float]
    form: Form = field(repr=False)
    about: About = field(repr=False)
