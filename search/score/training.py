"""The score `train`: a candidate's validation accuracy, after training by a recipe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, get_args

from costmodel.analysis.active_bins import samplers
from costmodel.errors import OptionError
from search.data import open_data
from search.room import must_fit
from search.score.base import Result, Task
from search.train.kinds import Kind
from search.train.recipe import load_recipe

# Torch loads where a candidate is trained, in a worker, and not in the search that asks for it.
if TYPE_CHECKING:
    from search.train.options import Result as Trained


class TrainScore:
    """Trains each candidate from random weights.

    Args:
        recipe: a shipped recipe's name, or a file.
        data: `digits`, `digits:train=500,val=200`, or a folder of clips.
        data_seed: of the data, which stays the same whatever the seed of a search.
        epochs: instead of the recipe's.
        batch: instead of the recipe's.
        kind: `clip`, `unpadded` or `stepwise`.
        device: where candidates are trained.
        fps: frames a second of the videos, for the weights to say; where the data does not know them itself.
    """

    name = "train"
    in_worker = True

    def __init__(
        self,
        recipe: str = "digits",
        data: str = "digits",
        data_seed: int = 0,
        epochs: float | None = None,
        batch: int | None = None,
        kind: Kind = "clip",
        device: str = "cpu",
        fps: float | None = None,
    ) -> None:
        if kind not in get_args(Kind):
            raise OptionError(f"--with kind={kind}: expected {', '.join(get_args(Kind))}")
        chosen = load_recipe(recipe)
        chosen = chosen if batch is None else chosen.with_batch(int(batch))
        self.recipe = chosen if epochs is None else chosen.with_epochs(float(epochs))
        found = open_data(data, int(data_seed))
        if fps is not None:
            from search.data.video_set import at_rate

            found = at_rate(found, float(fps))
        self.data = found
        self.classes = len(self.data.classes)
        self.kind, self.device = kind, device

    def recipe_at(self, step: int) -> Mapping[str, object]:
        """The recipe as it is regularised at a step, and the data."""
        # The whole recipe, not its name: a file edited under the same name is another recipe.
        settings = json.loads(self.recipe.at_step(step).key)
        return {
            "recipe": settings,
            "step": self._regularised_from(step),
            "data": self.data.key,
            "kind": self.kind,
        }

    def __call__(self, task: Task) -> Result:
        """The validation accuracy of a candidate, on one clip from the middle of each video.

        Raises:
            TrainingError: its loss is not a number any more.
        """
        import torch

        from costmodel.emit.weights_format import weights_bytes
        from search.train.loop import metrics_csv, train
        from search.train.metrics import standard_error
        from search.train.options import Options

        torch.set_num_threads(1)
        options = Options(
            seed=task.seed,
            kind=self.kind,
            device=self.device,
            # the last epoch alone counts, and validating takes time
            validate_every=0,
            spare_classes=True,  # a classifier without a size of its own keeps its scores
        )
        recipe = self.recipe.at_step(_step(task))
        result = train(task.network, self.data, recipe, options)
        seconds = {f"{name}_seconds": round(spent, 3) for name, spent in result.seconds.items()}
        error = standard_error(result.accuracy, len(self.data.validation.labels))
        measured = {"loss": result.loss, "train_accuracy": result.train_accuracy, "error": error, **seconds}
        if samplers(result.form.network.graph):
            measured |= self._active_bins(result)
        weights = weights_bytes(result.form.network.state_dict(), result.about)
        return Result(result.accuracy, result.macs, metrics_csv(result.rows), measured, weights)

    def _active_bins(self, result: Trained) -> dict[str, float]:
        """Of a sampled network, what its validation clips needed on average."""
        from search.train.evaluate import Views, accuracy_of

        found = accuracy_of(result.form, self.data, Views(), self.device)
        assert found.sampled is not None
        return {"active_bins": found.sampled.mean, "macs_per_view": found.macs_per_view}

    def memory(self, task: Task, room: int | None) -> int:
        """Bytes that training a candidate takes; 0 where that is not predicted, on a GPU or frame by frame.

        Raises:
            OptionError: it is more than `room`; the message says which batch would fit.
        """
        if self.device != "cpu" or self.kind != "clip":
            return 0
        recipe = self.recipe.at_step(_step(task))
        clips = recipe.clips_at_once(len(self.data.train.labels))
        return must_fit(task.graph, clips, room, "micro: " if recipe.micro else "--with batch=")

    def _regularised_from(self, step: int) -> int:
        """The last step at which the recipe changed: steps between two changes train alike."""
        return max((first for first, _ in self.recipe.expansion if first <= step), default=0)


def _step(task: Task) -> int:
    step = task.recipe["step"]
    assert isinstance(step, int)  # as `recipe_at` gave it
    return step
