"""What a training says of the weights that it made."""

from __future__ import annotations

import json
import platform
from importlib import metadata

import torch

from costmodel.errors import DataError
from costmodel.network import Network
from costmodel.weights import About, Accuracy, Pixels, WeightsFile
from search.data import Data
from search.data.views import DEVIATION, MEAN
from search.train.metrics import standard_error
from search.train.options import Options
from search.train.recipe import Recipe

LONGEST_SHOWN = 40


def about_training(network: Network, data: Data, recipe: Recipe, options: Options, accuracy: float) -> About:
    """What a file of weights says of the training behind them.

    Args:
        network: what was trained.
        data: what it learned from.
        recipe: how.
        options: how the run went.
        accuracy: on the validation part.
    """
    videos = len(data.validation.labels)
    return About(
        network,
        data.classes,
        Pixels(mean=MEAN, deviation=DEVIATION),
        None if data.fps is None else data.fps / float(network.graph().every),
        recipe=json.loads(recipe.key) | {"name": recipe.name, "kind": options.kind},
        data={"key": data.key, "given": data.given, "seed": data.seed},
        seed=options.seed,
        versions=_versions(),
        accuracy=Accuracy(accuracy, standard_error(accuracy, videos), videos),
        answers=recipe.answers,
        lead=recipe.lead,
    )


def must_have_learned(file: WeightsFile, data: Data, hint: str = "") -> None:
    """Raises unless the weights of a file were trained for the classes of some data.

    Raises:
        DataError: they were not; names the first class that differs.
    """
    learned, asked = file.known.classes, data.classes
    if not learned or learned == asked:
        return
    if len(learned) != len(asked):
        found = f"its weights know {len(learned)} classes, the data has {len(asked)}"
    else:
        number = next(i for i, (one, two) in enumerate(zip(learned, asked, strict=True)) if one != two)
        one, two = learned[number][:LONGEST_SHOWN], asked[number][:LONGEST_SHOWN]
        found = f"class {number} is {one!r} to its weights, {two!r} in the data"
    raise DataError(f"{file.path}: of other classes: {found}{hint}")


def _versions() -> dict[str, str]:
    try:
        own = metadata.version("costmodel")
    except metadata.PackageNotFoundError:
        own = "0"
    return {"costmodel": own, "python": platform.python_version(), "torch": str(torch.__version__)}
