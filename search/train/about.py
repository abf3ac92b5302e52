"""What a file of weights says about the training that made it."""

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
    """The metadata that a training writes beside the weights that it made.

    Args:
        network: the network that was trained.
        data: the data set that it learned from.
        recipe: the recipe that it was trained by.
        options: how the run went.
        accuracy: top-1 accuracy on the validation part.
    """
    videos = len(data.validation.labels)
    return About(
        network,
        _named_scores(network, data),
        Pixels(mean=MEAN, deviation=DEVIATION),
        None if data.fps is None else data.fps / float(network.graph().every),
        # two recipes that train alike have one key, so the name that the user gave is not in it
        recipe=json.loads(recipe.key) | {"name": recipe.name, "kind": options.kind},
        data={"key": data.key, "given": data.given, "seed": data.seed},
        seed=options.seed,
        versions=_versions(),
        accuracy=Accuracy(accuracy, standard_error(accuracy, videos), videos),
        answers=recipe.answers,
        lead=recipe.lead,
    )


def _named_scores(network: Network, data: Data) -> tuple[str, ...]:
    """A name for each score; in a search a network may have more of them than there are classes."""
    graph = network.graph()
    scores = int(graph.types[graph.output].channels)
    return (*data.classes, *(f"no class: score {number}" for number in range(len(data.classes), scores)))


def must_have_learned(file: WeightsFile, data: Data, hint: str = "") -> None:
    """Raises unless the weights were trained on the same classes, in the same order, as the data has.

    Raises:
        DataError: they were not; names the first class that differs.
    """
    learned, asked = file.known.classes, data.classes
    # weights without stated classes cannot be compared; the number of scores is checked by `must_fit`
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
        # a checkout that was never installed has no metadata
        own = "0"
    return {"costmodel": own, "python": platform.python_version(), "torch": str(torch.__version__)}
