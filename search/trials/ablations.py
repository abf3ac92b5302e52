"""Ablations of sampling: rows of a file, each a network, all of them trained in one study."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, TypedDict, cast

from costmodel.errors import CostModelError, OptionError, SpecError, nearest
from costmodel.network import Network
from costmodel.numbers import Number, times
from costmodel.spec.fields import evaluate
from costmodel.spec.load import Item, read
from costmodel.spec.resolved import exact_text
from costmodel.transforms.sgs import Sgs
from search.engine.base import Engine
from search.methods.run import Judging, run
from search.problem.request import Prepared, Request, prepare
from search.study.history import candidates_of
from search.study.study import Study
from search.train.ranges import entries, text
from search.trials.rivals import Again

RATES = ("gamma_tau", "tau")  # what specs call the camera frames of a frame
KEYS = ("row", "sgs", "set", "rate")
NONE, EACH = "none", "each"


@dataclass(frozen=True)
class Variant:
    """A row of an ablation: its network."""

    ablation: str
    row: str
    network: Network


class AblationRow(TypedDict):
    """How a variant did over its seeds; costs of a sampled one are means over its validation clips."""

    ablation: str
    row: str
    score: float | None
    error: float
    macs: float | None
    active_bins: float | None
    seeds: int
    training_macs: int
    reason: str


def ablation_names() -> tuple[str, ...]:
    """The ablations that come with the tool."""
    return tuple(sorted(path.stem for path in _folder().glob("*.yaml")))


def variants(name: str, network: Network) -> Iterator[Variant]:
    """The networks of an ablation.

    Args:
        name: of a shipped one, or the path of a file.
        network: the sampled network that the rows change.

    Raises:
        CostModelError: there is no such ablation, it is wrong, or the network is not sampled.
    """
    path = Path(name)
    if not path.suffix:
        if name not in ablation_names():
            raise SpecError(f"--ablation: unknown {name!r}{nearest(name, ablation_names())}")
        path = _folder() / f"{name}.yaml"
    if network.made_by(Sgs) is None:
        raise OptionError("--sgs: is missing; expected the stage behind which frames are sampled")
    root = read(path)
    held = root.value.get("rows") if isinstance(root.value, dict) else None
    if held is None:
        raise root.error(f"{root.kind}, expected rows")
    for item in entries(held):
        yield from _of_row(path.stem, item, network)


def _of_row(ablation: str, item: Item, network: Network) -> Iterator[Variant]:
    given = item.value if isinstance(item.value, dict) else {}
    for key in given:
        if key not in KEYS:
            raise given[key].error(f"unknown key{nearest(key, KEYS)}")
    if "row" not in given:
        raise item.error("no 'row', expected the name of one")
    name, sampling = text(given["row"]), cast(Sgs, network.made_by(Sgs))
    options = given["sgs"].value if "sgs" in given else {}
    if options == NONE:
        yield Variant(ablation, name, network.without(Sgs))
    elif options == EACH:
        for stage in _stages(network):
            yield Variant(ablation, f"behind {stage}", network.with_transform(replace(sampling, sgs=stage)))
    else:
        sizes = _numbers(given.get("set"), network.sizes)
        if "rate" in given:
            rate = evaluate(given["rate"], network.sizes)
            sizes |= {each: times(network.sizes[each], rate) for each in RATES if each in network.sizes}
        moved = network.with_sizes(sizes)
        yield Variant(
            ablation, name, moved.with_transform(replace(sampling, **_options(options, moved.sizes)))
        )


def _options(given: Mapping[str, Item], sizes: Mapping[str, Number]) -> dict[str, Any]:
    """The options of a sampler: words as they are, numbers by arithmetic in the network's sizes."""
    words = {each.name: each.choices for each in Sgs.options()}
    found: dict[str, Any] = {}
    for name, item in given.items():
        if name not in words:
            raise item.error(f"unknown option{nearest(name, words)}")
        is_word = item.value in words[name] or isinstance(item.value, bool)
        found[name] = item.value if is_word else evaluate(item, sizes)
    return found


def _numbers(item: Item | None, sizes: Mapping[str, Number]) -> dict[str, Number]:
    return {} if item is None else {name: evaluate(each, sizes) for name, each in item.value.items()}


def _stages(network: Network) -> Iterator[str]:
    """The stages behind which a sampler can stand."""
    plain, sampling = network.without(Sgs), cast(Sgs, network.made_by(Sgs))
    names = (node.name.partition(".")[0].partition("_")[0] for node in plain.graph().nodes)
    for stage in dict.fromkeys(names):
        try:
            plain.with_transform(replace(sampling, sgs=stage)).graph()
        except CostModelError:
            continue
        yield stage


@dataclass
class Ablations:
    """Trains the variants of ablations under several seeds, all in one study.

    Args:
        request: the score and its options.
        study: where all is kept.
        engine: where candidates run.
        retries: how often a failed candidate is tried again.
        listen: is told how it goes.
    """

    request: Request
    study: Study
    engine: Engine | None
    retries: int
    listen: Callable[[str], None]

    def rows(self, found: Sequence[Variant], seeds: Sequence[int]) -> Iterator[AblationRow]:
        """A row for each variant, in order; what the study holds is not trained anew.

        Raises:
            CostModelError: a variant cannot be built or trained.
        """
        ready = [self._prepared(variant) for variant in found]
        if ready:
            # all at once: rows one after the other would leave workers idle at the end of each
            asked = [(each.problem, each.problem.first) for each in ready]
            self._judging(ready[0], seeds[0]).beside(asked, seeds)
        for variant, each in zip(found, ready, strict=True):
            again = Again(each.problem.first, 0, tuple(seeds))
            options = {**each.options, "mode": "ablation", "seeds": list(seeds)}
            options |= {"ablation": variant.ablation, "row": variant.row}
            ((decision, _),) = run(each.problem, again, self._judging(each, seeds[0]), options)
            keys = [option.key for option in decision.options]
            yield self._row(variant, keys, float(each.problem.cost(each.problem.first)))

    def _prepared(self, variant: Variant) -> Prepared:
        sets = [f"{name}={exact_text(value)}" for name, value in variant.network.settings.items()]
        request = replace(self.request, sets=sets, start=variant.network.variant)
        return prepare(request, replace(variant.network, variant=None, settings={}))

    def _judging(self, ready: Prepared, seed: int) -> Judging:
        return Judging(ready.problem, ready.score, seed, self.study, self.engine, self.retries, self.listen)

    def _row(self, variant: Variant, keys: Sequence[str | None], macs: float) -> AblationRow:
        from search.methods.run import together
        from search.problem.steps import Judged

        candidates = {each["candidate"]: each for each in candidates_of(self.study)}
        mine = [candidates[key] for key in keys if key is not None]
        judged = [
            Judged(each["candidate"], each["score"], each["reason"], each["error"] or 0.0) for each in mine
        ]
        all_of_them = together(judged)
        return {
            "ablation": variant.ablation,
            "row": variant.row,
            "score": all_of_them.score,
            "error": all_of_them.error,
            "macs": _mean([each["measured"].get("macs_per_view", macs) for each in mine]),
            "active_bins": _mean([each["measured"].get("active_bins") for each in mine]),
            "seeds": len(mine),
            "training_macs": sum(each["training_macs"] for each in mine),
            "reason": all_of_them.failure,
        }


def _mean(values: Sequence[float | None]) -> float | None:
    numbers = [each for each in values if each is not None]
    return sum(numbers) / len(numbers) if len(numbers) == len(values) and numbers else None


def _folder() -> Path:
    return Path(str(resources.files("search"))) / "problem" / "ablations"
