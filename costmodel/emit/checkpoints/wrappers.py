"""The keys that people put around the tensors of a network in a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

WRAPPERS = (
    "model_state",
    "state_dict",
    "model_state_dict",
    "model",
    "weights",
    "net",
    "network",
    "module",
    "params",
)
# Keys in keys are common, such as `state_dict` in `model`; a mapping that holds itself must end somewhere.
DEEPEST = 6


def unwrapped(content: Mapping[str, object]) -> tuple[str, object]:
    """What a checkpoint holds under the keys that people put around tensors, and the last of those keys.

    Where no known key is there, the only mapping that holds tensors alone is the network: an optimizer's
    state holds more.
    """
    last = ""
    inner: object = content
    for _ in range(DEEPEST):
        key = _wrapper(inner)
        if key is None:
            break
        assert isinstance(inner, Mapping)
        last, inner = key, inner[key]
    return last, inner


def _wrapper(content: object) -> str | None:
    if not isinstance(content, Mapping):
        return None
    known = [key for key in WRAPPERS if key in content and not isinstance(content[key], Tensor)]
    if known:
        # A name such as {"model": "x3d"} may stand beside the tensors.
        return next((key for key in known if isinstance(content[key], Mapping)), known[0])
    if any(isinstance(value, Tensor) for value in content.values()):
        return None
    maps = [key for key, value in content.items() if isinstance(key, str) and _holds_tensors(value)]
    return maps[0] if len(maps) == 1 else None


def _holds_tensors(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(each, Tensor) for each in value.values())
    )
