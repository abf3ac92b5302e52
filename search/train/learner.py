"""A network, its optimiser, and one step of learning."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate as metric
from costmodel.errors import DataError, TrainingError
from costmodel.graph import Graph
from costmodel.weights import Checkpoint
from search.data import Data
from search.data.changes import changes_of
from search.data.file_videos import AHEAD, FileVideos
from search.data.views import Numbers, batches, begun, training_cut
from search.train.answers import Reading
from search.train.checkpoint import NEW_CLASSIFIER, is_of_other_classes, load_weights
from search.train.fit import as_wide, clip_of, must_fit, validate, view_of
from search.train.forms import form_of
from search.train.group import adding_up
from search.train.initialisation import freeze, learning_mode, prepare
from search.train.metrics import loss_of, right_in
from search.train.options import PRECISIONS, Options, Row
from search.train.recipe import Recipe
from search.train.sgd import Sgd
from search.train.shared_norm import Counting, share_norms

FORWARD_AND_BACKWARD = 3  # the gradients by the input and by the weights cost a forward pass each

# Clips by their numbers, and what gives them as the network is fed.
_Part = tuple[Numbers, Callable[[], tuple[Tensor, ...]]]
_Item = TypeVar("_Item")


class Learner:
    """A network that learns from data by a recipe."""

    def __init__(self, graph: Graph, data: Data, recipe: Recipe, options: Options) -> None:
        self.data, self.recipe, self.options = data, recipe, options
        self.form = form_of(graph, options.kind, Reading(recipe.answers, recipe.lead))
        self.changes = changes_of(recipe.jitter, recipe.rand_augment, recipe.magnitude)
        must_fit(self.form.network.graph, data, spare_classes=options.spare_classes)
        prepare(self.form.network, recipe)
        # behind `prepare`, whose zeros are for fresh weights alone
        if options.weights is not None:
            self._load(options.weights)
        self._freeze()
        self.form.network.to(torch.device(options.device))
        self.group = options.group
        self.counting = share_norms(self.form.network) if self.group.size > 1 else Counting()
        self.view = view_of(graph, self.form.frames)
        self.optimizer = Sgd(
            (value for value in self.form.network.parameters() if value.requires_grad),
            recipe.learning_rate,
            momentum=recipe.momentum,
            dampening=recipe.dampening,
            weight_decay=recipe.weight_decay,
        )
        self.answer = self.group.answering(self.form)
        # bf16 has the exponents of fp32; only in fp16 do gradients fall below the least number
        self.scaler = torch.amp.GradScaler(enabled=options.precision == "fp16")
        # counted, not divided: a last batch of one clip is left out where it has no statistics
        self.batches = sum(1 for _ in self._batches(np.random.default_rng(0)))
        self.iterations = max(math.ceil(recipe.epochs * self.batches), 1)
        self.clips = 0
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @property
    def epochs(self) -> int:
        """Epochs of the whole run, the last perhaps cut short."""
        return math.ceil(self.iterations / self.batches)

    def epoch(self, number: int, falls: int) -> Row:
        """Learns each video once; `falls` is how often a plateau let the rate fall.

        Raises:
            TrainingError: the loss is not a number any more.
        """
        # Each epoch has random numbers of its own: a run that goes on from a checkpoint draws the same.
        random = np.random.default_rng([self.options.seed, number])
        # dropout draws from torch's own generator, and not the same in each of several processes
        torch.manual_seed(int(random.integers(1 << 62)) + self.group.rank)
        learning_mode(self.form.network, self.options.freeze or self.options.features)
        loss, right, seen = 0.0, 0, 0
        remaining = self.iterations - number * self.batches
        # epochs may be a fraction: the last one ends where the iterations do
        for place, batch in _ahead(self._planned(remaining, random), self._batches_ahead):
            self._set_rate(number + place / self.batches, falls)
            clips = sum(len(part) for part, _ in batch)
            for number_of, (part, fed) in enumerate(batch, 1):
                with adding_up(self.answer, is_last=number_of == len(batch)):
                    part_loss, part_right = self._learn(fed, len(part), clips)
                # raised before the step: gradients that are no numbers would reach every weight
                if not math.isfinite(part_loss):
                    at = f"epoch {number + 1}, batch {place + 1}"
                    raise TrainingError(
                        f"{at}: the loss is {part_loss}, expected a number; lower the learning rate"
                    )
                right, seen, loss = right + part_right, seen + len(part), loss + part_loss * len(part)
            self._step()
        self.clips += seen
        rate = self.optimizer.param_groups[0]["lr"]
        return {"epoch": number + 1, "rate": rate, "train_loss": loss / seen, "train_accuracy": right / seen}

    @property
    def macs(self) -> int:
        """Multiply-adds of the training so far, backward passes included."""
        each = metric(Figures(clip_of(self.form.network.graph)), "macs_per_clip")
        return FORWARD_AND_BACKWARD * int(each) * self.clips

    def validate(self) -> tuple[float, float]:
        """Mean loss and accuracy on one clip from the middle of each video."""
        return validate(self.form, self.data.validation, self.options.device, self.group)

    def state(self) -> dict[str, object]:
        """All that a checkpoint must hold for the run to go on with the same bits."""
        return {
            "weights": self.form.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "clips": self.clips,
            "seconds": dict(self.seconds),
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Takes over the state that a checkpoint held."""
        self.form.network.load_state_dict(state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        self.clips = state["clips"]
        self.seconds = defaultdict(float, state["seconds"])

    @contextmanager
    def spent(self, what: str) -> Iterator[None]:
        """Adds the seconds spent inside the block to those of `what`."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[what] += perf_counter() - start

    def _load(self, path: Path | Checkpoint) -> None:
        is_new = self.options.freeze or self.options.new_classifier
        try:
            load_weights(self.form.network, path, new_classifier=is_new)
        except DataError as error:
            if is_new or not is_of_other_classes(self.form.network, path):
                raise
            classes = len(self.data.classes)
            message = f"{path}: its classifier is not of the data's {classes} classes; {NEW_CLASSIFIER}"
            raise DataError(message) from error

    def _freeze(self) -> None:
        if self.options.freeze:
            freeze(self.form.network)

    def _batches(self, random: np.random.Generator) -> Iterator[Numbers]:
        return batches(len(self.data.train.labels), self.recipe.batch, random)

    def _parts(self, index: Numbers) -> list[Numbers]:
        """The batch in parts that run at once; a last part of one clip joins the one before."""
        micro = self.recipe.micro or len(index)
        parts = [index[first : first + micro] for first in range(0, len(index), micro)]
        # batch statistics of one clip alone are none
        if len(parts) > 1 and len(parts[-1]) == 1:
            parts[-2:] = [np.concatenate(parts[-2:])]
        return parts

    @property
    def _batches_ahead(self) -> int:
        """How many batches are begun ahead of the one that is learned from."""
        return AHEAD if isinstance(self.data.train, FileVideos) else 0

    def _planned(self, number: int, random: np.random.Generator) -> Iterator[tuple[int, list[_Part]]]:
        """The batches by their number, each in parts that run at once, their clips begun to be read."""
        for place, index in zip(range(number), self._batches(random), strict=False):
            yield place, [(part, self._begun(part, random)) for part in self._parts(index)]

    def _begun(self, index: Numbers, random: np.random.Generator) -> Callable[[], tuple[Tensor, ...]]:
        """Draws clips and begins to read them; called, it gives what the network is fed, and labels last."""
        videos, device = self.data.train, self.options.device
        cut = training_cut(
            videos,
            index,
            self.view,
            random,
            scale=self._scale(len(index), random),
            mirror=self.recipe.mirror and self.data.mirrors,
            changes=self.changes,
        )
        # drawn for all, so that the clips are those of one process; read are one's own
        cut = cut.of(self._own(index))
        reading = begun(videos, cut, device)

        def fed() -> tuple[Tensor, ...]:
            labels = torch.from_numpy(videos.labels[cut.index]).to(device)
            return as_wide(reading(), self.form.network.graph), labels

        return fed

    def _own(self, part: Numbers) -> slice:
        """This process's share of the clips that run at once; of none the first, which does not count."""
        own = self.group.share(part)
        return own if own.stop > own.start else slice(0, 1)

    def _scale(self, clips: int, random: np.random.Generator) -> float | list[float]:
        """One scale for a batch that is resized at once; its own for each clip of a file."""
        if not isinstance(self.data.train, FileVideos):
            return self.recipe.draw_scale(random)
        return [self.recipe.draw_scale(random) for _ in range(clips)]

    def _learn(self, fed: Callable[[], tuple[Tensor, ...]], part: int, batch: int) -> tuple[float, int]:
        """The loss of `part` clips that run at once, over all processes, and how many are right."""
        with self.spent("data"):
            *inputs, labels = fed()
        own = self.group.share(np.arange(part))
        clips = own.stop - own.start
        self.counting.counts = clips > 0
        with self.spent("learn"):
            with self._mixed():
                logits = self._logits(*inputs)
                # in fp32 whatever the network ran in: the softmax of half precision rounds small shares to 0
                loss = loss_of(logits.float(), labels)
            # gradients of parts add up, each weighed by its share, to that of the batch's mean loss; those of
            # several processes are averaged
            torch.autograd.backward(self.scaler.scale(loss * (clips / batch * self.group.size)))
            if self.group.size == 1:
                return loss.item(), right_in(logits, labels)
            total, right = self.group.total(loss.item() * clips, right_in(logits, labels) * (clips > 0))
            return total / part, int(right)

    def _logits(self, *inputs: Tensor) -> Tensor:
        (clips,) = inputs
        try:
            return self.answer(clips)
        except ValueError as error:  # torch's word for a batch norm that sees one value
            if len(clips) > 1 or "more than 1 value per channel" not in str(error):
                raise
            raise TrainingError(
                "a batch of one clip: a batch norm sees one value of each channel, from which nothing is "
                "learned; expected batches of 2 clips or more"
            ) from error

    def _mixed(self) -> AbstractContextManager[object]:
        kind = PRECISIONS[self.options.precision]
        return nullcontext() if kind is None else torch.autocast(torch.device(self.options.device).type, kind)

    def _step(self) -> None:
        with self.spent("learn"):
            # it asks an optimiser for its groups and its step alone
            self.scaler.step(self.optimizer)  # type: ignore[arg-type]
            self.scaler.update()
            self.optimizer.zero_grad(set_to_none=True)

    def _set_rate(self, epoch: float, falls: int) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rate_at(epoch, falls)


def _ahead(items: Iterator[_Item], number: int) -> Iterator[_Item]:
    """The same items in the same order, so many more of them made than are asked for."""
    waiting: deque[_Item] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > number:
            yield waiting.popleft()
    yield from waiting
