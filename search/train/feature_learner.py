"""A head that learns by itself, from stored features of the rest of its network  (Kopuklu 2022, sec. 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.head import head_of
from costmodel.analysis.metrics import evaluate as metric
from costmodel.analysis.temporal import timing
from costmodel.errors import DataError, OptionError
from costmodel.graph import INPUT, Graph
from costmodel.transforms.head import Head
from costmodel.types import TensorType
from costmodel.weights import Checkpoint
from search.data import Data
from search.data.views import Numbers, batches
from search.train.checkpoint import load_rest
from search.train.features import stored
from search.train.fit import EVALUATED_AT_ONCE, clip_of
from search.train.initialisation import freeze_but
from search.train.learner import FORWARD_AND_BACKWARD, Learner
from search.train.metrics import loss_of, right_in
from search.train.options import Options
from search.train.recipe import Recipe
from search.train.sequences import Features, drawn, padded


class FeatureLearner(Learner):
    """Trains the head alone: the rest of the network runs once over every video, and its answers are stored.

    The answer to a sequence is the one to its last feature, so a head must look back alone.

    Raises:
        OptionError: there are no weights for the rest, or the head looks ahead.
    """

    def __init__(self, graph: Graph, data: Data, recipe: Recipe, options: Options) -> None:
        if options.weights is None:
            raise OptionError("--features: needs the weights of the rest of the network; give --weights")
        if options.freeze or options.kind != "clip":
            raise OptionError("--features: trains the head of a clip network; leave the other form out")
        self.head = head_of(graph)
        self.head_graph = head_graph(graph, self.head)
        # before the parent, whose `_load` and `_freeze` ask for the head
        super().__init__(graph, data, recipe, options)
        clip = clip_of(self.form.network.graph)
        with self.spent("data"):
            tensors = self.form.network.state_dict()
            self.stored = stored(clip, tensors, data, options.device, options.folder)

    @property
    def macs(self) -> int:
        """Multiply-adds of learning the head, and of computing the features once."""
        each = int(metric(Figures(self.head_graph), "macs_per_clip"))
        # what is padded runs through the head too, so every sequence costs as much as the longest
        return FORWARD_AND_BACKWARD * each * self.clips * self.stored.longest + self._features_macs

    @cached_property
    def _features_macs(self) -> int:
        clip = Head()(clip_of(self.form.network.graph))
        frames = sum(len(each) for each in (*self.stored.train, *self.stored.validation))
        return int(metric(Figures(clip), "macs_per_clip") / int(clip.source.time) * frames)

    def validate(self) -> tuple[float, float]:
        """Mean loss and accuracy on all features of each video, as its last answer has them."""
        self.form.network.eval()
        labels = torch.from_numpy(self.data.validation.labels)
        loss, right = 0.0, 0
        for index in batches(len(labels), EVALUATED_AT_ONCE):
            inputs = self._inputs([self.stored.validation[number] for number in index])
            with torch.no_grad():
                logits, wanted = self._logits(*inputs), labels[index].to(self.options.device)
            loss += float(loss_of(logits, wanted, reduction="sum"))
            right += right_in(logits, wanted)
        return loss / len(labels), right / len(labels)

    def _load(self, path: Path | Checkpoint) -> None:
        load_rest(self.form.network, self.head, path)

    def _freeze(self) -> None:
        freeze_but(self.form.network, self.head)

    @property
    def _batches_ahead(self) -> int:
        return 0  # features are in memory

    def _begun(self, index: Numbers, random: np.random.Generator) -> Callable[[], tuple[Tensor, ...]]:
        sequences = [drawn(self.stored.train[number], self.recipe, random) for number in index]
        labels = torch.from_numpy(self.data.train.labels[index]).to(self.options.device)
        return lambda: (*self._inputs(sequences), labels)

    def _inputs(self, sequences: list[Features]) -> tuple[Tensor, Tensor]:
        """Sequences (sequences, channels, frames), zeros behind each, and their lengths."""
        values = torch.from_numpy(padded(sequences, self.stored.longest)).to(self.options.device)
        return values, torch.tensor([len(each) for each in sequences], device=self.options.device)

    def _logits(self, *inputs: Tensor) -> Tensor:
        values, lengths = inputs
        # a head's layers take maps (batch, channels, time, height, width): here of one place
        values = values[..., None, None]
        # layer by layer, not through the network, whose input is the video
        for name in self.head:
            values = self.form.network.layers[name](values)
        # an index per row: each sequence ends at its own length, what follows is the answer to padding
        return values.flatten(2)[torch.arange(len(lengths), device=lengths.device), :, lengths - 1]


def head_graph(graph: Graph, head: tuple[str, ...]) -> Graph:
    """The head alone, on one feature.

    Raises:
        DataError: it looks ahead, or something stands behind it.
    """
    first, *others = (graph.by_name[name] for name in head)
    features = graph.types[first.inputs[0]] if first.inputs[0] != INPUT else graph.source
    # the head's first layer reads the input in place of the layer that gave the features
    nodes = (type(first)(first.name, first.op, (INPUT,)), *others)
    alone = Graph(f"{graph.name}.head", TensorType(features.channels, 1, 1, 1), nodes)
    at = timing(alone)[alone.output]
    if head[-1] != graph.output or at.delay != 0 or at.jump != 1 or int(alone.types[alone.output].time) != 1:
        raise DataError(
            f"{graph.name}: its head answers otherwise than by the features up to each frame, expected a "
            "head that looks back alone, such as lstm, gru or a causal convolution"
        )
    return alone
