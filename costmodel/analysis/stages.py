"""A network stage by stage: what all layers whose names begin alike cost together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]  # of a layer, as `Analysis.rows` has it: numbers, names, a shape


@dataclass(frozen=True)
class Stage:
    """Layers that stand together.

    Args:
        name: how their names begin.
        layers: how many they are.
        out: the shape of what the last one gives on, by axis.
        params: weights that are learned.
        macs: multiply-adds, of a clip or of a mean frame.
        state_floats: numbers kept between frames.
        activation_floats: numbers of the largest map.
    """

    name: str
    layers: int
    out: Mapping[str, Any]
    params: float
    macs: float
    state_floats: float
    activation_floats: float

    @property
    def shape(self) -> str:
        """The output, such as 24x16x112x112."""
        return "x".join(map(str, self.out.values()))


def stages_of(rows: Sequence[Row], depth: int = 1) -> tuple[Stage, ...]:
    """The stages of a network in the order of its layers.

    A layer that stands alone and only changes values, such as a ReLU, counts to the stage ahead of it.

    Args:
        rows: a row for each layer.
        depth: how many parts of a layer's name tell stages apart: `res2` with 1, `res2.0` with 2.
    """
    return tuple(
        Stage(
            name,
            len(own),
            own[-1]["out"],
            **{key: sum(row[key] for row in own) for key in ("params", "macs", "state_floats")},
            activation_floats=max(row["activation_floats"] for row in own),
        )
        for name, own in by_stage(rows, depth).items()
    )


def by_stage(rows: Sequence[Row], depth: int = 1) -> dict[str, list[Row]]:
    """The rows of layers by the stage that they stand in, as `stages_of` puts them together."""
    found: dict[str, list[Row]] = {}
    ahead = ""
    for row in rows:
        parts = str(row["name"]).split(".")
        stage = ".".join(parts[:depth])
        if ahead and len(parts) == 1 and _only_changes_values(row, found[ahead][-1]):
            stage = ahead
        found.setdefault(stage, []).append(row)
        ahead = stage
    return found


def _only_changes_values(row: Row, ahead: Row) -> bool:
    is_plain = not (row["macs"] or row["state_floats"])
    return is_plain and row["inputs"] == [ahead["name"]] and row["out"] == ahead["out"]
