"""Scores: what a search maximises. One small interface; those that need torch load it when they run."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import METRICS
from costmodel.analysis.quantities import Quantity
from costmodel.errors import OptionError, nearest
from costmodel.graph import Graph
from costmodel.network import Network

# Scores by name, each `module:class`, loaded when asked for. The class is called with the recipe's options.
SCORES: dict[str, str] = {
    "synflow": "search.score.proxies:Synflow",
    "train": "search.score.training:TrainScore",
}


_OWN = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Task:
    """One candidate to score: all that a worker needs, and all that its result depends on.

    Args:
        key: the content address of the result: network, score, recipe and seed.
        network: what is scored.
        score: the score's name.
        recipe: what else the score depends on.
        seed: seed of all that is drawn at random.
    """

    key: str
    network: Network
    score: str
    recipe: Mapping[str, object]
    seed: int

    @property
    def graph(self) -> Graph:
        """The network's graph, made where it is asked for."""
        return self.network.graph()


@dataclass(frozen=True)
class Result:
    """The result of scoring a candidate.

    Args:
        score: larger is better; must be finite.
        training_macs: multiply-accumulates that it took.
        log: text for a reader, such as the metrics of each epoch.
        measured: further figures, such as accuracies, by name; `error` is the standard error of the score.
        weights: a file of the weights that were trained, which a search may keep; None where none were.
    """

    score: float
    training_macs: int = 0
    log: str = ""
    measured: Mapping[str, object] = field(default_factory=dict)
    weights: bytes | None = field(default=None, repr=False)


class Score(Protocol):
    """Gives each candidate a number, larger for better. Made once in each process, called for each task.

    `recipe_at` gives all that its results at a step of a search depend on beside the network and the seed;
    it becomes part of their address.
    `in_worker` says whether candidates run in worker processes; else in the driver, at once.
    A score that trains has `classes` too, how many its data has, and gives the weights that it trained.
    """

    name: str
    in_worker: bool

    def recipe_at(self, step: int) -> Mapping[str, object]:
        """What the results of a step depend on, as plain numbers and text."""

    def __call__(self, task: Task) -> Result:
        """The score of a candidate; any exception is a failed attempt."""


class Expression:
    """A score that is arithmetic of metrics, such as `entropy` or `entropy - 1e-9 * macs_per_frame`."""

    in_worker = False

    def __init__(self, quantity: Quantity, dtype: str) -> None:
        self.name = quantity.text
        self.quantity = quantity
        self.dtype = dtype

    def recipe_at(self, step: int) -> Mapping[str, object]:
        """The dtype, which sizes in bytes depend on."""
        return {"dtype": self.dtype}

    def __call__(self, task: Task) -> Result:
        """The value of the expression for the candidate's network."""
        return Result(float(self.quantity.value(Figures(task.graph, self.dtype))))


@lru_cache(maxsize=8)
def _loaded(name: str) -> Callable[..., Score]:
    # cached: a worker makes a score for every task, and imports torch once
    module, _, attribute = SCORES.get(name, name).partition(":")
    try:
        made: Callable[..., Score] = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise OptionError(f"--score {name}: cannot be loaded: {error}") from error
    return made


def score_named(name: str, options: Mapping[str, object] | None = None, dtype: str = "fp32") -> Score:
    """The score of a name: a registered one, `module:class` of one's own, or arithmetic of metrics.

    `options` are given to a class as keywords.

    Raises:
        OptionError: there is none of that name, or it does not take these options.
    """
    given = dict(options or {})
    # A name with a colon is no arithmetic, so the two cannot be confused.
    if name in SCORES or _OWN.fullmatch(name):
        try:
            return _loaded(name)(**given)
        except TypeError as error:
            raise OptionError(f"--with: {name}: {error}") from error
    if given:
        raise OptionError(
            f"--recipe: {name!r} is arithmetic of metrics and takes no options, got {sorted(given)}"
        )
    try:
        return Expression(Quantity(name), dtype)
    except OptionError as error:
        hint = nearest(name, (*SCORES, *METRICS))
        raise OptionError(f"--score {name}: neither a score nor arithmetic of metrics{hint}") from error


def needs_workers(name: str) -> bool:
    """Whether a registered score runs in workers of its own."""
    return name in SCORES and bool(getattr(_loaded(name), "in_worker", False))


def checked(result: Result) -> Result:
    """The result, when its score is a finite number.

    Raises:
        ValueError: it is not.
    """
    # Every comparison with nan is false, so a candidate that scored it would win or lose by chance.
    if not math.isfinite(result.score):
        raise ValueError(f"the score is {result.score}")
    return result
