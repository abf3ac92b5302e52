"""A checkpoint on a command line: its file, and how its tensors become a network's."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from costmodel.errors import OptionError
from costmodel.network import Network


@dataclass(frozen=True)
class Checkpoint:
    """The path of a file of weights, with how it is read; it goes wherever a path goes.

    Args:
        path: the file.
        mapping: a file of rules for its names, in place of the known layouts.
        by_order: whether its tensors are taken in their order, names apart.
        network: what it is read for: weights of the spec's own network are carried through its transforms.
        tell: is told what a reader must know of how it was read.

    Raises:
        OptionError: both a mapping and the order were asked for.
    """

    path: Path
    mapping: Path | None = None
    by_order: bool = False
    network: Network | None = None
    tell: Callable[[str], None] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.mapping is not None and self.by_order:
            raise OptionError("--by-order: takes no names, expected it without --mapping")

    @classmethod
    def of(cls, path: str | os.PathLike[str], network: Network | None = None) -> Checkpoint:
        """A path as a checkpoint that is read for a network."""
        found = path if isinstance(path, Checkpoint) else cls(Path(path))
        return found if network is None else replace(found, network=network)

    # What takes a path takes a checkpoint as well.
    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)
