"""Options that say how a checkpoint is read, on every command that takes `--weights`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from commands.printing import tell
from costmodel.errors import OptionError
from costmodel.options import Option, Value

WEIGHTS = Option(
    "weights", "A checkpoint of a known layout (docs/checkpoints.md), or a file of weights.", Path
)
MAPPING = Option("mapping", "With --weights, a file that says how its tensors are called here.", Path)
BY_ORDER = Option(
    "by_order", "With --weights, take tensors in their order where all shapes agree.", bool, False
)
READING = (MAPPING, BY_ORDER)


def weights_option(about: str = WEIGHTS.help) -> tuple[Option, ...]:
    """`--weights`, and how it is read."""
    return (replace(WEIGHTS, help=about), *READING)


def with_reading(values: Mapping[str, Value]) -> dict[str, object]:
    """A command's values, with `--weights`, `--mapping` and `--by-order` joined into one checkpoint.

    Raises:
        OptionError: no `--weights` is there to be read so, or both ways are asked for.
    """
    given: dict[str, object] = {name: value for name, value in values.items() if name not in _NAMES}
    mapping, by_order = (values.get(each.name) for each in READING)
    if not (mapping or by_order):
        return given
    weights = values["weights"]
    if weights is None:
        flag = (MAPPING if mapping else BY_ORDER).flag
        raise OptionError(f"{flag}: says how --weights are read; expected them")
    # every command with these options has `--weights` too: `weights_option` gives the three together
    assert isinstance(weights, Path)
    rules = Path(str(mapping)) if mapping else None
    from costmodel.weights import Checkpoint  # few give such a file, and every command has this module

    # in place of the path, so that commands hand on one value and none forgets how it is read;
    # an evaluation reads a file several times: a note is told once.
    return given | {"weights": Checkpoint(weights, rules, bool(by_order), tell=cache(_note))}


def _note(text: str) -> None:
    tell(f"note: {text}")


_NAMES = frozenset(each.name for each in READING)
