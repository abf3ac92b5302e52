"""What sampling by similarity must beat at the same training: other frames at the same place, and all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from costmodel.analysis.cost import analyze
from costmodel.errors import DataError
from costmodel.files import write_all
from costmodel.graph import Graph
from costmodel.network import Network
from costmodel.ops import Sgs as SgsOp
from costmodel.transforms.sgs import Sgs
from search.data import Data
from search.train.evaluate import ClipAccuracy, Views, accuracy_of
from search.train.forms import Form, form_of
from search.train.learner import Learner
from search.train.options import Options
from search.train.other_frames import OTHERS, attending
from search.train.recipe import Recipe

KEPT = "trials.json"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Contender:
    """A network that is trained: how it chooses frames behind the stage.

    Args:
        method: what it is called in tables.
        graph: the network.
        other: what chooses frames in place of similarity, of `OTHERS`.
        also: further numbers of bins that the trained network is run with (Table A.4).
    """

    method: str
    graph: Graph = field(repr=False)
    other: str = ""
    also: tuple[int, ...] = ()


@dataclass(frozen=True)
class Trial:
    """How a contender did under one seed.

    Args:
        method: the contender's; where it runs with other bins than it was trained with, those too.
        seed: of the weights, the order of clips and their crops.
        accuracy: on the validation clips.
        macs: multiply-adds of a clip, the mean over them; what chooses the frames counts with it.
        active_bins: frames behind the stage, the mean over clips.
        train_accuracy: over the last epoch.
        seconds: of the training.
        histogram: clips by their active bins, where these are their own.
        classes: mean active bins of each class.
    """

    method: str
    seed: int
    accuracy: float
    macs: int
    active_bins: float
    train_accuracy: float
    seconds: float
    histogram: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, float] = field(default_factory=dict)


def contenders(network: Network) -> Iterator[Contender]:
    """The plain network, samplers of fewer and fewer bins, and what they must beat.

    Args:
        network: the sampled network; its bins are those of the first.

    Raises:
        CostModelError: there is no such network with fewer bins.
    """
    sampling = network.made_by(Sgs)
    assert sampling is not None
    plain = network.without(Sgs)
    frames = int(plain.graph().source.time)
    bins = [each for each in (frames, frames // 2, frames // 4) if each > 1]

    def sampled(**options: int | None) -> Graph:
        return network.with_transform(replace(sampling, **options)).graph()  # type: ignore[arg-type]

    yield Contender("plain", plain.graph())
    for each in bins:
        also = tuple(number for number in bins if number < each) if each == frames else ()
        yield Contender(f"similarity, {each} bins", sampled(bins=each, active_bins=None), also=also)
    yield Contender("random embeddings", sampled(bins=None, active_bins=None), "embeddings")
    half = sampled(bins=None, active_bins=frames // 2)
    yield Contender(f"uniform, {frames // 2} frames", half, "uniform")
    yield Contender(f"random, {frames // 2} frames", half, "random")
    yield Contender(f"clips of {frames // 2} frames", _fewer(plain, frames // 2).graph())
    yield Contender("attention over time", attending(plain.graph(), sampled(active_bins=None)))


def _fewer(plain: Network, frames: int) -> Network:
    """The plain network on half of the frames, over the same time where the spec has a rate."""
    rates = [name for name in ("gamma_tau", "tau") if name in plain.sizes]
    spread = {name: plain.sizes[name] * 2 for name in rates}
    return plain.with_sizes({"frames": frames, **spread})


@dataclass
class Comparison:
    """Trains contenders under several seeds; what is done is kept, so that the same command goes on.

    Args:
        network: the sampled network.
        data: the clips.
        recipe: of all of them.
        folder: where trials are kept.
        say: told of progress.
        device: where they are trained and evaluated, such as `cpu` or `cuda`.
    """

    network: Network
    data: Data
    recipe: Recipe
    folder: Path
    say: Say
    device: str = "cpu"

    def trials(self, seeds: range) -> list[Trial]:
        """A trial of each contender under each seed, those of further bins behind it.

        Raises:
            DataError: the folder holds trials of another comparison.
        """
        kept = self._kept()
        for seed in seeds:
            for contender in contenders(self.network):
                done = [trial for trial in kept if (trial.method, trial.seed) == (contender.method, seed)]
                if done:
                    continue
                for trial in self._train(contender, seed):
                    kept.append(trial)
                    self.say(
                        f"{trial.method}, seed {seed}: {trial.accuracy:.1%}, {trial.macs:,} multiply-adds, "
                        f"{trial.active_bins:.2f} frames, {trial.seconds:.0f} s"
                    )
                self._keep(kept)
        return [trial for trial in kept if trial.seed in seeds]

    def _train(self, contender: Contender, seed: int) -> Iterator[Trial]:
        begun = perf_counter()
        torch.manual_seed(seed)
        learner = Learner(contender.graph, self.data, self.recipe, Options(seed=seed, device=self.device))
        _choose(learner.form, contender.other)
        row = {}
        for epoch in range(learner.epochs):
            row = learner.epoch(epoch, 0)
        seconds = perf_counter() - begun
        yield self._tried(contender, contender.method, learner.form, seed, row["train_accuracy"], seconds)
        for bins in contender.also:
            sampling = self.network.made_by(Sgs)
            assert sampling is not None
            fewer = self.network.with_transform(replace(sampling, bins=bins, active_bins=None)).graph()
            form = form_of(fewer, "clip")
            form.network.load_state_dict(learner.form.network.state_dict())
            form.network.to(torch.device(self.device))
            method = f"{contender.method}, run with {bins}"
            yield self._tried(contender, method, form, seed, row["train_accuracy"], 0.0)

    def _tried(
        self, contender: Contender, method: str, form: Form, seed: int, train_accuracy: float, seconds: float
    ) -> Trial:
        torch.manual_seed(seed)  # what draws frames at random draws the same ones each time
        found = accuracy_of(form, self.data, Views(), self.device)
        bins = found.sampled
        return Trial(
            method,
            seed,
            found.accuracy,
            found.macs_per_view - _not_run(contender),
            _frames(form, found, contender),
            train_accuracy,
            seconds,
            {} if bins is None else {str(row["active_bins"]): row["clips"] for row in bins.histogram()},
            {}
            if bins is None
            else {
                row["class"]: row["active_bins"]
                for row in bins.by_class(self.data.validation.labels, self.data.classes)
            },
        )

    @property
    def _key(self) -> str:
        """What all trials of a folder have in common."""
        text = repr((self.recipe.key, self.data.key, self.network.identity))
        return sha256(text.encode()).hexdigest()

    def _kept(self) -> list[Trial]:
        path = self.folder / KEPT
        if not path.exists():
            return []
        try:
            held: dict[str, Any] = json.loads(path.read_text())
            trials = [Trial(**each) for each in held["trials"]]
            key = held["key"]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path}: is damaged; remove it to begin anew") from error
        if key != self._key:
            raise DataError(
                f"{path}: is of another network, recipe or data; expected the same, or another --out"
            )
        return trials

    def _keep(self, trials: list[Trial]) -> None:
        held = {"key": self._key, "trials": [asdict(trial) for trial in trials]}
        write_all({self.folder / KEPT: json.dumps(held, indent=1).encode()})


def _choose(form: Form, other: str) -> None:
    """Puts what chooses frames instead into the place of a network's sampler."""
    if not other:
        return
    network = form.network
    for node in network.graph.nodes:
        if isinstance(node.op, SgsOp):
            network.put(node.name, OTHERS[other](node.op, *network.graph.inputs_of(node)))


def _not_run(contender: Contender) -> int:
    """Multiply-adds of the sampler that its place holder does without."""
    if not contender.other:
        return 0
    done = analyze(contender.graph).operations
    kinds = ("mac.sampling.similarity",) if contender.other == "embeddings" else ("mac.sampling",)
    return sum(int(amount) for kind, amount in done.items() if kind.startswith(kinds))


def _frames(form: Form, found: ClipAccuracy, contender: Contender) -> float:
    """Frames behind the stage."""
    if found.sampled is not None:
        return found.sampled.mean
    graph = form.network.graph
    for node in graph.nodes:
        if node.op.word == "sgs":
            return float(graph.types[node.name].time)
    return float(graph.source.time)
