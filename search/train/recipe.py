"""How networks are trained, as data: one YAML file for each recipe, shipped or one's own."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costmodel.errors import SpecError, nearest
from costmodel.spec.fields import evaluate
from costmodel.spec.load import Item, read
from search.train.ranges import CHANGES, RANGES, Range, check, check_option, entries, text

if TYPE_CHECKING:
    import numpy

SCHEDULES = ("cosine", "steps", "plateau", "constant")
# Settings that came later, with what they were before: studies and checkpoints without them stay good.
LATER: Mapping[str, object] = {
    "answers": "",
    "lead": 0,
    "shortest": 0,
    "thinning": (),
    "replaced": 0,
    "noise": 0,
    "hidden_dropout": 0,
    "jitter": 0,
    "rand_augment": 0,
    "magnitude": 9,
}


@dataclass(frozen=True)
class Recipe:
    """How a network is trained by SGD.

    Args:
        name: what it is called.
        learning_rate: the base rate, for batches of `batch` clips.
        batch: clips in a batch.
        micro: clips that run at once and share their batch statistics; 0 for the whole batch.
        epochs: how often each video is shown; at most, where a plateau ends the run.
        warmup: epochs in which the rate rises linearly to the base rate  (Goyal 2017).
        schedule: how the rate falls: half a period of a cosine, at the epochs `milestones`, on a plateau, or
            not at all (`constant`).
        milestones: epochs at which the rate falls by `factor`.
        factor: of the rate at a milestone or plateau.
        falls: plateaus at which the rate falls; the next one ends the run.
        patience: epochs without a lower validation loss that make a plateau.
        momentum: of SGD.
        dampening: of the momentum.
        weight_decay: of every learned value.
        dropout: before the classifier; as the spec has it where None.
        drop_connect: the rate at which the last residual branch is left out, the others in proportion.
        norm_momentum: of running statistics.
        mirror: whether half of the clips are mirrored, where the data allows it.
        scales: of the shorter side, as a multiple of the crop.
        any_scale: whether every scale between the least and the largest of them is drawn, or one of them.
        answers: which answers count of a network that answers every frame: `last`, `mean` or numbers of
            frames; what suits the network where empty.
        lead: frames fed ahead of the clip to a network that answers every frame.
        shortest: the fewest features of a sequence that a head learns from; all of the video's where 0.
        thinning: the shares of sequences of which one feature in 2, in 3, in 4 and so on is kept.
        replaced: the largest share of a sequence that noise replaces, in one run at a random place.
        noise: variance of the Gaussian noise that is added to features.
        hidden_dropout: of what recurrent layers answer.
        jitter: the largest change of a clip's brightness, contrast and saturation, as a share.
        rand_augment: operations of RandAugment on each clip  (Cubuk 2019).
        magnitude: of each of these operations, of 30.
        expansion: what changes along an expansion, by the first step that it holds for.
    """

    name: str
    learning_rate: float
    batch: int
    epochs: float
    micro: int = 0
    warmup: float = 0
    schedule: str = "cosine"
    milestones: tuple[float, ...] = ()
    factor: float = 0.1
    falls: int = 3
    patience: int = 10
    momentum: float = 0.9
    dampening: float = 0
    weight_decay: float = 0
    dropout: float | None = None
    drop_connect: float = 0
    norm_momentum: float = 0.1
    mirror: bool = True
    scales: tuple[float, ...] = (128 / 112, 160 / 112)
    any_scale: bool = True
    answers: str = ""
    lead: int = 0
    shortest: int = 0
    thinning: tuple[float, ...] = ()
    replaced: float = 0
    noise: float = 0
    hidden_dropout: float = 0
    jitter: float = 0
    rand_augment: int = 0
    magnitude: int = 9
    expansion: tuple[tuple[int, tuple[tuple[str, float], ...]], ...] = ()

    @property
    def key(self) -> str:
        """The settings as one text: recipes with equal texts train alike."""
        # the name changes nothing, and `at_step` has put what an expansion changes into the other settings
        left_out = (
            "name",
            "expansion",
            *(name for name, value in LATER.items() if getattr(self, name) == value),
        )
        settings = {name: value for name, value in asdict(self).items() if name not in left_out}
        return json.dumps(settings, sort_keys=True)

    def rate_at(self, epoch: float, falls: int = 0) -> float:
        """The learning rate, `epoch` being how far the run is and `falls` how many plateaus it met.

        Half a period of a cosine: eta * 0.5 * (cos(n / n_max * pi) + 1)  (Feichtenhofer 2020, sec. A.3).
        """
        if epoch < self.warmup:
            # the first iteration has rate 0; without a warm-up no epoch is below it, and nothing is divided
            return self.learning_rate * epoch / self.warmup
        if self.schedule == "cosine":
            return self.learning_rate * 0.5 * (math.cos(epoch / self.epochs * math.pi) + 1)
        if self.schedule == "steps":
            falls = sum(epoch >= milestone for milestone in self.milestones)
        return self.learning_rate * self.factor**falls

    def draw_scale(self, random: numpy.random.Generator) -> float:
        """A scale of the shorter side, as a multiple of the crop."""
        if self.any_scale:
            return float(random.uniform(min(self.scales), max(self.scales)))
        return float(random.choice(self.scales))

    def clips_at_once(self, videos: int) -> int:
        """How many clips are in memory at once, of so many videos."""
        return min(self.micro or self.batch, videos)

    def with_batch(self, batch: int) -> Recipe:
        """The same recipe with other batches, the learning rate in proportion  (Goyal 2017, sec. 2.1)."""
        check_option("batch", batch)
        return replace(self, batch=batch, learning_rate=self.learning_rate * batch / self.batch)

    def with_epochs(self, epochs: float) -> Recipe:
        """The same recipe over another number of epochs, its warm-up and milestones in proportion."""
        check_option("epochs", epochs)
        stretch = epochs / self.epochs
        return replace(
            self,
            epochs=epochs,
            warmup=self.warmup * stretch,
            milestones=tuple(milestone * stretch for milestone in self.milestones),
        )

    def at_step(self, step: int) -> Recipe:
        """The recipe at one step of an expansion, regularised  (Feichtenhofer 2020, sec. A.3)."""
        recipe = self
        for change in (dict(changes) for first, changes in self.expansion if step >= first):
            if "batch" in change:
                # factors are of the recipe's own settings, not of what an earlier step made of them
                factor = change["batch"]
                recipe = recipe.with_batch(max(round(self.batch * factor), 1))
                recipe = replace(recipe, micro=round(self.micro * factor))
            if "epochs" in change:
                recipe = recipe.with_epochs(self.epochs * change["epochs"])
            recipe = replace(recipe, drop_connect=change.get("drop_connect", recipe.drop_connect))
        return recipe


def recipe_names() -> tuple[str, ...]:
    """The recipes that come with the tool."""
    return tuple(
        sorted(
            Path(str(file)).stem for file in resources.files("search").joinpath("train", "recipes").iterdir()
        )
    )


def load_recipe(name: str) -> Recipe:
    """A recipe by the name of a shipped one, or by the path of a file.

    Raises:
        SpecError: there is no such recipe, or it is wrong.
    """
    path = Path(name)
    if not path.suffix:
        if name not in recipe_names():
            raise SpecError(f"--recipe: unknown {name!r}{nearest(name, recipe_names())}")
        path = Path(str(resources.files("search").joinpath("train", "recipes", f"{name}.yaml")))
    root = read(path)
    if not isinstance(root.value, dict):
        raise root.error(f"{root.kind}, expected the settings of a recipe")
    return _recipe(
        root, {key: item for key, item in root.value.items() if key not in ("description", "source")}
    )


def _recipe(root: Item, given: Mapping[str, Item]) -> Recipe:
    # annotations are texts in this module, since it imports them from __future__
    known = {field.name: str(field.type) for field in fields(Recipe)}
    for key, item in given.items():
        if key not in known:
            raise item.error(f"unknown setting{nearest(key, known)}")
    for name in ("name", "learning_rate", "batch", "epochs"):
        if name not in given:
            raise root.error(f"no {name!r}, expected one in a recipe")
    schedule = given.get("schedule")
    if schedule is not None and schedule.value not in SCHEDULES:
        found = schedule.value if isinstance(schedule.value, str) else None
        raise schedule.error(f"{repr(found) if found else schedule.kind}, expected {', '.join(SCHEDULES)}")
    made = Recipe(**{key: _setting(key, item, known[key]) for key, item in given.items()})
    if sum(made.thinning) > 1:
        raise given["thinning"].error(f"shares that add up to {sum(made.thinning):g}, at most 1")
    return made


def _setting(name: str, item: Item, kind: str) -> Any:
    """The value of one setting, as its annotation has it."""
    if kind == "str":
        return text(item)
    if kind == "bool":
        if not isinstance(item.value, bool):
            raise item.error(f"{item.kind}, expected true or false")
        return item.value
    if kind.startswith("tuple[tuple"):
        return tuple(_change(each) for each in entries(item))
    if kind.startswith("tuple"):
        if name == "scales" and item.value == []:
            raise item.error("an empty list, expected one scale or more")
        return tuple(_number(name, each) for each in entries(item))
    number = _number(name, item)
    if kind != "int":
        return number
    if not number.is_integer():
        raise item.error(f"{item.kind}, expected a whole number")
    return int(number)


def _change(item: Item) -> tuple[int, tuple[tuple[str, float], ...]]:
    """From `{step: 8, batch: 1}` the step, and what changes there."""
    given = item.value if isinstance(item.value, dict) else {}
    if "step" not in given or set(given) - set(CHANGES):
        raise item.error("expected {step: N} with batch, epochs or drop_connect")
    values = {key: _number(key, each, CHANGES) for key, each in given.items()}
    step = values.pop("step")
    if not step.is_integer():
        raise item.error(f"step is {step:g}, expected a whole number")
    return int(step), tuple(values.items())


def _number(name: str, item: Item, ranges: dict[str, Range] = RANGES) -> float:
    value = evaluate(item, {})
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        raise item.error(f"{item.kind}, expected a number")
    check(item, name, value, ranges)
    return float(value)
