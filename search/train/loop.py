"""The training loop: epochs, validation, and checkpoints from which a run goes on to the same result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import torch

from costmodel.emit.weights_format import weights_bytes
from costmodel.errors import DataError, TrainingError
from costmodel.files import remove_left
from costmodel.network import Network
from costmodel.weights import About
from search.data import Data
from search.train import checkpoint
from search.train.about import about_training
from search.train.feature_learner import FeatureLearner
from search.train.learner import Learner
from search.train.longer import continued
from search.train.options import Options, Report, Result, Row
from search.train.recipe import Recipe

CHECKPOINT, WEIGHTS, METRICS = "checkpoint.pt", "weights.safetensors", "metrics.csv"
LOSSES = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
COLUMNS = ("epoch", "rate", *LOSSES, "seconds")
SECONDS_BETWEEN_CHECKPOINTS = 20.0


def train(
    network: Network, data: Data, recipe: Recipe, options: Options | None = None, report: Report | None = None
) -> Result:
    """Trains a network; continues from a checkpoint that the same training left in the folder.

    Args:
        network: the clip network, or the stream.
        data: the clips.
        recipe: how it is trained.
        options: how the run goes.
        report: is told the metrics of each epoch.

    Raises:
        TrainingError: the loss is not a number any more.
        DataError: data or weights do not fit the network, or a file cannot be written.
    """
    options = options or Options()
    # the random numbers of the caller go on as if nothing had been drawn here
    with torch.random.fork_rng([] if options.device == "cpu" else [torch.device(options.device)]):
        torch.manual_seed(options.seed)
        kind = FeatureLearner if options.features else Learner
        run = _Run(network, kind(network.graph(), data, recipe, options))
        run.resume()
        run.finish(report)
        return run.result()


class _Run:
    """A training under way: the epochs done, and what they gave."""

    def __init__(self, network: Network, learner: Learner) -> None:
        self.network, self.learner = network, learner
        self.recipe, self.options = learner.recipe, learner.options
        self.rows: list[Row] = []
        self.falls, self.since, self.best = 0, 0, math.inf
        self.saved = monotonic()
        # of several processes one writes
        self.folder = self.options.folder if self.options.group.is_first else None

    @property
    def done(self) -> int:
        """Epochs done."""
        return len(self.rows)

    @property
    def is_over(self) -> bool:
        """Whether all epochs are done, or the last plateau is met."""
        converged = self.recipe.schedule == "plateau" and self.falls > self.recipe.falls
        return converged or self.done >= self.learner.epochs

    @property
    def key(self) -> str:
        """A checkpoint is continued only if its key equals this one."""
        return self._key(self.recipe.key)

    def _key(self, recipe: str) -> str:
        layers = [(node.name, repr(node.op)) for node in self.learner.form.network.graph.nodes]
        # where it runs, where it writes and how often it validates may change between two parts of a run
        options = replace(self.options, device="cpu", folder=None, validate_every=0)
        return repr((recipe, self.learner.data.key, str(options), self.learner.view, layers))

    def finish(self, report: Report | None) -> None:
        """Trains to the end, epoch by epoch."""
        if self.is_over and self.folder is not None:  # it may have been killed between two files
            self._write_results(self.folder)
        while not self.is_over:
            row = self.learner.epoch(self.done, self.falls)
            if self._validates(self.done + 1):
                row |= self._validate()
            self.rows.append(row | {"seconds": sum(self.learner.seconds.values())})
            self._watch(row)
            self._save()
            if report is not None and self.options.group.is_first:
                report(self.rows[-1] | {"epochs": self.learner.epochs})

    def result(self) -> Result:
        """The metrics, the weights and the cost of the finished training."""
        last, learner = self.rows[-1], self.learner
        return Result(
            last["validation_accuracy"],
            last["validation_loss"],
            last["train_accuracy"],
            self.rows,
            learner.macs,
            dict(learner.seconds),
            learner.form,
            self._about(),
        )

    def resume(self) -> None:
        """Goes on from the checkpoint in the folder, if there is one.

        Raises:
            DataError: it is of another training.
        """
        if self.options.folder is None:
            return
        path = self.options.folder / CHECKPOINT
        # read once: the folder may be of one machine of several
        state = self.options.group.of_first(self._left(path) if self.folder is not None else None)
        if state is None:
            return
        try:
            if state.get("key") != self.key:
                self._go_on_longer(path, state)
            self.learner.set_state(state)
            self.rows = state["rows"]
            self.falls, self.since, self.best = state["plateau"]
        # a checkpoint is a stranger's file: what it lacks shows in any of these
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise DataError(f"{path}: is damaged; remove it to begin anew") from error

    def _left(self, path: Path) -> dict[str, Any] | None:
        """What an earlier part of the run left, if anything."""
        # half-written files of a run that was killed
        for name in (CHECKPOINT, METRICS, WEIGHTS):
            remove_left(path.with_name(name))
        return checkpoint.read(path) if path.exists() else None

    def _go_on_longer(self, path: Path, state: Mapping[str, Any]) -> None:
        """Takes the checkpoint's recipe, where it differs in the number of epochs alone."""
        begun = str(state.get("recipe"))
        if "recipe" not in state or state.get("key") != self._key(begun):
            raise DataError(
                f"{path}: is of another network, recipe, data or seed; expected the same, or another --out"
            )
        try:
            self.recipe = self.learner.recipe = continued(self.recipe, begun, len(state["rows"]))
        except DataError as error:
            raise DataError(f"{path}: {error}; expected the same, or another --out") from error

    def _validates(self, epoch: int) -> bool:
        every = self.options.validate_every
        last = epoch >= self.learner.epochs
        # a plateau is one of validation losses, so it needs them all
        return last or self.recipe.schedule == "plateau" or bool(every and epoch % every == 0)

    def _validate(self) -> Row:
        with self.learner.spent("validate"):
            loss, accuracy = self.learner.validate()
        if not math.isfinite(loss):
            raise TrainingError(f"epoch {self.done + 1}: the validation loss is {loss}, expected a number")
        return {"validation_loss": loss, "validation_accuracy": accuracy}

    def _watch(self, row: Row) -> None:
        """Counts the epochs without a lower validation loss; a plateau lets the rate fall."""
        if self.recipe.schedule != "plateau":
            return
        self.since += 1
        if row["validation_loss"] < self.best:
            self.best, self.since = row["validation_loss"], 0
        if self.since >= self.recipe.patience:
            self.falls, self.since = self.falls + 1, 0

    def _save(self) -> None:
        # not after every epoch: that of a small network may be shorter than the writing
        due = self.is_over or monotonic() - self.saved > SECONDS_BETWEEN_CHECKPOINTS
        if self.folder is None or not due:
            return
        with self.learner.spent("save"):
            self._write(self.folder)
        self.saved = monotonic()

    def _write(self, folder: Path) -> None:
        plateau = (self.falls, self.since, self.best)
        state = self.learner.state() | {"key": self.key, "rows": self.rows, "plateau": plateau}
        state |= {"recipe": self.recipe.key}
        # first: the other files can be made from it again, should the run die between them
        checkpoint.write(folder / CHECKPOINT, state)
        self._write_results(folder)

    def _write_results(self, folder: Path) -> None:
        checkpoint.write(folder / METRICS, metrics_csv(self.rows))
        if self.is_over:
            tensors = self.learner.form.network.state_dict()
            checkpoint.write(folder / WEIGHTS, weights_bytes(tensors, self._about()))

    def _about(self) -> About:
        accuracy = self.rows[-1]["validation_accuracy"]
        return about_training(self.network, self.learner.data, self.recipe, self.options, accuracy)


def metrics_csv(rows: list[Row]) -> str:
    """The metrics of each epoch as CSV."""
    lines = [",".join(_cell(row, name) for name in COLUMNS) for row in rows]
    return "\n".join([",".join(COLUMNS), *lines]) + "\n"


def _cell(row: Mapping[str, float], name: str) -> str:
    return f"{row[name]:.6g}" if name in row else ""
