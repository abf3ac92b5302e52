"""A file of weights as data: what it says of itself, without its tensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from costmodel.errors import WeightsError
from costmodel.weights.about import About
from costmodel.weights.header import Stored, looks_like_one, read_header

ABOUT, ALIASES = "costmodel", "aliases"  # keys of the metadata
SUFFIX = ".safetensors"


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights.

    Args:
        path: where it is.
        about: what it says of itself; None where another program wrote it.
        tensors: those that it holds, by name.
        aliases: further names, each with the name of the tensor that it shares its numbers with.
    """

    path: Path
    about: About | None
    tensors: Mapping[str, Stored]
    aliases: Mapping[str, str]

    @property
    def known(self) -> About:
        """What it says of itself.

        Raises:
            WeightsError: it says nothing.
        """
        if self.about is None:
            raise WeightsError(
                f"{self.path}: holds no network, another program wrote it; "
                "expected a spec, and this file as --weights"
            )
        return self.about


def is_weights_file(path: str | Path) -> bool:
    """Whether a path is a safetensors file, by its ending or by how it begins."""
    # By its ending even where there is none: a missing file of weights is told then, not a missing spec.
    return Path(path).suffix == SUFFIX or looks_like_one(Path(path))


def read_weights_file(path: str | Path) -> WeightsFile:
    """What a file of weights says of itself.

    Raises:
        WeightsError: it is missing, cut short, damaged, of a newer version, or something else.
    """
    place = Path(path)
    header = read_header(place)
    try:
        aliases = _aliases(header.metadata.get(ALIASES, "{}"), header.tensors)
        text = header.metadata.get(ABOUT)
        about = None if text is None else About.from_text(text, str(path))
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error
    return WeightsFile(place, about, header.tensors, aliases)


def _aliases(text: str, tensors: Mapping[str, Stored]) -> dict[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WeightsError("its aliases are no JSON") from error
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise WeightsError("its aliases are no mapping of names")
    for name, meant in found.items():
        # An alias of an alias could go round in circles.
        if name in tensors or meant not in tensors:
            raise WeightsError("an alias stands for no tensor of the file, or is one itself")
    return found
