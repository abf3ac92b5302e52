"""What a file of weights says of itself: its network, its classes, what it is fed, how it came to be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any, TypeAlias, TypeGuard

from costmodel.errors import CostModelError, WeightsError, one_line
from costmodel.network import Network

FORMAT = 1
MOST_CLASSES = 100_000
LONGEST_TEXT = 10_000
Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"  # as JSON
Is = Callable[[object], bool]


@dataclass(frozen=True)
class Pixels:
    """How pixels become what a network is fed: from `low` to `high`, less `mean`, over `deviation`."""

    low: float = 0.0
    high: float = 1.0
    mean: float = 0.45
    deviation: float = 0.225

    @property
    def fed(self) -> tuple[float, float]:
        """The least and the largest value that the network is fed."""
        return (self.low - self.mean) / self.deviation, (self.high - self.mean) / self.deviation


@dataclass(frozen=True)
class Accuracy:
    """The accuracy that weights were measured at: the share of `videos`, and its standard error."""

    value: float
    error: float
    videos: int


@dataclass(frozen=True)
class About:
    """What a file of weights says of itself.

    Args:
        network: what the weights are for, with the transforms that it was trained with.
        classes: the name of each class that was learned, in the order of the scores.
        pixels: what the network is fed.
        frame_rate: frames a second of the model, the camera's over `every`; None where nobody said it.
        recipe: how it was trained: the recipe's settings, its `name`, the `kind` of training.
        data: the data set: its `key`, and `given`, how `--data` named it.
        seed: of the training.
        versions: of what trained it.
        accuracy: on the validation part; None where it was not measured.
        answers: which answers count of a network that answers every frame; what suits it where empty.
        lead: frames fed ahead of the clip to such a network.
    """

    network: Network
    classes: tuple[str, ...] = ()
    pixels: Pixels = field(default_factory=Pixels)
    frame_rate: float | None = None
    recipe: Mapping[str, Plain] = field(default_factory=dict)
    data: Mapping[str, Plain] = field(default_factory=dict)
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    accuracy: Accuracy | None = None
    answers: str = ""
    lead: int = 0

    def to_text(self) -> str:
        """The metadata as JSON."""
        # `every` can be worked out from the network; it stands here for readers that have no costmodel.
        network, every = self.network, self.network.graph().every
        return json.dumps(
            {
                "format": FORMAT,
                "network": network.to_dict(),
                "classes": list(self.classes),
                "pixels": asdict(self.pixels),
                "every": every if isinstance(every, int) else str(every),
                "frame_rate": self.frame_rate,
                "recipe": dict(self.recipe),
                "data": dict(self.data),
                "seed": self.seed,
                "versions": dict(self.versions),
                "accuracy": None if self.accuracy is None else asdict(self.accuracy),
                "answers": self.answers,
                "lead": self.lead,
            }
        )

    @classmethod
    def from_text(cls, text: str, spec: str = "") -> About:
        """What `to_text` wrote, everything checked.

        Args:
            text: the JSON.
            spec: the path that it was read from, for titles and printed commands.

        Raises:
            WeightsError: it has another form, is of a newer version, or a value is wrong.
        """
        try:
            # NaN and Infinity are no JSON, but Python reads them.
            data = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise WeightsError("its metadata is no JSON") from error
        given = _checked(data)
        try:
            network = Network.from_dict(given["network"], spec)
            network.sizes  # noqa: B018 - a variant or a size that the spec does not have
            scores = _scores(network) if given["classes"] else 0
        except CostModelError as error:
            raise WeightsError(f"its network cannot be read: {one_line(str(error))}") from error
        if scores != len(given["classes"]):
            # else the names that an answer is told by would be those of other classes
            names = len(given["classes"])
            raise WeightsError(
                f"its metadata: `classes` has {names} names, expected one for each of {scores} scores"
            )
        accuracy = given["accuracy"]
        return cls(
            network,
            tuple(given["classes"]),
            Pixels(**given["pixels"]),
            given["frame_rate"],
            given["recipe"],
            given["data"],
            given["seed"],
            given["versions"],
            None if accuracy is None else Accuracy(**accuracy),
            given["answers"],
            given["lead"],
        )


def _scores(network: Network) -> int:
    graph = network.graph()
    return int(graph.types[graph.output].channels)


def _no_number(text: str) -> float:
    raise ValueError(text)


def _checked(data: object) -> dict[str, Any]:
    """The metadata, once its form is known."""
    if not isinstance(data, dict):
        raise WeightsError(f"its metadata is a {type(data).__name__}, expected a mapping")
    # The format first: of a newer one nothing else can be said to be wrong.
    number = data.get("format")
    if isinstance(number, int) and number > FORMAT:
        raise WeightsError(
            f"is of format {str(number)[:20]}, written by a newer version; this one reads {FORMAT}"
        )
    if number != FORMAT or isinstance(number, bool):
        raise WeightsError(f"is of format {str(number)[:40]!r}, this version reads {FORMAT}")
    for key, holds in _FIELDS.items():
        if key not in data or not holds(data[key]):
            raise WeightsError(f"its metadata has no sound {key!r}")
    return data


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def _is_whole(value: object) -> TypeGuard[int]:
    # True is an int to Python. A seed has 64 bits, and nothing else here is larger.
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _is_number(value: object) -> TypeGuard[int | float]:
    return (isinstance(value, float) and isfinite(value)) or _is_whole(value)


def _is_share(value: object) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_plain(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _are_classes(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MOST_CLASSES and all(map(_is_text, value))


def _are_pixels(value: object) -> bool:
    names = {"low", "high", "mean", "deviation"}
    return (
        isinstance(value, dict)
        and value.keys() == names
        and all(map(_is_number, value.values()))
        and value["deviation"] > 0
    )


def _is_accuracy(value: object) -> bool:
    if value is None:
        return True
    if not isinstance(value, dict) or value.keys() != {"value", "error", "videos"}:
        return False
    return _is_share(value["value"]) and _is_share(value["error"]) and _is_whole(value["videos"])


# What each value must be. `network` is checked further where it is read.
_FIELDS: Mapping[str, Is] = {
    "network": _is_plain,
    "classes": _are_classes,
    "pixels": _are_pixels,
    "frame_rate": lambda value: value is None or (_is_number(value) and value > 0),
    "recipe": _is_plain,
    "data": _is_plain,
    "seed": lambda value: value is None or _is_whole(value),
    "versions": lambda value: _is_plain(value) and all(map(_is_text, value.values())),
    "accuracy": _is_accuracy,
    "answers": _is_text,
    "lead": lambda value: _is_whole(value) and 0 <= value <= 10_000,
}
